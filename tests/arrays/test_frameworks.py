"""Arrays of other frameworks: there and back, and their own derivative as the claim."""

from __future__ import annotations

import dataclasses
import importlib
import subprocess
import sys
import warnings
from typing import Any, NamedTuple

import numpy as np
import pytest
from array_api_compat import array_namespace

import gradcheck
from gradcheck.arrays.trees import is_moved, rebuilder, walked
from tests.verdicts.cases import NEVER_AGREES

NAMES = ["numpy", "torch", "jax", "array_api_strict"]
DTYPES = ["float64", "float32"]
RNG = np.random.default_rng(0)
PIECES = [RNG.normal(size=shape) for shape in ((3,), (2, 3), (4,))]


class Pair(NamedTuple):
    """Two arrays with names."""

    w: Any
    b: Any


@dataclasses.dataclass(frozen=True)
class Layer:
    """Parameters, and an option that does not move."""

    w: Any
    b: Any
    units: int = 3


KINDS = {
    "an array": lambda x, _y, _z: x,
    "a matrix": lambda _x, y, _z: y,
    "two arguments": lambda x, y, _z: (x, y),
    "one argument in a tuple": lambda _x, y, _z: (y,),
    "a list": lambda x, y, z: [x, y, z],
    "a dict": lambda x, y, _z: {"w": y, "b": x},
    "dicts in a dict": lambda x, y, z: {"one": {"w": y, "b": x}, "two": {"b": z}},
    "a named tuple": lambda x, y, _z: Pair(y, x),
    "a dataclass": lambda x, y, _z: Layer(y, x),
    "a tuple in a list": lambda x, y, z: [(x, y), z],
    "a whole number beside it": lambda x, y, _z: (x, 3, y),
    "None beside it": lambda x, y, _z: {"w": y, "none": None, "b": x},
}


@pytest.fixture(params=NAMES)
def name(request):
    """A framework that is installed."""
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture(params=DTYPES)
def dtype(request, name):
    """A dtype; JAX has float64 only where it is told to."""
    if name != "jax":
        yield request.param
        return
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", request.param == "float64")
    yield request.param
    jax.config.update("jax_enable_x64", False)  # noqa: FBT003


def namespace(name):
    return importlib.import_module("jax.numpy" if name == "jax" else name)


def array(name, piece, dtype="float64"):
    xp = namespace(name)
    return xp.asarray(np.asarray(piece), dtype=getattr(xp, dtype))


def moved(tree):
    return [leaf for _, leaf in walked(tree, "") if is_moved(leaf)]


def tree_of(arguments):
    return arguments if len(arguments) > 1 else arguments[0]


def loss(*arguments):
    """Return a sum over all entries, each array's with a weight of its own."""
    total = 0.0
    for weight, x in enumerate(moved(tree_of(arguments)), 1):
        xp = array_namespace(x)
        total = total + weight * xp.sum(xp.tanh(x) + x**2 / 8)
    return total


def derivatives(tree):
    for weight, x in enumerate(moved(tree), 1):
        xp = array_namespace(x)
        yield weight * (1 - xp.tanh(x) ** 2 + x / 4)


def gradient_with(change):
    """Return a gradient whose arrays, a list of them, are changed."""

    def gradient(*arguments):
        tree = tree_of(arguments)
        return rebuilder(tree)(iter(change(list(derivatives(tree)))))

    return gradient


def first_entry_off(parts):
    first = np.asarray(parts[-1]).copy()
    first.flat[0] *= 1.05
    xp = array_namespace(parts[-1])
    return [*parts[:-1], xp.asarray(first)]


WRONG = {
    "zero": lambda parts: [0 * part for part in parts],
    "negated": lambda parts: [-part for part in parts],
    "× 1.5": lambda parts: [1.5 * part for part in parts],
    "the last array zero": lambda parts: [*parts[:-1], 0 * parts[-1]],
    "the first array negated": lambda parts: [-parts[0], *parts[1:]],
    "an entry off by a twentieth": first_entry_off,
}
SOME = {"two arguments", "a dict"}


def skip_what_is_slow(name, dtype, kind):
    """Skip most kinds of JAX's float32: all pass, but one takes seconds without jit."""
    if (name, dtype) == ("jax", "float32") and kind not in SOME:
        pytest.skip("eager JAX is slow, and float32 takes many evaluations")


