"""Each function of the homework, right, in three styles."""

from __future__ import annotations

STYLES = ("loops", "vectors", "names")

HEAD = """\
import random
import numpy as np


def softmax(x):
    e = np.exp(x - np.max(x))
    return e / np.sum(e)


"""

FUNCTIONS: dict[str, dict[str, str]] = {
    "sigmoid": {
        "loops": """\
def sigmoid(x):
    s = 1 / (1 + np.exp(-x))
    return s
""",
        "vectors": """\
def sigmoid(x):
    return np.divide(1.0, 1.0 + np.exp(-x))
""",
        "names": """\
def sigmoid(z):
    e = np.exp(-z)
    out = 1.0 / (1.0 + e)
    return out
""",
    },
    "naive-softmax": {
        "loops": """\
def naiveSoftmaxLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset):
    scores = np.array([np.dot(u, centerWordVec) for u in outsideVectors])
    y_hat = softmax(scores)
    loss = -np.log(y_hat[outsideWordIdx])
    delta = y_hat.copy()
    delta[outsideWordIdx] -= 1
    gradCenterVec = np.zeros(centerWordVec.shape)
    gradOutsideVecs = np.zeros(outsideVectors.shape)
    for w in range(len(outsideVectors)):
        gradCenterVec += delta[w] * outsideVectors[w]
        gradOutsideVecs[w] += delta[w] * centerWordVec
    return loss, gradCenterVec, gradOutsideVecs
""",
        "vectors": """\
def naiveSoftmaxLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset):
    y_hat = softmax(outsideVectors @ centerWordVec)
    y = np.zeros_like(y_hat)
    y[outsideWordIdx] = 1
    loss = -np.log(y_hat[outsideWordIdx])
    gradCenterVec = outsideVectors.T @ (y_hat - y)
    gradOutsideVecs = np.outer(y_hat - y, centerWordVec)
    return loss, gradCenterVec, gradOutsideVecs
""",
        "names": """\
def naiveSoftmaxLossAndGradient(v, o, U, dataset):
    z = U.dot(v)
    p = np.exp(z) / np.sum(np.exp(z))
    J = -np.log(p[o])
    p[o] -= 1.0
    dv = U.T.dot(p)
    dU = p.reshape(-1, 1) * v.reshape(1, -1)
    return J, dv, dU
""",
    },
    "sampler": {
        "loops": """\
def getNegativeSamples(outsideWordIdx, dataset, K):
    negSampleWordIndices = [None] * K
    for k in range(K):
        newidx = dataset.sampleTokenIdx()
        while newidx == outsideWordIdx:
            newidx = dataset.sampleTokenIdx()
        negSampleWordIndices[k] = newidx
    return negSampleWordIndices
""",
        "vectors": """\
def getNegativeSamples(outsideWordIdx, dataset, K):
    samples = [dataset.sampleTokenIdx() for _ in range(K)]
    for k in range(len(samples)):
        while samples[k] == outsideWordIdx:
            samples[k] = dataset.sampleTokenIdx()
    return samples
""",
        "names": """\
def getNegativeSamples(o, dataset, K):
    out = []
    while len(out) < K:
        w = dataset.sampleTokenIdx()
        if w != o:
            out.append(w)
    return out
""",
    },
    "negative-sampling": {
        "loops": """\
def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset, K=10):
    negSampleWordIndices = getNegativeSamples(outsideWordIdx, dataset, K)
    loss = 0.0
    gradCenterVec = np.zeros(centerWordVec.shape)
    gradOutsideVecs = np.zeros(outsideVectors.shape)
    s = sigmoid(np.dot(outsideVectors[outsideWordIdx], centerWordVec))
    loss -= np.log(s)
    gradCenterVec += (s - 1) * outsideVectors[outsideWordIdx]
    gradOutsideVecs[outsideWordIdx] += (s - 1) * centerWordVec
    for k in negSampleWordIndices:
        t = sigmoid(np.dot(outsideVectors[k], centerWordVec))
        loss -= np.log(1 - t)
        gradCenterVec += t * outsideVectors[k]
        gradOutsideVecs[k] += t * centerWordVec
    return loss, gradCenterVec, gradOutsideVecs
""",
        "vectors": """\
def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset, K=10):
    negatives = getNegativeSamples(outsideWordIdx, dataset, K)
    u_o = outsideVectors[outsideWordIdx]
    U_k = outsideVectors[negatives]
    pos = sigmoid(u_o @ centerWordVec)
    neg = sigmoid(U_k @ centerWordVec)
    loss = -np.log(pos) - np.sum(np.log(1 - neg))
    gradCenterVec = (pos - 1) * u_o + neg @ U_k
    gradOutsideVecs = np.zeros_like(outsideVectors)
    gradOutsideVecs[outsideWordIdx] += (pos - 1) * centerWordVec
    np.add.at(gradOutsideVecs, negatives, np.outer(neg, centerWordVec))
    return loss, gradCenterVec, gradOutsideVecs
""",
        "names": """\
def negSamplingLossAndGradient(v, o, U, dataset, K=10):
    words = [o] + list(getNegativeSamples(o, dataset, K))
    J, dv, dU = 0.0, np.zeros(v.shape), np.zeros(U.shape)
    for i, w in enumerate(words):
        y = 1.0 if i == 0 else 0.0
        p = sigmoid(U[w].dot(v))
        J += -np.log(p) if i == 0 else -np.log(1 - p)
        dv += (p - y) * U[w]
        dU[w] += (p - y) * v
    return J, dv, dU
""",
    },
    "skip-gram": {
        "loops": """\
def skipgram(currentCenterWord, windowSize, outsideWords, word2Ind, centerWordVectors,
             outsideVectors, dataset, word2vecLossAndGradient=naiveSoftmaxLossAndGradient):
    loss = 0.0
    gradCenterVecs = np.zeros(centerWordVectors.shape)
    gradOutsideVectors = np.zeros(outsideVectors.shape)
    c = word2Ind[currentCenterWord]
    for word in outsideWords:
        l, gc, go = word2vecLossAndGradient(
            centerWordVectors[c], word2Ind[word], outsideVectors, dataset)
        loss += l
        gradCenterVecs[c] += gc
        gradOutsideVectors += go
    return loss, gradCenterVecs, gradOutsideVectors
""",
        "vectors": """\
def skipgram(currentCenterWord, windowSize, outsideWords, word2Ind, centerWordVectors,
             outsideVectors, dataset, word2vecLossAndGradient=naiveSoftmaxLossAndGradient):
    center = word2Ind[currentCenterWord]
    indices = [word2Ind[word] for word in outsideWords]
    vector = centerWordVectors[center]
    parts = [word2vecLossAndGradient(vector, i, outsideVectors, dataset) for i in indices]
    loss = sum(part[0] for part in parts)
    gradCenterVecs = np.zeros_like(centerWordVectors)
    gradCenterVecs[center] = np.sum([part[1] for part in parts], axis=0)
    gradOutsideVectors = np.sum([part[2] for part in parts], axis=0)
    return loss, gradCenterVecs, gradOutsideVectors
""",
        "names": """\
def skipgram(cw, m, context, idx, V, U, dataset, lossfn=naiveSoftmaxLossAndGradient):
    J, dV, dU = 0.0, np.zeros(V.shape), np.zeros(U.shape)
    for j in range(len(context)):
        a, b, d = lossfn(V[idx[cw]], idx[context[j]], U, dataset)
        J += a
        dV[idx[cw]] += b
        dU += d
    return J, dV, dU
""",
    },
    "cbow": {
        "loops": """\
def cbow(currentWord, C, contextWords, tokens, inputVectors, outputVectors,
         dataset, word2vecCostAndGradient=softmaxCostAndGradient):
    gradIn = np.zeros(inputVectors.shape)
    predicted = np.zeros(inputVectors.shape[1])
    for word in contextWords:
        predicted += inputVectors[tokens[word]]
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset)
    for word in contextWords:
        gradIn[tokens[word]] += gradPred
    return cost, gradIn, gradOut
""",
        "vectors": """\
def cbow(currentWord, C, contextWords, tokens, inputVectors, outputVectors,
         dataset, word2vecCostAndGradient=softmaxCostAndGradient):
    indices = [tokens[word] for word in contextWords]
    h = np.sum(inputVectors[indices], axis=0)
    cost, gradH, gradOut = word2vecCostAndGradient(h, tokens[currentWord], outputVectors, dataset)
    gradIn = np.zeros_like(inputVectors)
    np.add.at(gradIn, indices, gradH)
    return cost, gradIn, gradOut
""",
        "names": """\
def cbow(cw, m, context, idx, V, U, dataset, lossfn=softmaxCostAndGradient):
    dV = np.zeros(V.shape)
    h = sum(V[idx[w]] for w in context)
    J, dh, dU = lossfn(h, idx[cw], U, dataset)
    for j in range(len(context)):
        dV[idx[context[j]]] += dh
    return J, dV, dU
""",
    },
    "sgd": {
        "loops": """\
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    x = x0
    for iter in range(1, iterations + 1):
        loss, grad = f(x)
        x = x - step * grad
        if postprocessing:
            x = postprocessing(x)
    return x
""",
        "vectors": """\
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    if not postprocessing:
        postprocessing = lambda x: x
    x = np.array(x0)
    for _ in range(iterations):
        _, g = f(x)
        x = postprocessing(x - step * g)
    return x
""",
        "names": """\
def sgd(f, x0, step, iterations, postprocessing=None, useSaved=False, PRINT_EVERY=10):
    theta, t = x0.copy(), 0
    while t < iterations:
        t += 1
        cost, d = f(theta)
        theta -= step * d
        if postprocessing is not None:
            theta = postprocessing(theta)
    return theta
""",
    },
}
