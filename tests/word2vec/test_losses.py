"""The committed formulas are what SymPy derives, and what it derives is right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import sympy
from hypothesis import HealthCheck, given, settings

from gradcheck.word2vec import formulas, losses, oracle
from tests.word2vec import explicit

COMMITTED = Path(formulas.__file__).read_text(encoding="utf-8")
# Exact values, rounded once: what remains is the rounding of the formulas. Measured: at most 2.
UNITS = 8


@pytest.mark.skipif(
    not sympy.__version__.startswith("1.14."),
    reason="another SymPy may order the terms differently: the values are compared all the same",
)
def test_committed_formulas_are_freshly_derived_ones():
    assert losses.print_formulas() == COMMITTED


def test_the_text_does_not_depend_on_the_hash_seed():
    program = (
        "from gradcheck.word2vec.losses import print_formulas; print(print_formulas(), end='')"
    )
    printed = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "12345", "PYTHONPATH": str(Path(losses.__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    ).stdout
    assert printed == losses.print_formulas()


def scatter_once(index, values, size):
    """What scatter_add is not: an index that repeats gets only one of its values."""
    out = np.zeros((size, values.shape[-1]))
    out[index] += values
    return out


def load(source):
    """Execute a copy of the formulas; one that does not import scatter_add loses repeats."""
    namespace = {"__name__": "copy_of_formulas", "scatter_add": scatter_once}
    exec(compile(source, "copy of formulas", "exec"), namespace)  # noqa: S102 - our own source
    return SimpleNamespace(**namespace)


def assert_naive_softmax(module):
    @settings(max_examples=25, suppress_health_check=[HealthCheck.nested_given])
    @given(explicit.small_cases(negatives=False))
    def values_agree(case):
        got = module.naive_softmax(case.center, case.outside, case.target)
        explicit.assert_agrees(exact_answer(case, oracle.naive_softmax(case)), got, UNITS)

    values_agree()


def assert_negative_sampling(module):
    @settings(max_examples=25, suppress_health_check=[HealthCheck.nested_given])
    @given(explicit.small_cases(negatives=True))
    def values_agree(case):
        drawn = np.array(case.negatives)
        got = module.negative_sampling(case.center, case.outside, case.target, drawn)
        explicit.assert_agrees(exact_answer(case, oracle.negative_sampling(case)), got, UNITS)

    values_agree()


def exact_answer(case, answer):
    """The exact values, on the scales of the oracle's answer."""
    loss, center, outside = explicit.answer(case)
    return SimpleNamespace(**{**vars(answer), "loss": loss, "center": center, "outside": outside})


def test_committed_values_are_those_of_explicit_sympy():
    assert_naive_softmax(formulas)
    assert_negative_sampling(formulas)


def test_freshly_derived_values_are_those_of_explicit_sympy():
    fresh = load(losses.print_formulas())
    assert_naive_softmax(fresh)
    assert_negative_sampling(fresh)


SOFTMAX_MISTAKES = {
    "sign of the target's score": ("loss = logsumexp(scores) -", "loss = logsumexp(scores) +"),
    "one-hot missing": (" - scatter_add(o, v, len(U))", ""),
    "expectation's word missing": (", probabilities) - U[o]", ", probabilities)"),
    "probabilities transposed away": ("softmax(scores)", "softmax(scores)[::-1]"),
}
SAMPLING_MISTAKES = {
    "sign of the target's term": ("+ softplus(-target_score)", "- softplus(-target_score)"),
    "sign of the target's row": ("len(U)) - t1", "len(U)) + t1"),
    "σ(x) for σ(-x)": ("sigmoid(-target_score)", "sigmoid(target_score)"),
    "repeats lost": ("scatter_add, ", ""),
}


@pytest.mark.parametrize("mistake", SOFTMAX_MISTAKES)
def test_a_mistake_in_naive_softmax_is_seen(mistake):
    wrong = COMMITTED.replace(*SOFTMAX_MISTAKES[mistake], 1)
    assert wrong != COMMITTED
    with pytest.raises(AssertionError, match="units"):
        assert_naive_softmax(load(wrong))


@pytest.mark.parametrize("mistake", SAMPLING_MISTAKES)
def test_a_mistake_in_negative_sampling_is_seen(mistake):
    wrong = COMMITTED.replace(*SAMPLING_MISTAKES[mistake], 1)
    assert wrong != COMMITTED
    with pytest.raises(AssertionError, match="units"):
        assert_negative_sampling(load(wrong))


def test_a_whole_vector_would_have_been_the_wrong_thing_to_differentiate_by():
    """The trap that the entrywise derivative avoids is still there; if not, simplify."""
    j, k, d = losses.j, losses.k, losses.d
    squares = sympy.Sum(losses.v[j, 0] ** 2, (j, 0, d - 1))
    assert sympy.diff(squares, losses.v[k, 0]).doit() == 2 * losses.v[k, 0]
    assert sympy.diff(squares, losses.v[j, 0]) != 2 * losses.v[j, 0]
