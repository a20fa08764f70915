"""Physical models and other losses whose parameters are of very different size."""

from __future__ import annotations

import functools

import numpy as np

from tests.benchmarks.families.family import Family, Problem

__all__ = ["FAMILIES"]


# ----------------------------------------------------------------------------- physical constants


def draw_reaction(rng):
    """A reaction of second order: a rate near 1e-9 beside a concentration near 1e9."""
    rate, start = 1e-9 * rng.uniform(0.5, 2), 1e9 * rng.uniform(0.5, 2)
    times = np.linspace(0.2, 4, 8)
    seen = start / (1 + rate * start * times) * np.exp(0.2 * rng.standard_normal(8)) / 1e9

    def errors(rate, start):
        return start / (1 + rate * start * times) / 1e9 - seen

    def grad(rate, start):
        slower = 1 + rate * start * times
        error = 2 * errors(rate, start) / 1e9
        return -(error * start * start * times / slower**2).sum(), (error / slower**2).sum()

    return Problem(lambda k, c: (errors(k, c) ** 2).sum(), grad, (rate, start))


def draw_decay(rng):
    """Counts of a radioactive source by its rate, its number of nuclei, and a background."""
    times = np.linspace(0, 3e9, 10)
    at = {"rate": 1e-9 * rng.uniform(0.5, 2), "nuclei": 1e12 * rng.uniform(0.5, 2), "noise": 30.0}
    window = 1.0
    expected = at["rate"] * at["nuclei"] * window * np.exp(-at["rate"] * times) + at["noise"]
    counts = np.round(expected * np.exp(0.2 * rng.standard_normal(10)))

    def rates(p):
        source = p["rate"] * p["nuclei"] * window * np.exp(-p["rate"] * times)
        return source, source + p["noise"]

    def loss(p):
        mean = rates(p)[1]
        return (mean - counts * np.log(mean)).sum()

    def grad(p):
        source, mean = rates(p)
        by_mean = 1 - counts / mean
        return {
            "rate": (by_mean * source * (1 / p["rate"] - times)).sum(),
            "nuclei": (by_mean * source).sum() / p["nuclei"],
            "noise": by_mean.sum(),
        }

    return Problem(loss, grad, at)


GAS = 8.314462618


def draw_arrhenius(rng, *, logs=True):
    """Arrhenius' law, a factor near 1e13 and an energy near 8e4, fitted to rates or their logs."""
    inverse = 1 / np.linspace(280, 400, 12)
    at = np.array([1e13 * rng.uniform(0.3, 3), 8e4 * rng.uniform(0.8, 1.2)])
    seen = at[0] * np.exp(-at[1] / GAS * inverse) * np.exp(0.3 * rng.standard_normal(12))

    def errors(p):
        if logs:
            return np.log(p[0]) - p[1] / GAS * inverse - np.log(seen)
        return p[0] * np.exp(-p[1] / GAS * inverse) / seen - 1

    def grad(p):
        slope = 1 if logs else p[0] * np.exp(-p[1] / GAS * inverse) / seen
        error = 2 * errors(p) * slope
        return np.array([error.sum() / p[0], -(error * inverse).sum() / GAS])

    return Problem(lambda p: (errors(p) ** 2).sum(), grad, at)


def draw_diode(rng):
    """A diode's current: saturation near 1e-12 A, an ideality near 1.5, a leak near 1e6 Ω."""
    volts = np.linspace(-0.5, 0.65, 14)
    at = (1e-12 * rng.uniform(0.3, 3), rng.uniform(1.2, 1.8), 1e6 * rng.uniform(0.3, 3))
    thermal = 0.02585

    def current(saturation, ideality, leak):
        return saturation * np.expm1(volts / (ideality * thermal)) + volts / leak

    widths = np.abs(current(*at)) * 0.2
    seen = current(*at) * np.exp(0.2 * rng.standard_normal(14))

    def loss(*p):
        return (((current(*p) - seen) / widths) ** 2).sum()

    def grad(saturation, ideality, leak):
        error = 2 * (current(saturation, ideality, leak) - seen) / widths**2
        exponent = volts / (ideality * thermal)
        return (
            (error * np.expm1(exponent)).sum(),
            -(error * saturation * np.exp(exponent) * exponent).sum() / ideality,
            -(error * volts).sum() / leak**2,
        )

    return Problem(loss, grad, at)


PLANCK, LIGHT, BOLTZMANN = 6.62607015e-34, 2.99792458e8, 1.380649e-23