@pytest.mark.parametrize("kind", KINDS)
def test_right_gradients_agree_and_wrong_ones_do_not(name, dtype, kind):
    skip_what_is_slow(name, dtype, kind)
    at = KINDS[kind](*(array(name, piece, dtype) for piece in PIECES))
    report = gradcheck.check(loss, gradient_with(lambda parts: parts), at)
    assert report.verdict == "agrees", str(report)
    for label, change in WRONG.items():
        report = gradcheck.check(loss, gradient_with(change), at)
        # JAX's float32 cannot be promoted, and is noisy.
        wanted = NEVER_AGREES if (name, dtype) == ("jax", "float32") else {"disagrees"}
        assert report.verdict in wanted, f"{label}\n{report}"


@pytest.mark.parametrize("kind", KINDS)
def test_functions_get_back_what_they_know(name, dtype, kind):
    skip_what_is_slow(name, dtype, kind)
    at = KINDS[kind](*(array(name, piece, dtype) for piece in PIECES))
    seen = []

    def watched(*arguments):
        seen.append(tree_of(arguments))
        return loss(*arguments)

    gradcheck.check(watched, gradient_with(lambda parts: parts), at)
    given = at if not isinstance(at, tuple) or len(at) > 1 or isinstance(at, Pair) else at[0]
    for tree in (seen[0], seen[1]):
        assert type(tree) is type(given)
        for (path, leaf), (other, original) in zip(
            walked(tree, ""), walked(given, ""), strict=True
        ):
            assert path == other
            assert type(leaf) is type(original)
            if is_moved(leaf):
                assert leaf.shape == original.shape
                assert str(leaf.dtype) in {
                    str(original.dtype),
                    str(original.dtype).replace("32", "64"),
                }


@pytest.mark.parametrize("name", ["torch", "jax"], indirect=True)
def test_the_framework_s_own_derivative_is_the_claim(name, dtype):
    at = {"w": array(name, PIECES[1], dtype), "b": array(name, PIECES[0], dtype), "n": 3}
    report = gradcheck.check(loss, at=at)
    assert report.verdict == "agrees", str(report)
    assert report.notes[-1] == f"The gradient that was checked is {name}'s own."
    assert gradcheck.check(loss, at).verdict == "agrees"


def test_a_wrong_autograd_function_is_found():
    torch = pytest.importorskip("torch")

    class Cube(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, upstream):
            (x,) = ctx.saved_tensors
            return factor * x**2 * upstream

    x = torch.tensor(PIECES[0])
    factor = 3
    assert gradcheck.check(lambda x: Cube.apply(x).sum(), x).verdict == "agrees"
    factor = 2
    assert gradcheck.check(lambda x: Cube.apply(x).sum(), x).verdict == "disagrees"


@pytest.mark.parametrize("name", ["jax"], indirect=True)
def test_a_wrong_custom_vjp_is_found(name):
    jax = importlib.import_module(name)

    @jax.custom_vjp
    def cube(x):
        return x**3

    cube.defvjp(lambda x: (x**3, x), lambda x, upstream: (factor * x**2 * upstream,))
    x = jax.numpy.asarray(PIECES[0])
    factor = 3
    assert gradcheck.check(lambda x: cube(x).sum(), x).verdict == "agrees"
    factor = 2
    assert gradcheck.check(lambda x: cube(x).sum(), x).verdict == "disagrees"


def test_a_parameter_that_is_cut_off_is_named():
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1))
    module, x = module.double(), torch.tensor(PIECES[1])

    def cut(p):
        p = {**p, "2.bias": p["2.bias"].detach()}
        return torch.func.functional_call(module, p, (x,)).pow(2).mean()

    report = gradcheck.check(cut, dict(module.named_parameters()))
    assert report.verdict == "disagrees"
    assert [array.name for array in report.arrays if array.verdict == "disagrees"] == [
        "p['2.bias']"
    ]
    assert all(not parameter.grad for parameter in module.parameters())


def test_gradients_in_sparse_layouts_are_read():
    torch, sparse = pytest.importorskip("torch"), pytest.importorskip("scipy.sparse")
    rows = torch.tensor([1, 0, 1])

    def embedded(table):
        return torch.nn.functional.embedding(rows, table, sparse=True).pow(2).sum()

    assert gradcheck.check(embedded, torch.tensor(PIECES[1])).verdict == "agrees"
    right = gradcheck.check(lambda x: (x**2).sum(), lambda x: sparse.csr_array(2 * x), PIECES[1])
    assert right.verdict == "agrees"


