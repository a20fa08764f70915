"""Likelihoods and margins: a process, covariances, a mixture, Bayes, an SVM, an Ising model."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Problem, log_sum_exp, sigmoid, softmax, softplus
from tests.benchmarks.layers.model import (
    CONSTANT,
    OPPOSITE,
    PART,
    PENALTIES,
    PER_SLICE,
    TRIANGLE,
    UNTOLD,
    Model,
    both,
    factor,
    penalty,
)

__all__ = ["MODELS"]


# ------------------------------------------------------------------------------- Gaussian processes


def draw_process(rng, *, points=12, width=5):
    """The evidence of a Gaussian process whose inputs are latent: logarithms of its scales, too."""
    wanted = rng.standard_normal(points)
    at = {
        "x": rng.standard_normal((points, width)),
        "lengths": rng.uniform(0.2, 1.0, width),
        "signal": 0.2,
        "noise": -0.7,
    }

    def kernel(p):
        apart = (p["x"][:, None] - p["x"]) / np.exp(p["lengths"])
        smooth = np.exp(2 * p["signal"] - 0.5 * (apart**2).sum(axis=-1))
        return apart, smooth, smooth + np.exp(2 * p["noise"]) * np.eye(points)

    def loss(p):
        *_, covariance = kernel(p)
        fit = wanted @ np.linalg.solve(covariance, wanted)
        return 0.5 * (fit + np.linalg.slogdet(covariance)[1])

    def grad(p, slip=""):
        apart, smooth, covariance = kernel(p)
        inverse = np.linalg.inv(covariance)
        alpha = inverse @ wanted
        by_covariance = 0.5 * (inverse - np.outer(alpha, alpha))
        if slip == "½ missing":
            by_covariance = 2 * by_covariance
        elif slip == "gradient of the evidence itself":
            by_covariance = -by_covariance
        elif slip == "determinant missing":
            by_covariance = -0.5 * np.outer(alpha, alpha)
        elif slip == "diagonal of the inverse only":
            by_covariance = 0.5 * (np.diag(np.diag(inverse)) - np.outer(alpha, alpha))
        by_smooth = by_covariance * smooth
        by_lengths = (by_smooth[:, :, None] * apart**2).sum(axis=(0, 1))
        if slip == "lengths summed over the dimensions":
            by_lengths = np.full_like(by_lengths, by_lengths.sum())
        times = 1 if slip == "each pair once" else 2
        return {
            "x": -times * (by_smooth[:, :, None] * apart).sum(axis=1) / np.exp(p["lengths"]),
            "lengths": by_lengths,
            "signal": 2 * by_smooth.sum(),
            "noise": 2 * np.exp(2 * p["noise"]) * np.trace(by_covariance),
        }

    return Problem(loss, grad, at)


SCALES = ("lengths", "signal", "noise")

PROCESS = {
    "½ missing": dict.fromkeys(("x", *SCALES), factor(2)),
    "gradient of the evidence itself": dict.fromkeys(("x", *SCALES), OPPOSITE),
    "determinant missing": dict.fromkeys(("x", *SCALES), UNTOLD),
    "diagonal of the inverse only": dict.fromkeys(("x", "lengths", "signal"), UNTOLD),
    "lengths summed over the dimensions": {"lengths": CONSTANT},
    "each pair once": {"x": factor(0.5)},
}


# ------------------------------------------------------------------------------- symmetric matrices


def draw_gaussian(rng, *, examples=40, width=6):
    """A Gaussian likelihood; of the covariance, Cholesky's algorithm reads the lower triangle."""
    data = rng.standard_normal((examples, width))
    mixed = rng.standard_normal((width, width))
    at = (0.5 * rng.standard_normal(width), mixed @ mixed.T / width + np.eye(width))

    def loss(mean, covariance):
        root = np.linalg.cholesky(covariance)
        standard = np.linalg.solve(root, (data - mean).T)
        return 0.5 * (standard**2).sum() / examples + np.log(np.diag(root)).sum()

    def grad(mean, covariance, slip=""):
        root = np.linalg.cholesky(covariance)
        inverse = np.linalg.inv(root @ root.T)
        apart = data - mean
        spread = apart.T @ apart / examples
        by_mean = -inverse @ apart.mean(axis=0)
        by_covariance = 0.5 * (inverse - inverse @ spread @ inverse)
        if slip == "determinant missing":
            by_covariance = -0.5 * inverse @ spread @ inverse
        elif slip == "derivative by the inverse":
            by_covariance = 0.5 * (spread - root @ root.T)
        if slip == "mean's sign":
            by_mean = -by_mean
        elif slip == "½ missing":
            by_covariance = 2 * by_covariance
        if slip == "half of the triangle":
            by_covariance = np.tril(by_covariance)
        elif slip != "both triangles":
            by_covariance = np.tril(2 * by_covariance) - np.diag(np.diag(by_covariance))
        return by_mean, by_covariance

    return Problem(loss, grad, at)


