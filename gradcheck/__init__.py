"""Check a hand-coded gradient against finite differences whose error bound holds."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradcheck.checking.gradients import GradientMismatch, assert_gradient, check
    from gradcheck.numerical.differentiation import Derivative, differentiate
    from gradcheck.report.gradient_report import GradientReport

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
    "Derivative": "numerical.differentiation",
    "GradientMismatch": "checking.gradients",
    "GradientReport": "report.gradient_report",
    "assert_gradient": "checking.gradients",
    "check": "checking.gradients",
    "differentiate": "numerical.differentiation",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(globals() | _HOMES)
