"""Provisional: to be replaced by the generated formulas."""

import numpy as np
from gradcheck.special import *


def naive_softmax(v, U, o):
    s = U @ v
    p = softmax(s)
    return -s[o] + logsumexp(s), -U[o] + p @ U, np.outer(p, v) + scatter_add(o, -v, len(U))


def negative_sampling(v, U, o, n):
    s = U @ v
    return (
        softplus(-s[o]) + softplus(s[n]).sum(),
        -sigmoid(-s[o]) * U[o] + sigmoid(s[n]) @ U[n],
        scatter_add(o, -sigmoid(-s[o]) * v, len(U))
        + scatter_add(n, np.outer(sigmoid(s[n]), v), len(U)),
    )