GAUSSIAN = {
    "both triangles": {"covariance": TRIANGLE},
    "half of the triangle": {"covariance": TRIANGLE},
    "½ missing": {"covariance": factor(2)},
    "mean's sign": {"mean": OPPOSITE},
    "determinant missing": {"covariance": UNTOLD},
    "derivative by the inverse": {"covariance": UNTOLD},
}


def draw_precision(rng, *, examples=40, width=7):
    """A Gaussian likelihood by the precision, of which determinant and trace read all entries."""
    data = rng.standard_normal((examples, width))
    mixed = rng.standard_normal((width, width))
    spread = data.T @ data / examples

    def loss(precision):
        return 0.5 * (np.sum(spread * precision) - np.linalg.slogdet(precision)[1])

    def grad(precision, slip=""):
        by_entries = 0.5 * (spread - np.linalg.inv(precision))
        if not slip:
            return (by_entries,)
        by_pairs = 2 * by_entries - np.diag(np.diag(by_entries))
        return (np.tril(by_pairs) if slip == "pairs in one triangle" else by_pairs,)

    return Problem(loss, grad, (mixed @ mixed.T / width + np.eye(width),))


PRECISION = {
    "pairs at both entries": {"precision": TRIANGLE},
    "pairs in one triangle": {"precision": TRIANGLE},
}


def draw_ising(rng, *, spins=8, examples=30):
    """The pseudo-likelihood of spins; of the couplings, the upper triangle is read."""
    seen = rng.choice([-1.0, 1.0], size=(examples, spins))
    at = {
        "fields": 0.5 * rng.standard_normal(spins),
        "couplings": rng.standard_normal((spins, spins)) / np.sqrt(spins),
    }

    def forces(p):
        upper = np.triu(p["couplings"], 1)
        return seen * (p["fields"] + seen @ (upper + upper.T))

    def grad(p, slip=""):
        by_force = -2 * seen * sigmoid(-2 * forces(p)) / examples
        if slip == "2 of the spins missing":
            by_force = by_force / 2
        one_way = by_force.T @ seen
        by_pair = one_way if slip == "each pair one way" else one_way + one_way.T
        by_couplings = np.triu(by_pair, 1)
        if slip == "both triangles":
            by_couplings = by_pair - np.diag(np.diag(by_pair))
        elif slip == "diagonal left in":
            by_couplings = np.triu(by_pair)
        return {"fields": by_force.sum(axis=0), "couplings": by_couplings}

    return Problem(lambda p: softplus(-2 * forces(p)).sum() / examples, grad, at)


ISING = {
    "both triangles": {"couplings": TRIANGLE + PART},
    "each pair one way": {"couplings": UNTOLD},
    "diagonal left in": {"couplings": PART},
    "2 of the spins missing": dict.fromkeys(("fields", "couplings"), factor(0.5)),
}


# -------------------------------------------------------------------------------- mixture and Bayes


def draw_mixture(rng, *, examples=60, parts=5, width=4):
    """A mixture of round Gaussians: scores of their shares, means, logarithms of their scales."""
    data = rng.standard_normal((examples, width)) * 2
    at = {
        "scores": 0.5 * rng.standard_normal(parts),
        "means": rng.standard_normal((parts, width)),
        "scales": rng.uniform(-0.3, 0.7, parts),
    }

    def forward(p):
        apart = p["means"] - data[:, None]
        squares = (apart**2).sum(axis=-1) / np.exp(2 * p["scales"])
        shares = p["scores"] - log_sum_exp(p["scores"])
        return apart, squares, shares - 0.5 * squares - width * p["scales"]

    def grad(p, slip=""):
        apart, squares, logs = forward(p)
        owned = softmax(logs)
        if slip == "hard assignments":
            owned = np.eye(len(p["scores"]))[logs.argmax(axis=1)]
        by_means = (owned[:, :, None] * apart).sum(axis=0)
        if slip != "scales of the means missing":
            by_means = by_means / np.exp(2 * p["scales"])[:, None]
        if slip == "means divided by their shares":
            by_means = by_means / owned.sum(axis=0)[:, None]
        per_point = 1 if slip == "one dimension of the scales" else width
        result = {
            "scores": examples * softmax(p["scores"]) - owned.sum(axis=0),
            "means": by_means,
            "scales": (owned * (per_point - squares)).sum(axis=0),
        }
        sign = -1 if slip == "gradient of the likelihood" else 1
        return {name: sign * part for name, part in result.items()}

    return Problem(lambda p: -log_sum_exp(forward(p)[-1]).sum(), grad, at)


