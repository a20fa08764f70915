"""The class of blog_word2vec.py, as a function that gradcheck knows how to call."""

import numpy as np
from blog_word2vec import Word2Vec


def pair_loss(center, target, outside, dataset):
    """Return the loss of one pair, and its gradients with respect to center and outside."""
    x = np.ones(1)  # the vocabulary of W1 is the center word alone
    model = Word2Vec(center[np.newaxis], outside.T)
    probabilities, h = model.forward(x)
    error = probabilities.copy()
    error[target] -= 1
    by_W1, by_W2 = model.backward(error, h, x)
    return -np.log(probabilities[target]), by_W1[0], by_W2.T
