"""The derivative along a line from one evaluation of the loss, at a complex point."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from gradcheck.parameters import norm
from gradcheck.subjects import Subject

__all__ = ["complex_step"]

STEP = 2.0**-100
"""Imaginary part of the largest displacement, relative to the size of the point."""


def complex_step(subject: Subject, direction: NDArray[np.float64]) -> float | None:
    """Return Im loss(x + i h z) / h, the derivative along z where the loss is analytic code.

    No two numbers of like size are subtracted, so h can be so small that its square
    vanishes, and nothing is lost to rounding (Squire and Trapp, *Using complex variables to
    estimate derivatives of real functions*, 1998). It is silently wrong where `abs`, a norm
    or a comparison breaks analyticity: never believe it before it is seen to agree.

    Parameters
    ----------
    subject
        Whose loss is evaluated, once.
    direction : (n,) array
        z.

    Returns
    -------
    float or None
        None where the loss cannot be evaluated at a complex point, or drops the imaginary
        part on the way.
    """
    point = subject.parameters.vector
    size = norm(point) / np.sqrt(point.size) or 1.0
    step = STEP * size / float(np.abs(direction).max())
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            value = subject.complex_loss(point + 1j * step * direction)
    except Exception:  # noqa: BLE001  whatever the caller's code raises, it is not analytic
        return None
    derivative = value.imag / step
    return derivative if np.isfinite(derivative) else None