MIXTURE = {
    "means divided by their shares": {"means": PER_SLICE},
    "scales of the means missing": {"means": PER_SLICE},
    "one dimension of the scales": {"scales": UNTOLD},
    "hard assignments": dict.fromkeys(("scores", "means", "scales"), UNTOLD),
    "gradient of the likelihood": dict.fromkeys(("scores", "means", "scales"), OPPOSITE),
}


def draw_bayes(rng, *, examples=20, width=25, draws=3):
    """Bayes by backpropagation: squares at drawn weights, and the divergence from the prior."""
    inputs = rng.standard_normal((examples, width))
    wanted = rng.standard_normal(examples)
    noise = rng.standard_normal((draws, width))
    at = {"mean": 0.5 * rng.standard_normal(width), "spread": rng.uniform(-1.5, -0.5, width)}

    def misses(p):
        return (p["mean"] + noise * np.exp(p["spread"])) @ inputs.T - wanted

    def loss(p):
        prior = 0.5 * (p["mean"] ** 2 + np.exp(2 * p["spread"])).sum() - p["spread"].sum()
        return 0.5 * (misses(p) ** 2).sum() / draws + prior

    def grad(p, slip=""):
        by_weights = misses(p) @ inputs / draws
        times = {"prior missing": 0, "prior twice": 2, "prior per example": 1 / examples}
        share = times.get(slip, 1)
        by_noise = by_weights if slip == "noise missing" else by_weights * noise
        slope = 1 if slip == "slope of the exponential missing" else np.exp(p["spread"])
        return {
            "mean": by_weights.sum(axis=0) + share * p["mean"],
            "spread": by_noise.sum(axis=0) * slope + share * (np.exp(2 * p["spread"]) - 1),
        }

    return Problem(loss, grad, at)


BAYES = {
    "prior missing": {"mean": penalty(-1), "spread": UNTOLD},
    "prior twice": {"mean": penalty(1), "spread": UNTOLD},
    "prior per example": {"mean": penalty(-0.95), "spread": UNTOLD},
    "noise missing": {"spread": UNTOLD},
    "slope of the exponential missing": {"spread": UNTOLD},
}


# --------------------------------------------------------------------------------------------- SVM


def draw_machine(rng, *, examples=40, width=30, classes=6, decay=0.1):
    """A machine of several classes: margins of 1, the mean of what falls short, a penalty."""
    inputs = rng.standard_normal((examples, width))
    labels = rng.integers(classes, size=examples)
    rows = np.arange(examples)
    at = {
        "w": rng.standard_normal((width, classes)) / np.sqrt(width),
        "b": 0.1 * rng.standard_normal(classes),
    }

    def short(p):
        scores = inputs @ p["w"] + p["b"]
        result = scores - scores[rows, labels][:, None] + 1
        result[rows, labels] = 0
        return np.maximum(result, 0)

    def loss(p):
        return short(p).sum() / examples + 0.5 * decay * (p["w"] ** 2).sum()

    def grad(p, slip=""):
        error = (short(p) > 0).astype(float)
        if slip == "right class once":
            error[rows, labels] = -1
        elif slip != "right class missing":
            error[rows, labels] = -error.sum(axis=1)
        error = error / (1 if slip == "sum for mean" else examples)
        return {
            "w": inputs.T @ error + PENALTIES.get(slip, 1) * decay * p["w"],
            "b": error.sum(axis=0),
        }

    return Problem(loss, grad, at)


MACHINE = {
    "right class missing": {"w": UNTOLD, "b": UNTOLD},
    "right class once": {"w": UNTOLD, "b": UNTOLD},
    "sum for mean": {"w": both(40, -3.9), "b": factor(40)},
    "penalty missing": {"w": penalty(-0.1)},
    "penalty twice": {"w": penalty(0.1)},
}

MODELS = [
    Model("Gaussian process, latent inputs", draw_process, PROCESS),
    Model("Gaussian, covariance", draw_gaussian, GAUSSIAN),
    Model("Gaussian, precision", draw_precision, PRECISION),
    Model("Ising model", draw_ising, ISING),
    Model("mixture of Gaussians", draw_mixture, MIXTURE),
    Model("Bayes by backpropagation", draw_bayes, BAYES),
    Model("SVM", draw_machine, MACHINE),
    Model(
        "SVM, 6,400 weights",
        functools.partial(draw_machine, width=800, classes=8),
        {slip: MACHINE[slip] for slip in ("right class once", "sum for mean", "penalty missing")},
    ),
]
