"""Losses written in SymPy: derived, each step proved, and turned into NumPy."""

from gradcheck.symbolic.losses import loss_and_gradient
from gradcheck.symbolic.steps import Derivation, Step, UnprovedStepError, derive, prove_derivative

__all__ = [
    "Derivation",
    "Step",
    "UnprovedStepError",
    "derive",
    "loss_and_gradient",
    "prove_derivative",
]
