"""Pearson's test of observed counts against expected ones."""

from __future__ import annotations

import numpy as np

# Right counts deviate more once in three million seeds; the seeds of the tests are fixed.
LARGEST = 5


def deviation(observed, expected):
    """How many standard deviations the statistic lies off its mean (Wilson and Hilferty, 1931)."""
    observed, expected = np.asarray(observed), np.asarray(expected)
    assert observed.shape == expected.shape
    assert np.isclose(observed.sum(), expected.sum())
    assert expected.min() >= 5
    spread = 2 / (9 * (len(observed) - 1))
    cube_root = (((observed - expected) ** 2 / expected).sum() / (len(observed) - 1)) ** (1 / 3)
    return (cube_root - (1 - spread)) / np.sqrt(spread)