def draw_planck(rng):
    """Planck's law in SI units: a temperature, an emissivity, a shift of some nanometres."""
    waves = np.linspace(4e-7, 2e-6, 10)
    at = np.array([5800 * rng.uniform(0.8, 1.2), rng.uniform(0.7, 1), 1e-9 * rng.uniform(1, 5)])

    def radiance(p):
        wave = waves + p[2]
        exponent = PLANCK * LIGHT / (BOLTZMANN * wave * p[0])
        return wave, exponent, 2 * PLANCK * LIGHT**2 / wave**5 / np.expm1(exponent)

    seen = radiance(at)[2] * np.exp(0.1 * rng.standard_normal(10))

    def loss(p):
        return ((p[1] * radiance(p)[2] / seen - 1) ** 2).sum()

    def grad(p):
        wave, exponent, black = radiance(p)
        error = 2 * (p[1] * black / seen - 1) / seen
        steepness = exponent / -np.expm1(-exponent)
        by_black = error * p[1] * black
        return np.array(
            [
                (by_black * steepness).sum() / p[0],
                (error * black).sum(),
                (by_black * (steepness - 5) / wave).sum(),
            ]
        )

    return Problem(loss, grad, at)


GRAVITY = 6.6743e-11


def draw_gravity(rng, *, bodies=6):
    """The energy of bodies in SI units: masses near 1e29 kg, places near 1e11 m."""
    masses = 10 ** rng.uniform(28, 30, bodies)
    places = 1e11 * rng.standard_normal((bodies, 3))
    upper = np.triu(np.ones((bodies, bodies), dtype=bool), 1)

    def apart(places):
        gaps = places[:, None] - places[None]
        return gaps, np.sqrt((gaps**2).sum(axis=-1) + ~upper)

    def loss(masses, places):
        _, lengths = apart(places)
        return -GRAVITY * (np.outer(masses, masses) / lengths * upper).sum()

    def grad(masses, places):
        gaps, lengths = apart(places)
        pulls = GRAVITY * upper * np.outer(masses, masses) / lengths**3
        forces = pulls[:, :, None] * gaps
        potential = upper / lengths
        return (
            -GRAVITY * (potential + potential.T) @ masses,
            forces.sum(axis=1) - forces.sum(axis=0),
        )

    return Problem(loss, grad, (masses, places))


def draw_cluster(rng, *, atoms=8):
    """The energy of a cluster of argon atoms in SI units: 1e-21 J, 1e-10 m."""
    corners = np.array([[i, j, k] for i in range(2) for j in range(2) for k in range(2)])
    at = {
        "places": 4e-10 * corners[:atoms] + 4e-11 * rng.standard_normal((atoms, 3)),
        "depth": 1.65e-21,
        "width": 3.4e-10,
    }
    first, second = np.triu_indices(atoms, 1)

    def pairs(p):
        gaps = p["places"][first] - p["places"][second]
        squares = (gaps**2).sum(axis=1)
        return gaps, squares, (p["width"] ** 2 / squares) ** 3

    def loss(p):
        _, _, sixth = pairs(p)
        return 4 * p["depth"] * (sixth**2 - sixth).sum()

    def grad(p):
        gaps, squares, sixth = pairs(p)
        by_sixth = 4 * p["depth"] * (2 * sixth - 1) * sixth
        forces = (-6 * by_sixth / squares)[:, None] * gaps
        places = np.zeros_like(p["places"])
        np.add.at(places, first, forces)
        np.add.at(places, second, -forces)
        return {
            "places": places,
            "depth": 4 * (sixth**2 - sixth).sum(),
            "width": 6 * by_sixth.sum() / p["width"],
        }

    return Problem(loss, grad, at)


def draw_filter(rng):
    """The damping of a filter of megaohms and nanofarads, and the voltage before it."""
    pulses = 2 * np.pi * np.geomspace(10, 1e4, 9)
    at = (1e6 * rng.uniform(0.5, 2), 1e-9 * rng.uniform(0.5, 2), rng.uniform(3, 8))
    seen = at[2] / np.sqrt(1 + (pulses * at[0] * at[1]) ** 2) * rng.uniform(0.7, 1.3, 9)

    def loss(r, c, v):
        return ((v / np.sqrt(1 + (pulses * r * c) ** 2) - seen) ** 2).sum()

    def grad(r, c, v):
        squares = (pulses * r * c) ** 2
        damped = 1 / np.sqrt(1 + squares)
        error = 2 * (v * damped - seen)
        by_log = -(error * v * damped**3 * squares).sum()
        return by_log / r, by_log / c, (error * damped).sum()

    return Problem(loss, grad, at)


