"""Classes with forward, backward, params and grads, as a book on networks from scratch has them."""

from __future__ import annotations

import re

import pytest

from gradcheck import check
from gradcheck.homework import SubmissionError
from gradcheck.homework.checks.layer_case import choose_layers, right_answers
from gradcheck.homework.checks.layer_checks import LAYER_CHECKS
from gradcheck.homework.courses import CLASSES
from gradcheck.strategies import SeededChoices
from tests.homework.submissions import changed

LAYERS = """\
import numpy as np


class MatMul:
    def __init__(self, W):
        self.params, self.grads, self.x = [W], [np.zeros_like(W)], None

    def forward(self, x):
        (W,) = self.params
        self.x = x
        return np.dot(x, W)

    def backward(self, dout):
        (W,) = self.params
        self.grads[0][...] = np.dot(self.x.T, dout)
        return np.dot(dout, W.T)


class SoftmaxWithLoss:
    def forward(self, scores, t):
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        self.y, self.t = powers / powers.sum(axis=1, keepdims=True), t
        return -np.sum(t * np.log(self.y + 1e-7)) / len(t)

    def backward(self, dout=1):
        return dout * (self.y - self.t) / len(self.t)
"""
CBOW = """

class SimpleCBOW:
    def __init__(self, vocab_size, hidden_size):
        W_in = 0.01 * np.random.randn(vocab_size, hidden_size).astype("f")
        W_out = 0.01 * np.random.randn(hidden_size, vocab_size).astype("f")
        self.in_layers = [MatMul(W_in), MatMul(W_in)]
        self.out_layer, self.loss_layer = MatMul(W_out), SoftmaxWithLoss()
        layers = [*self.in_layers, self.out_layer]
        self.params = [layer.params[0] for layer in layers]
        self.grads = [layer.grads[0] for layer in layers]

    def forward(self, contexts, target):
        h = sum(layer.forward(contexts[:, i]) for i, layer in enumerate(self.in_layers)) * 0.5
        return self.loss_layer.forward(self.out_layer.forward(h), target)

    def backward(self, dout=1):
        da = self.out_layer.backward(self.loss_layer.backward(dout)) * 0.5
        for layer in self.in_layers:
            layer.backward(da)
"""
SKIP_GRAM = """

class SimpleSkipGram:
    def __init__(self, vocab_size, hidden_size):
        W_in = 0.01 * np.random.randn(vocab_size, hidden_size).astype("f")
        W_out = 0.01 * np.random.randn(hidden_size, vocab_size).astype("f")
        self.in_layer, self.out_layer = MatMul(W_in), MatMul(W_out)
        self.losses = [SoftmaxWithLoss(), SoftmaxWithLoss()]
        self.params = [W_in, W_out]
        self.grads = [self.in_layer.grads[0], self.out_layer.grads[0]]

    def forward(self, contexts, target):
        s = self.out_layer.forward(self.in_layer.forward(target))
        return sum(loss.forward(s, contexts[:, i]) for i, loss in enumerate(self.losses))

    def backward(self, dout=1):
        ds = sum(loss.backward(dout) for loss in self.losses)
        self.in_layer.backward(self.out_layer.backward(ds))
"""
EMBEDDING = """

class Embedding:
    def __init__(self, W):
        self.params, self.grads, self.idx = [W], [np.zeros_like(W)], None

    def forward(self, idx):
        self.idx = idx
        return self.params[0][idx]

    def backward(self, dout):
        (dW,) = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)


class EmbeddingDot:
    def __init__(self, W):
        self.embed = Embedding(W)
        self.params, self.grads = self.embed.params, self.embed.grads

    def forward(self, h, idx):
        self.h, self.target_W = h, self.embed.forward(idx)
        return np.sum(self.target_W * h, axis=1)

    def backward(self, dout):
        dout = dout.reshape(-1, 1)
        self.embed.backward(dout * self.h)
        return dout * self.target_W


class SigmoidWithLoss:
    def forward(self, x, t):
        self.y, self.t = 1 / (1 + np.exp(-x)), t
        picked = np.where(t == 1, self.y, 1 - self.y)
        return -np.sum(np.log(picked + 1e-7)) / len(t)

    def backward(self, dout=1):
        return (self.y - self.t) * dout / len(self.t)


class UnigramSampler:
    def __init__(self, corpus, power, sample_size):
        counts = np.bincount(corpus) ** power
        self.p, self.sample_size = counts / counts.sum(), sample_size

    def get_negative_sample(self, target):
        samples = np.zeros((len(target), self.sample_size), dtype=int)
        for row, word in enumerate(target):
            p = self.p.copy()
            p[word] = 0
            samples[row] = np.random.choice(len(p), self.sample_size, False, p / p.sum())
        return samples


class NegativeSamplingLoss:
    def __init__(self, W, corpus, power=0.75, sample_size=5):
        self.sample_size = sample_size
        self.sampler = UnigramSampler(corpus, power, sample_size)
        self.loss_layers = [SigmoidWithLoss() for _ in range(sample_size + 1)]
        self.embed_dot_layers = [EmbeddingDot(W) for _ in range(sample_size + 1)]
        self.params = [layer.params[0] for layer in self.embed_dot_layers]
        self.grads = [layer.grads[0] for layer in self.embed_dot_layers]

    def forward(self, h, target):
        negative = self.sampler.get_negative_sample(target)
        loss = 0
        for i, (dot, sigmoid) in enumerate(zip(self.embed_dot_layers, self.loss_layers)):
            words = target if i == 0 else negative[:, i - 1]
            label = np.full(len(target), int(i == 0))
            loss += sigmoid.forward(dot.forward(h, words), label)
        return loss

    def backward(self, dout=1):
        dh = 0
        for dot, sigmoid in zip(self.embed_dot_layers, self.loss_layers):
            dh += dot.backward(sigmoid.backward(dout))
        return dh
"""
RIGHT = LAYERS + CBOW + SKIP_GRAM + EMBEDDING

