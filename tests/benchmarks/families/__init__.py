"""Families of losses, as people bring them, each with its right gradient.

`FAMILIES` lists all of them; tests/checking/test_verdict_families.py shows that the gradients are
right.
"""

from __future__ import annotations

from tests.benchmarks.families import (
    edges,
    factors,
    gaussian,
    integrators,
    kinks,
    layers,
    likelihoods,
    margins,
    nets,
    noisy,
    physics,
    sequences,
    solvers,
    states,
)
from tests.benchmarks.families.family import Family

__all__ = ["FAMILIES"]

FAMILIES: list[Family] = [
    family
    for module in (
        nets,
        layers,
        sequences,
        factors,
        likelihoods,
        gaussian,
        physics,
        edges,
        margins,
        solvers,
        integrators,
        noisy,
        kinks,
        states,
    )
    for family in module.FAMILIES
]
