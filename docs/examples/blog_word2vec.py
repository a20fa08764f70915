"""word2vec as many blogs have it: a class, matrices W1 and W2, one-hot vectors."""

import numpy as np


class Word2Vec:
    """One hidden layer; a row of W1 is a word's vector, a column of W2 a context word's."""

    def __init__(self, W1, W2):
        self.W1, self.W2 = W1, W2

    def forward(self, x):
        """Return the probabilities of the context words, and the hidden layer."""
        h = self.W1.T @ x
        scores = self.W2.T @ h
        powers = np.exp(scores - scores.max())
        return powers / powers.sum(), h

    def backward(self, error, h, x):
        """Return the gradients with respect to W1 and W2, given that of the scores."""
        return np.outer(x, self.W2 @ error), np.outer(h, error)