def draw_enzyme(rng):
    """Rates of an enzyme that is inhibited: 1e-6 mol/s, constants of 1e-5 and 1e-8 mol/l."""
    substrate = np.geomspace(1e-6, 1e-3, 10)
    inhibitor = 1e-8 * rng.uniform(0, 5, 10)
    at = np.array([1e-6, 1e-5, 1e-8]) * rng.uniform(0.5, 2, 3)

    def parts(p):
        slowed = p[1] * (1 + inhibitor / p[2])
        return slowed, substrate / (slowed + substrate)

    seen = at[0] * parts(at)[1] * np.exp(0.2 * rng.standard_normal(10))

    def loss(p):
        return ((np.log(p[0]) + np.log(parts(p)[1]) - np.log(seen)) ** 2).sum()

    def grad(p):
        slowed, share = parts(p)
        error = 2 * (np.log(p[0]) + np.log(share) - np.log(seen))
        by_slowed = -error / (slowed + substrate)
        return np.array(
            [
                error.sum() / p[0],
                (by_slowed * slowed).sum() / p[1],
                -(by_slowed * p[1] * inhibitor).sum() / p[2] ** 2,
            ]
        )

    return Problem(loss, grad, at)


# ------------------------------------------------------------------------------------ many scales


def draw_scales(rng, *, size, decades, dtype=np.float64):
    """A vector whose entries are spread over decades, each of which matters as much."""
    half = decades / 2
    scales = (10.0 ** rng.uniform(-half, half, size)).astype(dtype)
    mix = (rng.standard_normal((size, size)) / np.sqrt(size)).astype(dtype)

    def loss(x):
        return np.tanh(mix @ (x / scales)).sum()

    def grad(x):
        return mix.T @ (1 - np.tanh(mix @ (x / scales)) ** 2) / scales

    return Problem(loss, grad, scales * rng.standard_normal(size).astype(dtype))


def draw_arrays(rng, *, decades=12, size=40, dtype=np.float64):
    """Five arrays, each of a size of its own."""
    scales = np.geomspace(10.0 ** (-decades / 2), 10.0 ** (decades / 2), 5)[rng.permutation(5)]
    scales = scales.astype(dtype)
    mixes = (rng.standard_normal((5, 30, size)) / np.sqrt(5 * size)).astype(dtype)

    def mixed(p):
        return sum(mix @ (x / scale) for mix, x, scale in zip(mixes, p, scales, strict=True))

    def grad(p):
        slope = 1 - np.tanh(mixed(p)) ** 2
        return [mix.T @ slope / scale for mix, scale in zip(mixes, scales, strict=True)]

    at = [scale * rng.standard_normal(size).astype(dtype) for scale in scales]
    return Problem(lambda p: np.tanh(mixed(p)).sum(), grad, at)


def draw_large(rng, *, scale):
    """Sines of 200 numbers that are all very large, or all very small."""
    return Problem(
        lambda x: np.sin(x / scale).sum(),
        lambda x: np.cos(x / scale) / scale,
        scale * rng.standard_normal(200),
    )


def _family(name, draw, **options):
    return Family(name, "physics and scales", functools.partial(draw, **options))


def _single(name, draw, **options):
    draw = functools.partial(draw, dtype=np.float32, **options)
    return Family(name, "physics and scales", draw, kind="float32")


FAMILIES = [
    _family("reaction, 1e-9 and 1e9", draw_reaction),
    _family("decay, 1e-9, 1e12 and 30", draw_decay),
    _family("Arrhenius, logarithms", draw_arrhenius),
    _family("Arrhenius, rates", draw_arrhenius, logs=False),
    _family("diode", draw_diode),
    _family("Planck's law", draw_planck),
    _family("gravity in SI units", draw_gravity),
    _family("argon cluster in SI units", draw_cluster),
    _family("filter, 1e6 Ω and 1e-9 F", draw_filter),
    _family("enzyme, inhibited", draw_enzyme),
    *(
        _family(f"{size} entries over {decades} decades", draw_scales, size=size, decades=decades)
        for size in (50, 200)
        for decades in (8, 12, 16)
    ),
    _family("five arrays over 12 decades", draw_arrays),
    _family("sines of 1e9", draw_large, scale=1e9),
    _family("sines of 1e-9", draw_large, scale=1e-9),
    _single("float32, 200 entries over 8 decades", draw_scales, size=200, decades=8),
    _single("float32, five arrays over 12 decades", draw_arrays),
]
