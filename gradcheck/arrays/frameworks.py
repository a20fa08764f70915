"""Arrays of any framework as NumPy's, and back: all that is known of frameworks.

None of them is imported here. An array brings its own functions, by the array API standard.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from array_api_compat import array_namespace, device, is_array_api_obj, to_device
from numpy.typing import NDArray

__all__ = [
    "as_numpy",
    "constructor",
    "differentiator",
    "dtype_of",
    "framework",
    "holds",
    "is_foreign",
    "writer",
]

Leaves = Sequence[Any]

DENSIFIERS = ("detach", "to_dense", "todense", "toarray")
"""Methods that take a graph of operations, or a sparse layout, away from an array."""


def is_foreign(value: Any) -> bool:
    """Tell whether a value is an array, but none of NumPy's."""
    return not isinstance(value, np.ndarray | np.generic) and bool(is_array_api_obj(value))


def as_numpy(value: Any) -> NDArray[Any]:
    """Return the entries of an array of any framework, wherever it lies; of a sparse one, all.

    Raises
    ------
    ValueError
        If it is a list of lists of unequal lengths.
    """
    if isinstance(value, np.ndarray | np.generic | float | int | list | tuple):
        return np.asarray(value)
    # NumPy makes an object of a sparse matrix, and refuses a tensor that requires a gradient.
    for name in DENSIFIERS:
        if callable(method := getattr(value, name, None)):
            value = method()
    if not is_foreign(value):
        return np.asarray(value)
    # NumPy knows no bfloat16, which is to be refused by its own name later.
    if dtype_of(value) == np.float16:
        value = array_namespace(value).astype(value, array_namespace(value).float32)
    try:
        return np.asarray(value)
    except TypeError:  # it lies on an accelerator
        return np.asarray(to_device(value, "cpu"))


def dtype_of(value: Any) -> np.dtype[Any] | None:
    """Return NumPy's dtype for the numbers of an array; None where it is no array.

    For half precision of any kind, float16.
    """
    if not is_foreign(value):
        dtype = getattr(value, "dtype", None)
        return dtype if isinstance(dtype, np.dtype) else None
    xp = array_namespace(value)
    try:
        for kind, letter in (("real floating", "float"), ("complex floating", "complex")):
            if xp.isdtype(value.dtype, kind):
                bits = xp.finfo(value.dtype).bits
                return np.dtype(f"{letter}{bits if letter == 'float' else 2 * bits}")
    except TypeError:  # JAX's random keys have a dtype that is no number's
        pass
    # Whole numbers and truth values are not moved, whatever their size.
    return np.dtype(np.int64)


def holds(value: Any, dtype: np.dtype[Any]) -> bool:
    """Tell whether the framework of an array holds numbers of another dtype where that lies."""
    info = array_namespace(value).__array_namespace_info__()
    return dtype.name in info.dtypes(kind="real floating")


def writer(value: Any, dtype: np.dtype[Any] | None = None) -> Callable[[NDArray[Any]], Any]:
    """Return a function from NumPy's arrays to such as `value`: of its kind, dtype and device.

    Parameters
    ----------
    value
        An array of another framework.
    dtype
        Another dtype than its own.
    """
    # What is found here once would be looked up at every evaluation.
    xp = array_namespace(value)
    own = value.dtype if dtype is None else getattr(xp, dtype.name)
    place = device(value)
    is_recorded = getattr(value, "requires_grad", False)
    # Another framework may take a NumPy array's memory for its own, and read it later.
    is_eager = framework(value) == "torch"

    def write(array: NDArray[Any]) -> Any:
        written = xp.asarray(array if is_eager else array.copy(), dtype=own, device=place)
        return written.requires_grad_() if is_recorded else written

    return write


def differentiator(value: Any) -> Callable[[Callable[[Leaves], Any], Leaves], Leaves] | None:
    """Return the function of a framework that differentiates, None where it has none.

    It takes a function of a list of arrays, and that list, and returns the derivative by each.

    Parameters
    ----------
    value
        An array of the framework.
    """
    return {"torch": _by_torch, "jax": _by_jax}.get(framework(value))


def framework(value: Any) -> str:
    """Return the name of the package that an array is of."""
    return type(value).__module__.partition(".")[0].removesuffix("lib")


def constructor(value: Any) -> tuple[str, str]:
    """Return the import of a framework's constructor from NumPy's arrays, and its name there."""
    name = framework(value)
    if name == "jax":
        return "import jax.numpy as jnp", "jnp.asarray"
    return f"import {name}", f"{name}.asarray"


def _by_torch(function: Callable[[Leaves], Any], leaves: Leaves) -> Leaves:
    torch: Any = sys.modules["torch"]
    leaves = [leaf.detach().requires_grad_() for leaf in leaves]
    with torch.enable_grad():
        value = function(leaves)
        if not getattr(value, "requires_grad", False):
            raise TypeError(
                "torch has not recorded how the loss comes from its tensors, so it has no "
                "gradient to check: is there a detach(), a .item(), or NumPy in between?"
            )
        derivatives: Leaves = torch.autograd.grad(value, leaves, materialize_grads=True)
    return derivatives


def _by_jax(function: Callable[[Leaves], Any], leaves: Leaves) -> Leaves:
    derivatives: Leaves = sys.modules["jax"].grad(function)(list(leaves))
    return derivatives
