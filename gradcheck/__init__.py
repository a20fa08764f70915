"""Check a hand-coded gradient against finite differences whose error bound holds."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcheck.checking import GradientMismatch, assert_gradient, check
    from gradcheck.derivatives import Derivative, differentiate
    from gradcheck.reports import GradientReport

__all__ = [
    "Derivative",
    "GradientMismatch",
    "GradientReport",
    "assert_gradient",
    "check",
    "differentiate",
]

# Where each name comes from, when it is asked for: the pytest plugin lies in this package and is
# loaded in every run of pytest, most of which have no use for NumPy.
_HOMES = {
    "Derivative": "derivatives",
    "GradientMismatch": "checking",
    "GradientReport": "reports",
    "assert_gradient": "checking",
    "check": "checking",
    "differentiate": "derivatives",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(globals() | _HOMES)
