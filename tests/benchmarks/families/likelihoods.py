"""Negative log-likelihoods of statistical models."""

from __future__ import annotations

import functools
import math

import autograd
import autograd.numpy as anp
import numpy as np
from scipy import special

from tests.benchmarks.families.extended import log_gamma, log_normal_cdf
from tests.benchmarks.families.family import (
    Family,
    Problem,
    log_sum_exp,
    sigmoid,
    softmax,
    softplus,
)
from tests.benchmarks.families.nets import class_scores

__all__ = ["FAMILIES"]


def _design(rng, rows, columns, scale=1.0):
    """Draw inputs with a column of ones, and coefficients."""
    inputs = np.column_stack([np.ones(rows), scale * rng.standard_normal((rows, columns - 1))])
    return inputs, rng.standard_normal(columns) / np.sqrt(columns)


# ---------------------------------------------------------------------------- linear predictors


def draw_logistic(rng, *, rows=100, columns=30, penalty=0.0, start=None, dtype=np.float64):
    """Logistic regression, with a penalty or without; from 0 or anywhere."""
    inputs, at = _design(rng, rows, columns)
    signs = np.where(rng.random(rows) < sigmoid(inputs @ at), -1, 1).astype(dtype)
    inputs = inputs.astype(dtype)
    at = (at if start is None else start * at).astype(dtype)

    def loss(b):
        return softplus(signs * (inputs @ b)).mean() + penalty / 2 * (b @ b)

    def grad(b):
        return inputs.T @ (signs * sigmoid(signs * (inputs @ b))) / rows + penalty * b

    return Problem(loss, grad, at)


def draw_multinomial(rng, *, rows=50, columns=20, classes=5, start=0.0):
    """Softmax regression from a matrix and biases of 0, or from anywhere."""
    inputs = rng.standard_normal((rows, columns))
    labels = rng.integers(classes, size=rows)
    at = (start * rng.standard_normal((columns, classes)), np.zeros(classes))

    def grad(weights, bias):
        _, error = class_scores(inputs @ weights + bias, labels)
        return inputs.T @ error, error.sum(axis=0)

    return Problem(lambda w, b: class_scores(inputs @ w + b, labels)[0], grad, at)


def draw_poisson(rng, *, inflated=False):
    """Poisson regression with an offset; with more zeros than there should be, if inflated."""
    inputs, at = _design(rng, 80, 6)
    offset = np.log(rng.uniform(0.5, 20, 80))
    counts = rng.poisson(np.exp(inputs @ at + offset)).astype(float)
    counts[: 30 if inflated else 0] = 0
    zero = counts == 0

    def plain(b):
        eta = inputs @ b + offset
        return (np.exp(eta) - counts * eta).sum()

    def mixed(b, share):
        eta = inputs @ b + offset
        of_zeros = -np.logaddexp(share, -np.exp(eta))
        return np.where(zero, of_zeros, np.exp(eta) - counts * eta).sum() + 80 * softplus(share)

    def grad_mixed(b, share):
        eta = inputs @ b + offset
        rate = np.exp(eta)
        counted = sigmoid(-rate - share)
        by_eta = np.where(zero, counted * rate, rate - counts)
        by_share = np.where(zero, -sigmoid(share + rate), 0).sum() + 80 * sigmoid(share)
        return inputs.T @ by_eta, by_share

    if inflated:
        return Problem(mixed, grad_mixed, (at, -0.5))
    return Problem(plain, lambda b: inputs.T @ (np.exp(inputs @ b + offset) - counts), at)


def draw_gamma(rng):
    """Gamma regression with a shape of its own."""
    inputs, at = _design(rng, 60, 5)
    seen = rng.gamma(2.0, np.exp(inputs @ at) / 2)

    def loss(p):
        eta, k = inputs @ p["b"], np.exp(p["shape"])
        fit = k * (eta + seen * np.exp(-eta)) - (k - 1) * np.log(seen)
        return fit.sum() + len(seen) * (log_gamma(k) - k * p["shape"])

    def grad(p):
        eta, k = inputs @ p["b"], np.exp(p["shape"])
        ratio = seen * np.exp(-eta)
        by_shape = (eta + ratio - np.log(seen) - 1 - p["shape"] + special.digamma(k)).sum()
        return {"b": inputs.T @ (k * (1 - ratio)), "shape": k * by_shape}

    return Problem(loss, grad, {"b": at, "shape": float(rng.normal())})


