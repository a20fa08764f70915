"""A person's own SymPy loss as a NumPy loss and gradient."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
from sympy import Matrix, MatrixSymbol, Product, Sum, Symbol, exp, log, symbols

import gradcheck
from gradcheck.symbolic import loss_and_gradient
from models import losses

x, y, z = symbols("x y z", real=True)
U, v = MatrixSymbol("U", 4, 3), MatrixSymbol("v", 3, 1)


def test_scalars_as_positional_arguments():
    value, (by_x, by_y) = loss_and_gradient(x**2 * exp(y), (x, y))(3.0, 0.0)
    assert (value, by_x, by_y) == (9.0, 6.0, 9.0)


def test_a_single_scalar():
    value, gradient = loss_and_gradient(x**3, x)(2.0)
    assert (value, gradient) == (8.0, 12.0)
    assert type(gradient) is float


@pytest.mark.parametrize("column", [True, False])
def test_naive_softmax_of_explicit_size(column):
    scores = U * v
    loss = -scores[2, 0] + log(sum(exp(scores[word, 0]) for word in range(4)))
    generator = np.random.default_rng(5)
    center, outside = generator.standard_normal(3), generator.standard_normal((4, 3))
    expected = losses.naive_softmax(center, outside, 2)
    given = center[:, None] if column else center
    value, (by_center, by_outside) = loss_and_gradient(loss, (v, U))(given, outside)
    np.testing.assert_allclose(value, expected[0], rtol=1e-14)
    np.testing.assert_allclose(by_center.ravel(), expected[1], rtol=1e-13)
    np.testing.assert_allclose(by_outside, expected[2], rtol=1e-13)
    assert by_center.shape == given.shape


def test_a_dict_with_a_matrix_and_a_list():
    w = Matrix(symbols("w:4", real=True)).reshape(2, 2)
    function = loss_and_gradient(w.det() * x + y, {"w": w, "rest": [x, y]})
    value, gradient = function({"w": np.array([[1.0, 2.0], [3.0, 5.0]]), "rest": [2.0, 7.0]})
    assert value == 5.0
    np.testing.assert_allclose(gradient["w"], [[10.0, -6.0], [-4.0, 2.0]])
    assert gradient["rest"] == [-1.0, 1.0]


def test_an_expression_that_does_not_depend_on_everything():
    value, gradient = loss_and_gradient(x**2, (x, y))(3.0, 1.0)
    assert (value, gradient) == (9.0, (6.0, 0.0))


def test_float32_comes_back_as_float32():
    _, gradient = loss_and_gradient((v.T * v)[0, 0], v)(np.ones(3, dtype=np.float32))
    assert gradient.dtype == np.float32
    np.testing.assert_array_equal(gradient, [2.0, 2.0, 2.0])


def test_a_real_absolute_value():
    assert loss_and_gradient(abs(x), x)(-2.0) == (2.0, -1.0)


i, j = symbols("i j", integer=True)
PI = Symbol("pi", real=True)
NAMESAKES = symbols(r"exp sin select numpy array sqrt x0 lambda \alpha", real=True)
POSITIVE = symbols("p q", positive=True)

EXPRESSIONS = {
    "a parameter named pi": (sympy.pi * PI**2, (PI,)),
    "parameters named as functions of NumPy": (
        sum(exp(name) * sympy.sin(name) + name**2 for name in NAMESAKES)
        + sympy.Piecewise((NAMESAKES[2] ** 2, NAMESAKES[2] > 0), (0, True)),
        NAMESAKES,
    ),
    "an index with a parameter's name": (y * Sum(x**y, (y, 0, 3)), (x, y)),
    "a product's index with a parameter's name": (x * Product(x + y, (x, 1, 3)), (x, y)),
    "an index of its own": (Sum(x**i, (i, 0, 3)), (x,)),
    "a product": (Product(x + i, (i, 0, 3)), (x,)),
    "an inner limit that depends on the outer index": (Sum(x**j, (j, 0, i), (i, 0, 3)), (x,)),
    "a sum in a sum": (Sum(y**i * Sum(x**j, (j, 0, i)), (i, 0, 3)), (x, y)),
    "an empty sum": (x + Sum(x**i, (i, 3, 2)), (x,)),
    "functions": (sympy.erf(x) * sympy.atan2(y, x) + sympy.acosh(1 + x**2), (x, y)),
    "constants": (sympy.Catalan * x + sympy.E * sympy.GoldenRatio, (x,)),
    "complex symbols that happen to be positive": (log(POSITIVE[0]) ** POSITIVE[1], POSITIVE),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_values_are_those_of_sympy_and_gradients_those_of_the_loss(name):
    expression, parameters = EXPRESSIONS[name]
    function = loss_and_gradient(expression, parameters)
    at = tuple(float(number) for number in np.linspace(1.5, 2.5, len(parameters)))
    expected = expression.doit().subs(dict(zip(parameters, at, strict=True))).evalf()
    assert float(function(*at)[0]) == pytest.approx(float(expected), rel=1e-13)
    report = gradcheck.check(function, at)
    assert report, str(report)


def test_a_captured_index_has_the_value_worked_by_hand():
    value, gradient = loss_and_gradient(y * Sum(x**y, (y, 0, 3)), (x, y))(2.0, 5.0)
    assert (value, gradient) == (75.0, (85.0, 15.0))


def test_a_parameter_named_pi_is_not_the_number():
    assert loss_and_gradient(sympy.pi * PI, PI)(2.0) == (2 * np.pi, np.pi)


def test_a_long_sum_has_the_gradient_of_its_terms_where_its_closed_form_has_a_case():
    assert loss_and_gradient(Sum(x**i, (i, 0, 150)), x)(1.0) == (151.0, 11325.0)


def test_a_sum_over_the_rows_of_a_matrix_symbol():
    function = loss_and_gradient(Sum(v[i, 0] ** 2, (i, 0, 2)), v)
    np.testing.assert_array_equal(function(np.arange(3.0))[1], [0.0, 2.0, 4.0])


n = Symbol("n", integer=True)
REFUSED = {
    "a sum of symbolic length": (Sum(x**i, (i, 0, n)), r"unevaluated Sum\(x\*\*i, \(i, 0, n\)\)"),
    "a sum up to a parameter": (Sum(y**i, (i, 0, x)), "unevaluated Sum"),
    "an infinite sum": (Sum(x**i, (i, 0, sympy.oo)), "unevaluated Sum"),
    "a sum that SymPy reads backwards": (Sum(x * i, (i, 3, 0)), "unevaluated Sum"),
    "a product of symbolic length": (Product(x + i, (i, 1, n)), "unevaluated Product"),
    "an integral": (sympy.Integral(exp(-x * y**2), (y, 0, 1)), "unevaluated Integral"),
    "a derivative": (sympy.Derivative(x**2, x), r"unevaluated Derivative\(x\*\*2, x\)"),
    "a limit": (sympy.Limit(x * y, y, 2), "unevaluated Limit"),
    "gamma": (sympy.gamma(x), "NumPy cannot evaluate polygamma, which its derivative contains"),
    "a Bessel function": (sympy.besselj(0, x), "NumPy cannot evaluate besselj$"),
    "a sign": (sympy.sign(x) * x, "NumPy cannot evaluate DiracDelta, which its derivative"),
    "an interval": (sympy.AccumBounds(0, 1) * x, "NumPy cannot evaluate AccumulationBounds$"),
    "a root without a formula": (sympy.rootof(y**5 - y + 1, 0) * x, "evaluate CRootOf$"),
    "complex infinity": (sympy.zoo * x, r"expected real values, got the loss zoo\*x"),
    "a complex number": (sympy.I * x, r"expected real values, got the loss I\*x"),
    "nan": (sympy.nan + x, "expected real values, got the loss nan"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_numpy_cannot_evaluate_is_named(name):
    loss, message = REFUSED[name]
    with pytest.raises(ValueError, match="^loss: .*" + message):
        loss_and_gradient(loss, (x, y))


f = sympy.Function("f")
MADE_WRONG = {
    "no expression": ("x**2", x, TypeError, "^loss: expected a SymPy expression, got str"),
    "a matrix": (Matrix([x, y]), (x, y), TypeError, r"^loss: .* got a matrix of shape \(2, 1\)"),
    "a matrix expression": (v.T * v, v, TypeError, r"^loss: .* got a matrix of shape \(1, 1\)"),
    "an unknown symbol": (x * z, x, ValueError, "^loss: .* alone, got one of z too"),
    "a symbol twice": (x * y, (x, y, x), ValueError, "^parameters: expected distinct .* x twice"),
    "a string": (x, (x, "y"), TypeError, r"^parameters\[1\]: expected a SymPy Symbol, .* got str"),
    "a matrix of numbers": (x, Matrix([x, 1]), TypeError, "^parameters: expected a matrix of sym"),
    "an undefined function": (f(x), x, ValueError, r"^loss: SymPy cannot differentiate f\(x\)"),
    "a complex absolute value": (abs(Symbol("c")), Symbol("c"), ValueError, "real=True"),
}


@pytest.mark.parametrize("name", MADE_WRONG)
def test_wrong_definitions_are_refused_by_name(name):
    loss, parameters, kind, message = MADE_WRONG[name]
    with pytest.raises(kind, match=message):
        loss_and_gradient(loss, parameters)


CALLED_WRONG = {
    "too few": ((1.0,), "^expected 2 positional arguments, got 1"),
    "another shape": ((np.ones(4), 1.0), r"^at\[0\]: expected the shape \(3, 1\) or \(3,\), got"),
    "another structure": (([1.0, 2.0], 1.0), r"^expected the structure at\[0\], at\[1\]; got"),
}


@pytest.mark.parametrize("name", CALLED_WRONG)
def test_wrong_arguments_are_refused_by_name(name):
    arguments, message = CALLED_WRONG[name]
    function = loss_and_gradient(x * (v.T * v)[0, 0], (v, x))
    with pytest.raises(ValueError, match=message):
        function(*arguments)
