"""The names of vectors in a walkthrough, and its whole numbers, each as a phrase."""

from __future__ import annotations

from gradcheck.document.spans import Phrase, phrase, vector_of
from gradcheck.word2vec.lecture.update import Update

__all__ = ["center_vector", "count", "outside_vector"]


def center_vector(step: Update) -> Phrase:
    """Return the name of v_c, after its word."""
    return vector_of("v", step.words[step.center])


def outside_vector(step: Update, index: int) -> Phrase:
    """Return the name of a row of U, after its word or node."""
    return vector_of("u", step.rows[index])


def count(number_of: int) -> Phrase:
    """Return a whole number."""
    return phrase(f"{number_of:,}")