def draw_negative_binomial(rng):
    """Counts that spread more than a Poisson's, by a parameter of their own."""
    inputs, at = _design(rng, 70, 5)
    counts = rng.poisson(rng.gamma(1.5, np.exp(inputs @ at))).astype(float)

    def loss(b, log_size):
        size, eta = np.exp(log_size), inputs @ b
        total = np.logaddexp(log_size, eta)
        chosen = log_gamma(counts + size) - log_gamma(size)
        return -(chosen + size * (log_size - total) + counts * (eta - total)).sum()

    def grad(b, log_size):
        size, eta = np.exp(log_size), inputs @ b
        mean = np.exp(eta)
        by_eta = size * (mean - counts) / (size + mean)
        by_size = special.digamma(counts + size) - special.digamma(size)
        by_size += log_size - np.logaddexp(log_size, eta) + (mean - counts) / (size + mean)
        return inputs.T @ by_eta, -size * by_size.sum()

    return Problem(loss, grad, (at, float(rng.normal())))


def draw_probit(rng):
    """Probit regression."""
    inputs, at = _design(rng, 40, 8)
    signs = np.where(rng.random(40) < 0.5, -1.0, 1.0)

    def grad(b):
        z = signs * (inputs @ b)
        slope = np.exp(-(z**2) / 2 - np.log(2 * np.pi) / 2 - special.log_ndtr(z))
        return -inputs.T @ (signs * slope)

    return Problem(lambda b: -log_normal_cdf(signs * (inputs @ b)).sum(), grad, at)


def draw_ordinal(rng):
    """Ordered classes between thresholds that cannot cross."""
    inputs, at = _design(rng, 60, 5)
    labels = rng.integers(4, size=60)

    def loss(b, steps):
        gaps = anp.concatenate([steps[:1], anp.exp(steps[1:])])
        ends = [-anp.inf * anp.ones(1), anp.cumsum(gaps), anp.inf * anp.ones(1)]
        ends = anp.concatenate(ends)
        eta = inputs @ b
        upper, lower = ends[labels + 1] - eta, ends[labels] - eta
        shares = (anp.tanh(upper / 2) - anp.tanh(lower / 2)) / 2
        return -anp.sum(anp.log(shares))

    return Problem(loss, autograd.grad(loss, (0, 1)), (at, 0.3 * rng.standard_normal(3)))


def draw_student(rng):
    """Regression with heavy tails: their weight and the scale are parameters."""
    inputs, at = _design(rng, 60, 5)
    seen = inputs @ at + rng.standard_t(3, size=60)

    def loss(p):
        df = np.exp(p["df"])
        u = (seen - inputs @ p["b"]) * np.exp(-p["scale"])
        each = (df + 1) / 2 * np.log1p(u**2 / df) + p["scale"] + np.log(df) / 2
        return each.sum() + 60 * (log_gamma(df / 2) - log_gamma((df + 1) / 2))

    def grad(p):
        df = np.exp(p["df"])
        u = (seen - inputs @ p["b"]) * np.exp(-p["scale"])
        by_u = (df + 1) * u / (df + u**2)
        by_df = np.log1p(u**2 / df) / 2 - (df + 1) / 2 * u**2 / (df * (df + u**2)) + 0.5 / df
        by_df = by_df.sum() + 30 * (special.digamma(df / 2) - special.digamma((df + 1) / 2))
        by_b = -(inputs.T @ by_u) * np.exp(-p["scale"])
        return {"b": by_b, "df": df * by_df, "scale": (1 - by_u * u).sum()}

    return Problem(loss, grad, {"b": at, "df": float(rng.normal(1, 0.3)), "scale": 0.1})


# ------------------------------------------------------------------------------------ densities


def draw_beta(rng, *, raising=True):
    """The log density of a beta distribution, which raises outside of its support."""
    a, b = rng.uniform(0.5, 4, 2)
    share = 10 ** rng.uniform(-4, -0.1)
    at = (float(a), float(b), float(share if rng.random() < 0.5 else 1 - share))

    def loss(a, b, x):
        if not (a > 0 and b > 0 and 0 < x < 1):
            raise ValueError("outside of the support of the beta distribution")
        if raising:
            return (1 - a) * math.log(x) + (1 - b) * math.log1p(-x) + special.betaln(a, b)
        beta = log_gamma(a) + log_gamma(b) - log_gamma(a + b)
        return (1 - a) * np.log(x) + (1 - b) * np.log1p(-x) + beta

    def grad(a, b, x):
        both = special.digamma(a + b)
        return (
            special.digamma(a) - both - math.log(x),
            special.digamma(b) - both - math.log1p(-x),
            (1 - a) / x - (1 - b) / (1 - x),
        )

    return Problem(loss, grad, at)