WRONG = {
    "assigned": ("np.add.at(dW, self.idx, dout)", "dW[self.idx] = dout", "np.add.at"),
    "kept": ("        dW[...] = 0\n", "", "twice the gradient on the second use"),
    "no half": (
        "self.loss_layer.backward(dout)) * 0.5",
        "self.loss_layer.backward(dout))",
        "grads",
    ),
    "one layer": ("for layer in self.in_layers:", "for layer in self.in_layers[:1]:", "grads"),
    "sum": ("enumerate(self.in_layers)) * 0.5", "enumerate(self.in_layers))", "forward: it is off"),
    "one loss": (
        "for loss in self.losses)\n        self.in",
        "for loss in self.losses[:1])\n        self.in",
        "grads",
    ),
    "not transposed": ("np.dot(dout, W.T)", "np.dot(dout, W[::-1].T)", "backward: "),
    "scores": ("        return dout * self.target_W", "        return dout * self.h", "backward: "),
    "no batch": (
        "(self.y - self.t) * dout / len(self.t)",
        "(self.y - self.t) * dout",
        "backward: ",
    ),
    "last only": ("dh += dot", "dh = dot", "backward: "),
    "label": ("int(i == 0)", "1", "forward: "),
}


def _failed(report):
    return [
        (function.name, check.name)
        for function in report.functions
        for check in function.checks
        if check.status == "failed"
    ]


@pytest.mark.parametrize("in_process", [True, False])
def test_right_classes_pass(submit, in_process):
    report = submit(RIGHT, in_process=in_process)
    assert report.course == "deep-learning-from-scratch-2"
    assert report.passed
    assert report.checks_ran == report.checks_known == len(LAYER_CHECKS)


@pytest.mark.parametrize("name", WRONG)
def test_wrong_ones_fail_and_say_where(submit, name):
    old, new, message = WRONG[name]
    report = submit(changed(RIGHT, (old, new)))
    assert not report.passed
    assert message in " ".join(str(report).split())


def test_a_class_of_another_name_is_named(submit):
    text = RIGHT.replace("SimpleCBOW", "Bag")
    report = submit(text, functions={"cbow-model": "Bag"}, only="Bag")
    assert (report.passed, report.checks_ran) == (True, 2)


def test_layers_that_many_files_have_tell_of_no_course(submit):
    with pytest.raises(SubmissionError, match="MatMul alone tells of no course"):
        submit(LAYERS)


def test_what_is_missing_of_a_class_is_said(submit):
    text = changed(RIGHT, ("        self.params = [W_in, W_out]\n", ""))
    assert "has no attribute 'params'" in " ".join(str(submit(text)).split())


@pytest.mark.parametrize("role", ["negative-sampling-layer", "cbow-model", "skip-gram-model"])
def test_the_right_gradients_are_those_of_the_losses(role):
    case = choose_layers(SeededChoices(3))
    inner, outer = case.inner, case.outer

    def answers(weights):
        changes = dict(vars(case), **weights)
        return right_answers(role, type(case)(**changes))

    if role == "negative-sampling-layer":
        at = {"hidden": case.hidden, "outer": outer}
        _loss, back, (gradient,) = right_answers(role, case)
        gradients = {"hidden": back, "outer": gradient}
    else:
        at = {"inner": inner, "outer": outer}
        _loss, _back, (by_inner, by_outer) = right_answers(role, case)
        gradients = {"inner": by_inner, "outer": by_outer.T}
    assert check(lambda weights: answers(weights)[0], lambda _weights: gradients, at)


@pytest.mark.parametrize(
    ("role", "of"), [("matmul-layer", "inner"), ("embedding-dot-layer", "outer")]
)
def test_the_right_layers_pass_gradients_on(role, of):
    case = choose_layers(SeededChoices(4))
    above = case.hidden if role == "matmul-layer" else case.above
    _out, _back, (gradient,) = right_answers(role, case)

    def loss(weights):
        changes = dict(vars(case), **{of: weights})
        return float((above * right_answers(role, type(case)(**changes))[0]).sum())

    assert check(loss, lambda _weights: gradient, getattr(case, of))


_OVERRIDES = {
    "forward": "    def forward(self, *given):\n        return 2 * super().forward(*given)\n",
    "backward": "    def backward(self, *above):\n        return 2 * super().backward(*above)\n",
    "gradients": (
        "    def backward(self, *above):\n"
        "        back = super().backward(*above)\n"
        "        for gradient in self.grads:\n"
        "            gradient *= 3\n"
        "        return back\n"
    ),
}


def _with(role: str, name: str) -> str:
    """Return classes with a mistake in one of them, on which no other one builds."""
    names = "|".join(CLASSES.values())
    text = re.sub(rf"\b({names})\b", r"\1Base", RIGHT)
    for each, public in CLASSES.items():
        body = _OVERRIDES[name] if each == role else "    pass\n"
        text += f"\n\nclass {public}({public}Base):\n{body}"
    return text


MISTAKES = {(check.role, check.name): _with(check.role, check.name) for check in LAYER_CHECKS}
"""For each check, a file that fails it alone."""
