"""Hypotheses on a mistake: each predicts the derivative from the claim, if it is true.

None knows anything of the model. A hypothesis is stated only where it explains the claim at the
point and at others nearby, by the same numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gradcheck.arrays.long_vectors import FloatArray
from gradcheck.diagnosis import factors, orders
from gradcheck.diagnosis.causes import Hypothesis, fitting
from gradcheck.diagnosis.evidence import Evidence

__all__ = ["of_array", "of_part"]


def of_array(
    name: str, evidence: Evidence, others: Mapping[str, FloatArray]
) -> Iterator[Hypothesis]:
    """Yield the hypotheses on a whole array that explain its claim at one point.

    Parameters
    ----------
    name
        The array's.
    evidence
        At the point.
    others
        The claims for the other arrays, by name.
    """
    claimed = evidence.claimed
    where = _extent(claimed.size - evidence.undecided, evidence.undecided)
    if not claimed.any():
        return  # nothing but zeros can be explained by anything
    if evidence.explains(claimed):
        return  # what is wrong has no part in it, so that anything that changes little would fit
    simple = [*fitting(evidence, others, _sign(where)), *factors.of_factor(name, evidence, where)]
    yield from simple
    yield from fitting(evidence, others, *orders.permutations(claimed.shape, where))
    yield from orders.blocks(evidence, where)
    yield from fitting(evidence, others, *orders.swaps(name, claimed, others))
    yield from fitting(evidence, others, *orders.triangles(name, claimed))
    # A factor alone is a factor and no multiple of the parameter, but for rounding.
    if not simple:
        yield from factors.of_parameter(name, evidence, where)


def _extent(decided: int, undecided: int) -> str:
    if undecided:
        return f" in all entries that can be decided, {decided:,}"
    return {1: "", 2: " in both entries"}.get(decided, f" in all {decided:,} entries")


def _sign(where: str) -> Hypothesis:
    return Hypothesis(
        "opposite-sign",
        f"OPPOSITE SIGN. claimed = −derivative{where}.",
        lambda evidence, _: -evidence.claimed,
    )


def of_part(name: str, evidence: Evidence, said: str) -> Iterator[Hypothesis]:
    """Yield the hypotheses on the wrong part of an array that explain its claim at one point.

    Parameters
    ----------
    name
        The array's.
    evidence
        At the point, of that part alone.
    said
        The part in words: "ONLY row 3 is wrong".
    """
    negative = Hypothesis(
        "part",
        f"{said}: OPPOSITE SIGN there.",
        lambda e, _: -e.claimed,
        hint="opposite-sign",
    )
    if found := [*fitting(evidence, {}, negative)]:
        yield from found
    elif factor := factors.fitted_factor(evidence):
        yield Hypothesis(
            "part",
            f"{said}: claimed = {factors.stated_number(factor)} × derivative there.",
            lambda e, _: e.claimed / factor,
            is_fitted=True,
            hint="factor",
        )
    elif evidence.claimed.size > 1 and (multiple := factors.fitted_multiple(evidence)):
        first, second = ("derivative", "claimed") if multiple > 0 else ("claimed", "derivative")
        yield Hypothesis(
            "part",
            f"{said}: {first} − {second} = {factors.stated_number(abs(multiple))} × {name} there.",
            lambda e, _: e.claimed + multiple * e.parameter,
            is_fitted=True,
            hint="parameter-multiple",
        )
