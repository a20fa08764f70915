"""word2vec by hand: both losses, skip-gram and SGD, in the interface of CS224n's assignment 2.

Everything is written for one center word at a time. V holds the center vectors and U the
outside vectors, one word a row; d is the length of a vector.
"""

import numpy as np


def sigmoid(x):
    """Return 1 / (1 + exp(-x)) without overflow, for a number or an array."""
    return np.exp(-np.logaddexp(0.0, -x))


def log_sigmoid(x):
    """Return log(sigmoid(x)), which stays finite where sigmoid(x) rounds to 0."""
    return -np.logaddexp(0.0, -x)


def naiveSoftmaxLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset):
    """Return -log p(outside word | center word) and its gradients.

    centerWordVec -- v_c, shape (d,)
    outsideWordIdx -- o, the index of the word that was observed
    outsideVectors -- U, shape (number of words, d)
    dataset -- not needed here

    Returns the loss, its gradient with respect to v_c, and that with respect to U.
    """
    scores = outsideVectors @ centerWordVec
    scores = scores - scores.max()  # softmax does not change, exp does not overflow
    log_total = np.log(np.exp(scores).sum())
    loss = log_total - scores[outsideWordIdx]

    # With y the one-hot vector of o, the gradient with respect to the scores is y_hat - y.
    delta = np.exp(scores - log_total)
    delta[outsideWordIdx] -= 1.0
    gradCenterVec = outsideVectors.T @ delta
    gradOutsideVecs = np.outer(delta, centerWordVec)
    return loss, gradCenterVec, gradOutsideVecs


def getNegativeSamples(outsideWordIdx, dataset, K):
    """Draw K words, none of which is the outside word; a word may come more than once."""
    samples = []
    while len(samples) < K:
        index = dataset.sampleTokenIdx()
        if index != outsideWordIdx:
            samples.append(index)
    return samples


def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset, K=10):
    """Return the negative-sampling loss and its gradients; see naiveSoftmaxLossAndGradient.

    K -- the number of negative samples
    """
    indices = [outsideWordIdx, *getNegativeSamples(outsideWordIdx, dataset, K)]
    signs = np.array([1.0] + [-1.0] * K)  # +1 for the true word, -1 for the negatives
    vectors = outsideVectors[indices]
    scores = signs * (vectors @ centerWordVec)
    loss = -log_sigmoid(scores).sum()

    delta = -signs * sigmoid(-scores)  # derivative of each term by its own u·v_c
    gradCenterVec = vectors.T @ delta
    gradOutsideVecs = np.zeros_like(outsideVectors)
    # `gradOutsideVecs[indices] += …` would count a word that was drawn twice only once.
    np.add.at(gradOutsideVecs, indices, np.outer(delta, centerWordVec))
    return loss, gradCenterVec, gradOutsideVecs


def skipgram(
    currentCenterWord,
    windowSize,
    outsideWords,
    word2Ind,
    centerWordVectors,
    outsideVectors,
    dataset,
    word2vecLossAndGradient=naiveSoftmaxLossAndGradient,
):
    """Sum the loss and the gradients over the words around one center word.

    currentCenterWord -- the word in the middle
    windowSize -- how far the window reaches, not needed here
    outsideWords -- the words around it, at most 2 * windowSize
    word2Ind -- the row that each word has
    centerWordVectors, outsideVectors -- V and U

    Returns the loss and its gradients with respect to V and U.
    """
    loss = 0.0
    gradCenterVecs = np.zeros_like(centerWordVectors)
    gradOutsideVectors = np.zeros_like(outsideVectors)
    center = word2Ind[currentCenterWord]
    for word in outsideWords:
        pair_loss, grad_center, grad_outside = word2vecLossAndGradient(
            centerWordVectors[center], word2Ind[word], outsideVectors, dataset
        )
        loss += pair_loss
        gradCenterVecs[center] += grad_center
        gradOutsideVectors += grad_outside
    return loss, gradCenterVecs, gradOutsideVectors


def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    """Minimize f by gradient descent.

    f -- takes x, returns the loss and its gradient there
    x0 -- where to start
    step -- the learning rate
    iterations -- how many steps to take
    postprocessing -- applied to x after each step, to normalize word vectors for instance
    """
    x = x0
    for iteration in range(1, iterations + 1):
        loss, gradient = f(x)
        x = x - step * gradient
        if postprocessing:
            x = postprocessing(x)
        if PRINT_EVERY and iteration % PRINT_EVERY == 0:
            print(f"iteration {iteration}: {loss:.6f}")
    return x


if __name__ == "__main__":
    generator = np.random.default_rng(0)
    vectors = generator.standard_normal((10, 3))
    words = {letter: row for row, letter in enumerate("abcde")}

    def skipgram_loss(x):
        loss, grad_center, grad_outside = skipgram(
            "c", 2, ["a", "b", "d", "e"], words, x[:5], x[5:], dataset=None
        )
        return loss, np.concatenate([grad_center, grad_outside])

    sgd(skipgram_loss, vectors, step=0.3, iterations=50)
