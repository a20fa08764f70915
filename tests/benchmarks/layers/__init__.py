"""Layers and models whose gradients people write by hand, each with what they get wrong.

`MODELS` lists all of them; tests/report/test_layers.py shows that the right gradients are right,
that each wrong one is wrong in the arrays that are listed, and that what can be told of these is
true.
"""

from __future__ import annotations

from tests.benchmarks.layers import (
    attention,
    convolutions,
    dense,
    embeddings,
    likelihoods,
    normalised,
    regressions,
    sequences,
)
from tests.benchmarks.layers.model import Model

__all__ = ["MODELS"]

MODELS: list[Model] = [
    model
    for module in (
        regressions,
        dense,
        normalised,
        convolutions,
        sequences,
        attention,
        embeddings,
        likelihoods,
    )
    for model in module.MODELS
]
