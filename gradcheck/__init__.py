"""Check a hand-coded gradient against finite differences whose error bound holds."""

from gradcheck.checking import GradientMismatch, assert_gradient, check
from gradcheck.derivatives import Derivative, differentiate
from gradcheck.reports import GradientReport

__all__ = [
    "Derivative",
    "GradientMismatch",
    "GradientReport",
    "assert_gradient",
    "check",
    "differentiate",
]
