"""Prove equations between SymPy expressions with sums of symbolic size."""

from gradcheck.equations.notation import abbreviate, at, partial
from gradcheck.equations.proofs import Counterexample, Proof, UnsoundProofError, prove

__all__ = ["Counterexample", "Proof", "UnsoundProofError", "abbreviate", "at", "partial", "prove"]
