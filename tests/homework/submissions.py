"""Homework files for the tests: right ones, and the same with one thing wrong."""

from __future__ import annotations

from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
RIGHT_EXAMPLE, WRONG_EXAMPLE = EXAMPLES / "word2vec.py", EXAMPLES / "word2vec_wrong.py"
EXCERPT = "row 1 got its term once; it was drawn 2 times"
"""A line of the second one's report, whatever the seed; README shows it."""

A2 = (EXAMPLES / "word2vec.py").read_text(encoding="utf-8")

# The 2017 interface, CBOW included; its helpers are imported, and do not lie beside it.
YEAR_2017 = """\
#!/usr/bin/env python
import numpy as np
import random

from q1_softmax import softmax
from q2_gradcheck import gradcheck_naive
from q2_sigmoid import sigmoid, sigmoid_grad


def softmaxCostAndGradient(predicted, target, outputVectors, dataset):
    scores = outputVectors.dot(predicted)
    cost = np.logaddexp.reduce(scores) - scores[target]
    probabilities = softmax(scores)
    probabilities[target] -= 1
    gradPred = probabilities.dot(outputVectors)
    grad = probabilities[:, None] * predicted[None, :]
    return cost, gradPred, grad


def getNegativeSamples(target, dataset, K):
    indices = [None] * K
    for k in range(K):
        index = dataset.sampleTokenIdx()
        while index == target:
            index = dataset.sampleTokenIdx()
        indices[k] = index
    return indices


def negSamplingCostAndGradient(predicted, target, outputVectors, dataset, K=10):
    indices = [target]
    indices.extend(getNegativeSamples(target, dataset, K))
    gradPred = np.zeros(predicted.shape)
    grad = np.zeros(outputVectors.shape)
    cost = 0
    for position, index in enumerate(indices):
        sign = 1 if position == 0 else -1
        score = sign * outputVectors[index].dot(predicted)
        probability = sigmoid(score)
        cost += np.logaddexp(0, -score)
        gradPred += sign * (probability - 1) * outputVectors[index]
        grad[index] += sign * (probability - 1) * predicted
    return cost, gradPred, grad


def skipgram(currentWord, C, contextWords, tokens, inputVectors, outputVectors,
             dataset, word2vecCostAndGradient=softmaxCostAndGradient):
    cost = 0.0
    gradIn = np.zeros(inputVectors.shape)
    gradOut = np.zeros(outputVectors.shape)
    current = tokens[currentWord]
    for word in contextWords:
        pair = word2vecCostAndGradient(predicted=inputVectors[current], target=tokens[word],
                                       outputVectors=outputVectors, dataset=dataset)
        cost += pair[0]
        gradIn[current] += pair[1]
        gradOut += pair[2]
    return cost, gradIn, gradOut


def cbow(currentWord, C, contextWords, tokens, inputVectors, outputVectors,
         dataset, word2vecCostAndGradient=softmaxCostAndGradient):
    gradIn = np.zeros(inputVectors.shape)
    words = [tokens[word] for word in contextWords]
    predicted = inputVectors[words].sum(axis=0)
    cost, gradPred, gradOut = word2vecCostAndGradient(
        predicted, tokens[currentWord], outputVectors, dataset)
    for word in words:
        gradIn[word] += gradPred
    return cost, gradIn, gradOut
"""

# Before 2017 nothing was given for the sampling, and students wrote it where they needed it.
YEAR_2016 = (
    YEAR_2017[: YEAR_2017.index("def getNegativeSamples")]
    + YEAR_2017[YEAR_2017.index("def negSamplingCostAndGradient") :]
).replace(
    "    indices.extend(getNegativeSamples(target, dataset, K))\n",
    "    for k in range(K):\n"
    "        index = dataset.sampleTokenIdx()\n"
    "        while index == target:\n"
    "            index = dataset.sampleTokenIdx()\n"
    "        indices.append(index)\n",
)

# `dataset` is a global of the notebook.
YEAR_2015 = (
    YEAR_2016.replace("outputVectors, dataset)", "outputVectors)")
    .replace("outputVectors, dataset, K", "outputVectors, K")
    .replace("             dataset, word2vec", "             word2vec")
    .replace("         dataset, word2vec", "         word2vec")
    .replace("outputVectors=outputVectors, dataset=dataset", "outputVectors=outputVectors")
)

_SNAKE_CASE = {
    "naiveSoftmaxLossAndGradient": "naive_softmax_loss_and_gradient",
    "negSamplingLossAndGradient": "neg_sampling_loss_and_gradient",
    "getNegativeSamples": "get_negative_samples",
    "sampleTokenIdx": "sample_token_idx",
    "word2vecLossAndGradient": "word2vec_loss_and_gradient",
    "currentCenterWord": "current_center_word",
    "windowSize": "window_size",
    "word2Ind": "word2ind",
    "centerWordVectors": "center_word_vectors",
    "gradOutsideVectors": "grad_outside_vectors",
    "outsideVectors": "outside_vectors",
    "centerWordVec": "center_word_vec",
    "outsideWordIdx": "outside_word_idx",
    "outsideWords": "outside_words",
    "gradCenterVecs": "grad_center_vecs",
    "gradCenterVec": "grad_center_vec",
    "gradOutsideVecs": "grad_outside_vecs",
    "useSaved": "use_saved",
}


def _in_snake_case(text: str) -> str:
    for camel, snake in _SNAKE_CASE.items():
        text = text.replace(camel, snake)
    return text


XCS224N = _in_snake_case(A2)
# Some years pass no window size.
XCS224N_WITHOUT_WINDOW_SIZE = XCS224N.replace(
    "def skipgram(current_center_word, window_size, ", "def skipgram(current_center_word, "
).replace('"c", 2, ["a"', '"c", ["a"')


def changed(text: str, *changes: tuple[str, str]) -> str:
    """Return a text with each of some passages, which must be there once, replaced."""
    for old, new in changes:
        assert text.count(old) == 1, f"{text.count(old)} times: {old}"
        text = text.replace(old, new)
    return text
