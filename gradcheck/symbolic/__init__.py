"""Losses written in SymPy: derived, each step proved, and turned into NumPy."""

from gradcheck.symbolic.derivation import Derivation
from gradcheck.symbolic.losses import loss_and_gradient
from gradcheck.symbolic.steps import Step, UnprovedStepError, derive, prove_derivative

__all__ = [
    "Derivation",
    "Step",
    "UnprovedStepError",
    "derive",
    "loss_and_gradient",
    "prove_derivative",
]