def draw_mixture(rng, *, parts=3, rows=80):
    """A mixture of normal distributions; the shares by a softmax."""
    seen = rng.standard_normal(rows) + 3 * rng.integers(parts, size=rows)
    at = {
        "shares": rng.standard_normal(parts),
        "means": 3.0 * np.arange(parts) + rng.standard_normal(parts),
        "log widths": 0.3 * rng.standard_normal(parts),
    }

    def terms(p):
        u = (seen[:, None] - p["means"]) * np.exp(-p["log widths"])
        shares = p["shares"] - log_sum_exp(p["shares"])
        return u, shares - p["log widths"] - u**2 / 2

    def grad(p):
        u, joint = terms(p)
        blame = softmax(joint)
        return {
            "shares": softmax(p["shares"]) - blame.mean(axis=0),
            "means": -(blame * u).mean(axis=0) * np.exp(-p["log widths"]),
            "log widths": (blame * (1 - u**2)).mean(axis=0),
        }

    return Problem(lambda p: -log_sum_exp(terms(p)[1]).mean(), grad, at)


def draw_extremes(rng):
    """The generalised extreme value distribution: NaN outside of its support."""
    seen = rng.gumbel(2.0, 1.5, 50)
    at = {"place": 2.0 + 0.2 * rng.standard_normal(), "log width": 0.6, "shape": 0.08}

    def loss(p):
        t = 1 + p["shape"] * (seen - p["place"]) * anp.exp(-p["log width"])
        logs = anp.log(t)
        power = anp.exp(-logs / p["shape"])
        return anp.sum(p["log width"] + (1 + 1 / p["shape"]) * logs + power)

    return Problem(loss, autograd.grad(loss), at)


def draw_weibull(rng):
    """Times to failure, some of which were not waited for."""
    times = 5 * rng.weibull(1.5, 60)
    failed = rng.random(60) < 0.7

    def loss(p):
        k = np.exp(p[0])
        logs = np.log(times) - p[1]
        return (np.exp(k * logs) - failed * (p[0] - p[1] + (k - 1) * logs)).sum()

    def grad(p):
        k = np.exp(p[0])
        logs = np.log(times) - p[1]
        hazard = np.exp(k * logs)
        by_shape = k * logs * hazard - failed * (1 + k * logs)
        return np.array([by_shape.sum(), (k * (failed - hazard)).sum()])

    return Problem(loss, grad, np.array([rng.normal(0.4, 0.1), rng.normal(1.6, 0.1)]))


def draw_cox(rng):
    """Cox's partial likelihood: who fails, of those still at risk."""
    inputs, at = _design(rng, 60, 6)
    inputs, at = inputs[:, 1:], at[1:]
    failed = (rng.random(60) < 0.6).astype(float)

    def at_risk(eta):
        return np.logaddexp.accumulate(eta[::-1])[::-1]

    def grad(b):
        eta = inputs @ b
        weights = np.tril(np.exp(eta[:, None] - at_risk(eta)[None])) @ failed
        return inputs.T @ (weights - failed)

    return Problem(
        lambda b: (failed * (at_risk(inputs @ b) - inputs @ b)).sum(),
        grad,
        at,
    )


def draw_dirichlet(rng, *, kinds=6):
    """Counts of kinds, whose shares have a Dirichlet distribution."""
    counts = rng.integers(0, 20, size=(8, kinds)).astype(float)

    def loss(logs):
        a = np.exp(logs)
        each = (log_gamma(a) - log_gamma(counts + a)).sum()
        return each + (log_gamma(counts.sum(axis=1) + a.sum()) - log_gamma(a.sum())).sum()

    def grad(logs):
        a = np.exp(logs)
        d = special.digamma
        both = (d(counts.sum(axis=1) + a.sum()) - d(a.sum())).sum()
        return a * ((d(a) - d(counts + a)).sum(axis=0) + both)

    return Problem(loss, grad, rng.standard_normal(kinds))


def _family(name, draw, **options):
    return Family(name, "likelihoods", functools.partial(draw, **options))


FAMILIES = [
    _family("logistic regression", draw_logistic),
    _family("logistic regression, L2", draw_logistic, columns=80, penalty=0.1),
    _family("logistic regression at 0", draw_logistic, start=0.0),
    Family(
        "float32 logistic regression",
        "likelihoods",
        functools.partial(draw_logistic, dtype=np.float32),
        kind="float32",
    ),
    _family("softmax regression at 0", draw_multinomial),
    _family("softmax regression, bias 0", draw_multinomial, start=1.0),
    _family("Poisson regression", draw_poisson),
    _family("Poisson regression, zero-inflated", draw_poisson, inflated=True),
    _family("gamma regression", draw_gamma),
    _family("negative binomial regression", draw_negative_binomial),
    _family("probit regression", draw_probit),
    _family("ordinal regression", draw_ordinal),
    _family("Student's t", draw_student),
    Family(
        "beta density, raises outside",
        "likelihoods",
        draw_beta,
        exact=functools.partial(draw_beta, raising=False),
    ),
    _family("mixture of normals", draw_mixture),
    _family("generalised extreme values", draw_extremes),
    _family("Weibull, censored", draw_weibull),
    _family("Cox's partial likelihood", draw_cox),
    _family("Dirichlet-multinomial", draw_dirichlet),
]
