"""Every step of every derivation is proved, and a slip in one is refused with a counterexample."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sympy
from sympy import Sum

from gradcheck.equations import partial, prove
from gradcheck.equations.notation import Abbreviation
from gradcheck.symbolic import Derivation, Step, UnprovedStepError
from gradcheck.symbolic.matrix_forms import gradient, in_matrices
from gradcheck.word2vec import losses
from gradcheck.word2vec.derivations import NAMES, derivation, letters, windows
from gradcheck.word2vec.derivations.letters import (
    J,
    J_sampling,
    center_vector,
    delta,
    draws,
    one_hot,
    outside_matrix,
    over_samples,
    over_words,
    p,
    score,
    sigma,
    y,
    y_hat,
)
from gradcheck.word2vec.losses import U, i, k, m, n, o, v, x

STEPS = [
    pytest.param(step, id=f"{name}-{number}")
    for name in NAMES
    for number, step in enumerate(derivation(name).steps, start=1)
]


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_proved(step):
    proof = step.prove()
    assert proof, proof.reason


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_refuted_with_a_wrong_factor(step):
    if step.right == 0:
        assert prove(step.left, sympy.Rational(1, 7), *step.about).verdict == "refuted"
        return
    assert prove(step.left, 2 * step.right, *step.about).verdict == "refuted"


expected = over_words(x, p(x) * U[x, k])
samples = over_samples(sigma(score(n[i])) * U[n[i], k])
by_row = partial(derivation("cbow-naive-softmax").steps[3].left.args[0], windows.V[y, k])
through_mean = derivation("cbow-naive-softmax").steps[3].right

# name: the derivative, the slip, and what must be so in the counterexample.
SLIPS = {
    "sign of the observed vector": (partial(J(), v[k, 0]), expected + U[o, k]),
    "sign of all": (partial(J(), v[k, 0]), U[o, k] - expected),
    "observed vector missing": (partial(J(), v[k, 0]), expected),
    "expectation without probabilities": (partial(J(), v[k, 0]), over_words(x, U[x, k]) - U[o, k]),
    "one-hot missing": (partial(J(), U[x, m]), p(x) * v[m, 0]),
    "one-hot for every word": (partial(J(), U[x, m]), (p(x) - 1) * v[m, 0]),
    "the observed word's probability for all": (
        partial(J(), U[x, m]),
        (p(o) - delta(x, o)) * v[m, 0],
    ),
    "factor": (partial(J(), U[x, m]), 2 * (p(x) - delta(x, o)) * v[m, 0]),
    "row of U for v": (partial(J(), U[x, m]), (p(x) - delta(x, o)) * U[x, m]),
    "transposed blocks": (
        partial(J(), v[k, 0], U[x, m]),
        (p(x) - delta(x, o)) * delta(k, m) + p(x) * v[k, 0] * (U[x, m] - expected.xreplace({k: m})),
    ),
    "negatives' sign": (
        partial(J_sampling(), v[k, 0]),
        -sigma(-score(o)) * U[o, k] - samples,
    ),
    "σ(x) for σ(−x)": (partial(J_sampling(), v[k, 0]), -sigma(score(o)) * U[o, k] + samples),
    "the target's term missing": (partial(J_sampling(), v[k, 0]), samples),
    "1/K": (partial(J_sampling(), v[k, 0]), -sigma(-score(o)) * U[o, k] + samples / losses.K),
    "every word moves": (
        partial(J_sampling(), U[x, m]),
        (sigma(score(x)) - delta(x, o)) * v[m, 0],
    ),
    "1/C missing in CBOW": (by_row, through_mean * windows.C),
    "context word counted once in CBOW": (
        by_row,
        through_mean * sympy.sign(windows.occurrences(y)) / windows.occurrences(y),
    ),
}


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_is_refuted(name):
    left, slip = SLIPS[name]
    proof = prove(left, slip)
    assert proof.verdict == "refuted"
    assert proof.counterexample.left != pytest.approx(proof.counterexample.right)


# name: a matrix form, and a slip in it of the same shape.
MATRIX_SLIPS = {
    "sign": (gradient(J(), center_vector), outside_matrix.T @ (one_hot - y_hat)),
    "one-hot missing": (gradient(J(), center_vector), outside_matrix.T @ y_hat),
    "sign of the rows": (gradient(J(), outside_matrix), (one_hot - y_hat) @ center_vector.T),
    "one-hot as predicted": (gradient(J(), outside_matrix), one_hot @ center_vector.T),
}


@pytest.mark.parametrize("name", MATRIX_SLIPS)
def test_a_slip_in_a_matrix_form_is_refuted(name):
    left, slip = MATRIX_SLIPS[name]
    place = (k, sympy.Integer(0)) if "v_c" in left.text else (x, m)
    step = in_matrices(left, slip, place, "a slip")
    assert step.prove().verdict == "refuted"


def test_matrix_forms_whose_shapes_do_not_fit_are_refused():
    residuals = y_hat - one_hot
    with pytest.raises(ValueError, match=r"a product of \|V\| × d and \|V\| × 1"):
        outside_matrix @ residuals
    with pytest.raises(ValueError, match=r"∂J/∂U is \|V\| × d, v_c \(ŷ − y\)ᵀ is d × \|V\|"):
        in_matrices(gradient(J(), outside_matrix), center_vector @ residuals.T, (x, m), "")


def test_a_repeat_that_counts_once_is_refuted_where_there_is_one():
    """Σ over the words that were drawn, instead of over the draws."""
    drawn_or_not = sympy.sign(draws(x))
    pull = sigma(-score(o)) * delta(x, o)
    assert prove(partial(J_sampling(), U[x, m]), (sigma(score(x)) * draws(x) - pull) * v[m, 0])
    wrong = (sigma(score(x)) * drawn_or_not - pull) * v[m, 0]
    proof = prove(partial(J_sampling(), U[x, m]), wrong)
    assert proof.verdict == "refuted"
    values = proof.counterexample.values
    assert values["n"].count(values["x"]) > 1


def test_the_formulas_that_are_printed_are_those_that_are_derived():
    for loss, value in ((losses.naive_softmax(), J()), (losses.negative_sampling(), J_sampling())):
        assert prove(value, loss.value)
        assert prove(partial(value, v[k, 0]), loss.center)
        assert prove(partial(value, U[x, m]), loss.outside)


def test_a_wrong_step_says_which_and_why():
    right = derivation("sigmoid").steps[:2]
    wrong = Step(right[0].left, right[0].left + Sum(U[x, k] ** 2, (x, 0, losses.W - 1)), "a slip")
    with pytest.raises(UnprovedStepError) as caught:
        Derivation("mine", "Mine", (), (*right, wrong), letters.NAMES).prove()
    message = str(caught.value)
    assert message.startswith("mine, step 3: σ(s) = ")
    assert "is refuted: it is false for |V| = 2, d = 2, k = " in message
    assert caught.value.step is wrong
    assert caught.value.proof.counterexample is not None


def assert_definitions_introduce_a_letter(steps):
    met = set()
    for step in steps:
        letters = {type(part) for part in step.left.atoms(Abbreviation)}
        assert step.is_definition or not step.reason.startswith("This is the ")
        assert not step.is_definition or (isinstance(step.left, Abbreviation) and not letters & met)
        met |= letters


@pytest.mark.parametrize("name", NAMES)
def test_what_is_called_a_definition_introduces_a_letter(name):
    assert_definitions_introduce_a_letter(derivation(name).steps)


def test_a_definition_that_is_none_is_seen():
    first, second, *_ = derivation("sigmoid").steps
    for steps in (
        [replace(first, is_definition=False)],
        [replace(second, is_definition=True)],
        [first, first],
    ):
        with pytest.raises(AssertionError):
            assert_definitions_introduce_a_letter(steps)


def test_progress_is_told():
    told = []
    derivation("sigmoid").prove(lambda done, total: told.append((done, total)))
    assert told == [(done, 7) for done in range(7)]


def test_names_are_those_of_the_derivations():
    assert tuple(derivation(name).name for name in NAMES) == NAMES
    with pytest.raises(KeyError):
        derivation("naive_softmax")
