"""Classes with `forward`, `backward`, `params` and `grads`, made and used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

__all__ = ["use"]


def use(made: Callable[..., Any], inputs: Mapping[str, Any], sampled: list[Any]) -> list[Any]:
    """Make an object, use it twice, and return the answers of the second use.

    Twice, since gradients that are added up show only then.

    Parameters
    ----------
    made : callable
        The class.
    inputs : mapping of str to Any
        The arguments with which it is ``made``, those of ``forward``, the gradient from ``above``
        if there is one, the ``weights`` that it is to have in place of those that it draws, and
        the ``negatives`` that its sampler is to return.
    sampled : list
        Is told of each call of the sampler.

    Returns
    -------
    list
        The value of `forward`, that of `backward`, and for each array in `params` the sum of its
        gradients.
    """
    thing = made(*map(_copied, inputs["made"]))
    arrays = list({id(array): array for array in thing.params}.values())
    weights = inputs.get("weights", ())
    if weights:
        got, expected = ([np.shape(one) for one in several] for several in (arrays, weights))
        if got != expected:
            raise TypeError(f"params: expected arrays of shapes {expected}, got {got}")
        for array, value in zip(arrays, weights, strict=True):
            array[...] = value
    if "negatives" in inputs:
        thing.sampler = _Sampler(inputs["negatives"], sampled)
    above = [inputs["above"]] if "above" in inputs else []
    for _ in range(2):
        forward = thing.forward(*map(_copied, inputs["forward"]))
        backward = thing.backward(*above)
    gradients = [
        sum(
            np.asarray(gradient)
            for parameter, gradient in zip(thing.params, thing.grads, strict=True)
            if parameter is array
        )
        for array in arrays
    ]
    return [forward, backward, *gradients]


def _copied(argument: Any) -> Any:
    return argument.copy() if isinstance(argument, np.ndarray) else argument


class _Sampler:
    """Returns known negatives."""

    def __init__(self, negatives: Any, sampled: list[Any]) -> None:
        self._negatives = negatives
        self._sampled = sampled

    def get_negative_sample(self, _target: Any) -> Any:
        """Return a row of words for each target."""
        self._sampled.append(tuple(int(word) for word in self._negatives.ravel()))
        return self._negatives.copy()
