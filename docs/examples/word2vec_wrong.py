"""The homework of a busy week: it runs, its loss goes down, and three things are wrong."""

import numpy as np
from utils.utils import softmax


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def naiveSoftmaxLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset):
    y_hat = softmax(outsideVectors @ centerWordVec)
    loss = -np.log(y_hat[outsideWordIdx])

    y = np.zeros_like(y_hat)
    y[outsideWordIdx] = 1
    gradCenterVec = outsideVectors.T @ (y_hat - y)
    gradOutsideVecs = np.outer(y_hat, centerWordVec)
    return loss, gradCenterVec, gradOutsideVecs


def getNegativeSamples(outsideWordIdx, dataset, K):
    negSampleWordIndices = [None] * K
    for k in range(K):
        newidx = dataset.sampleTokenIdx()
        while newidx == outsideWordIdx:
            newidx = dataset.sampleTokenIdx()
        negSampleWordIndices[k] = newidx
    return negSampleWordIndices


def negSamplingLossAndGradient(centerWordVec, outsideWordIdx, outsideVectors, dataset, K=10):
    negSampleWordIndices = getNegativeSamples(outsideWordIdx, dataset, K)

    positive = sigmoid(outsideVectors[outsideWordIdx] @ centerWordVec)
    negative = sigmoid(outsideVectors[negSampleWordIndices] @ centerWordVec)
    loss = -np.log(positive) - np.log(1 - negative).sum()

    gradCenterVec = (positive - 1) * outsideVectors[outsideWordIdx] - negative @ outsideVectors[
        negSampleWordIndices
    ]
    gradOutsideVecs = np.zeros_like(outsideVectors)
    gradOutsideVecs[outsideWordIdx] = (positive - 1) * centerWordVec
    gradOutsideVecs[negSampleWordIndices] += np.outer(negative, centerWordVec)
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
    loss = 0.0
    gradCenterVecs = np.zeros(centerWordVectors.shape)
    gradOutsideVectors = np.zeros(outsideVectors.shape)

    centerIdx = word2Ind[currentCenterWord]
    for outsideWord in outsideWords:
        pairLoss, gradCenter, gradOutside = word2vecLossAndGradient(
            centerWordVectors[centerIdx], word2Ind[outsideWord], outsideVectors, dataset
        )
        loss += pairLoss
        gradCenterVecs[centerIdx] += gradCenter
        gradOutsideVectors += gradOutside
    return loss, gradCenterVecs, gradOutsideVectors
