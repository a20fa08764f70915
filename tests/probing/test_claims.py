"""A claim: what rounding may make of it along a direction."""

from __future__ import annotations

import numpy as np
import pytest

from gradcheck.probing.claims import Claim


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_few_last_places_of_each_entry_are_rounding_and_many_are_none(dtype):
    # Whichever way each entry is off: here all errors add up.
    rng = np.random.default_rng(0)
    gradient, z = rng.standard_normal((2, 100))
    epsilon = float(np.finfo(dtype).eps)
    allowed = Claim(gradient, epsilon).rounding(np.abs(gradient) @ np.abs(z), z)

    def off_by(units):
        errors = units * epsilon * np.abs(gradient) * np.sign(z)
        return float(errors @ z)

    assert off_by(4) < allowed < off_by(40)
