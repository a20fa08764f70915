"""Every step of every derivation is proved, and a slip in one is refused with a counterexample."""

from __future__ import annotations

import pytest

from gradcheck.word2vec.derivations import NAMES, derivation

STEPS = [
    pytest.param(step, id=f"{name}-{number}")
    for name in NAMES
    for number, step in enumerate(derivation(name).steps, start=1)
]


@pytest.mark.parametrize("step", STEPS)
def test_every_step_is_proved(step):
    proof = step.prove()
    assert proof, proof.reason