def test_what_comes_again_can_be_pasted(name, dtype):
    at = {"w": array(name, PIECES[0], dtype), "n": 3, "s": "a word"}
    report = gradcheck.check(loss, gradient_with(WRONG["zero"]), at)
    scope = {"loss": loss, "gradient": gradient_with(WRONG["zero"])}
    printed = []
    code = report.snippet.replace("print(", "printed.append(")
    exec(code, {**scope, "grad": scope["gradient"], "printed": printed})  # noqa: S102  our own text
    assert printed[0].verdict == report.verdict == "disagrees"


REFUSED = {
    "half": (lambda torch: torch.ones(2).half(), r"torch.float16; .* Convert .* with \.double\(\)"),
    "bfloat": (lambda torch: torch.ones(2).bfloat16(), r"torch\.bfloat16; .* \.double\(\)"),
    "complex": (lambda torch: torch.ones(2) + 1j, "real and imaginary part for two arrays"),
    "whole": (lambda torch: torch.arange(3), "x holds int64 numbers; floats were expected"),
    "module": (lambda torch: torch.nn.Linear(2, 1), r"at=dict\(module\.named_parameters\(\)\)"),
    "generator": (lambda torch: torch.nn.Linear(2, 1).parameters(), r"at=list\("),
    "nan": (lambda torch: torch.tensor([1.0, np.nan]), r"x\[1\] is nan; finite numbers"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_refused_shows_the_way(kind):
    torch = pytest.importorskip("torch")
    make, message = REFUSED[kind]
    with pytest.raises((TypeError, ValueError), match=message):
        gradcheck.check(lambda x: (x**2).sum(), make(torch))


@pytest.mark.parametrize("name", ["jax"], indirect=True)
def test_a_framework_without_double_precision_is_not_asked_for_it(name):
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        report = gradcheck.check(loss, at=array(name, PIECES[0], "float32"))
    assert report.verdict == "agrees"
    assert [str(each.message) for each in seen] == []


def test_kinds_that_are_mixed_are_named():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match="at holds numbers of 2 kinds, numpy, torch"):
        gradcheck.check(lambda x, y: (x**2).sum() * y.sum(), (torch.ones(2), np.ones(2)))


def test_a_missing_derivative_is_zeros():
    torch = pytest.importorskip("torch")
    at = [torch.ones(2, requires_grad=True), torch.ones(2, requires_grad=True)]

    def gradient(p):
        return torch.autograd.grad((p[0] ** 2).sum(), p, allow_unused=True)

    with pytest.raises(TypeError, match=r"the gradient\[1\] is NoneType; .* zeros, where the loss"):
        gradcheck.check(lambda p: (p[0] ** 2).sum(), gradient, at)


@pytest.mark.parametrize("name", ["jax"], indirect=True)
def test_a_random_key_is_passed_on(name, dtype):
    jax = importlib.import_module(name)
    at = {"x": array(name, PIECES[0], dtype), "key": jax.random.key(0)}
    assert gradcheck.check(lambda p: (p["x"] ** 2).sum(), at).verdict == "agrees"


def test_a_loss_that_left_the_framework_is_told_so():
    torch = pytest.importorskip("torch")
    with pytest.raises(TypeError, match=r"torch has not recorded .* detach\(\), a \.item\(\)"):
        gradcheck.check(lambda x: (x**2).sum().item(), torch.ones(2))


def test_differentiate_takes_them_too(name, dtype):
    x = array(name, PIECES[0], dtype)
    derivative = gradcheck.differentiate(loss, x, array(name, np.ones(3), dtype))
    expected = sum(np.asarray(part).sum() for part in derivatives(x))
    bound = 1e-10 if dtype == "float64" else 1e-2
    assert abs(derivative.value - expected) <= derivative.error < bound


def test_no_framework_is_imported_for_numpy():
    code = (
        "import sys, numpy, gradcheck\n"
        "gradcheck.check(lambda x: (x**2).sum(), lambda x: 2 * x, numpy.ones(3))\n"
        "print({'torch', 'jax'} & set(sys.modules))"
    )
    done = subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_an_argument_that_is_given_away_is_overwritten():
    jax = pytest.importorskip("jax")

    gradient = jax.jit(lambda x: 3 * x**2, donate_argnums=0)
    report = gradcheck.check(lambda x: (x**3).sum(), gradient, jax.numpy.array([0.5, -1.2]))
    assert report.verdict == "undecided"
    assert "overwritten" in report.reason
