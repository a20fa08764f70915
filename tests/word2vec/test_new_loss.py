"""A new loss is one row and its mathematics: an invented one goes through all that lists losses.

It asks of the observed pair alone: J = -log σ(u_o·v_c), what negative sampling is without
negatives.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import sympy
from hypothesis import given

import gradcheck
from gradcheck.__main__ import main
from gradcheck.document.blocks import Heading, Paragraph
from gradcheck.document.spans import formula, phrase
from gradcheck.word2vec import cases, formulas, loss_table, losses, oracle
from gradcheck.word2vec.derivations import NAMES
from gradcheck.word2vec.lecture import predictions
from gradcheck.word2vec.loss import Loss, Telling
from gradcheck.word2vec.loss_table import LOSSES
from gradcheck.word2vec.walkthrough import walk

NO_NEGATIVES = np.array([], dtype=np.intp)


def _tell(_step):
    yield Heading(phrase("Only the observed pair is asked for"))
    yield Paragraph(phrase("What is predicted: {p}.", p=formula("σ(u_o·v_c)", r"\sigma(u_o v_c)")))


ROW = Loss(
    name="observed-pair",
    has_negatives=False,
    formula=lambda: -sympy.log(losses.sigmoid(losses.score(losses.o))),
    derivation="sigmoid",
    numpy=lambda v, u, o, _negatives: formulas.negative_sampling(v, u, o, NO_NEGATIVES),
    evaluate=lambda case: oracle.negative_sampling(replace(case, negatives=())),
    telling=Telling(
        predict=lambda scores, target, _: predictions.negative_sampling_predictions(
            scores, target, ()
        ),
        value=lambda scores, target, _: predictions.negative_sampling_loss(scores, target, ()),
        forward=_tell,
        outside=formula("∂J/∂u_o = (σ - 1) v_c", r"\partial J/\partial u_o = (\sigma - 1) v_c"),
        prediction=formula("σ(u_w·v_c)", r"\sigma(u_w \cdot v_c)"),
        predicted=loss_table.NEGATIVE_SAMPLING.telling.predicted,
        moves_all_rows=False,
    ),
)


@pytest.fixture
def new(monkeypatch):
    monkeypatch.setattr(loss_table, "LOSSES", (*LOSSES, ROW))
    return ROW


def test_it_is_listed_where_losses_are(new, capsys):
    assert loss_table.named("observed-pair") is new
    with pytest.raises(SystemExit):
        main(["walkthrough", "--help"])
    assert "observed-pair" in capsys.readouterr().out
    with pytest.raises(ValueError, match="hierarchical-softmax or observed-pair, got 'none'"):
        walk(loss="none")


@pytest.mark.parametrize("loss", [*LOSSES, ROW], ids=lambda loss: loss.name)
def test_a_row_agrees_with_itself(loss):
    """Its formula, what NumPy makes of it, the oracle, the predictions: all are one."""
    rng = np.random.default_rng(3)
    v, u, target = rng.standard_normal(3), rng.standard_normal((5, 3)), 1
    asked = (target, (2, 0, 2) if loss.has_negatives else ())
    if loss.has_tree:
        asked = ((4, 1, 0), (1, -1, 1))
    arrays_asked = tuple(np.array(part, dtype=np.intp) for part in asked)
    value, center, outside = loss.numpy(v, u, *arrays_asked)
    answer = loss.evaluate(loss.case(v, u, *asked))
    np.testing.assert_allclose(answer.loss, value, rtol=1e-13)
    np.testing.assert_allclose(answer.center, center, rtol=1e-12)
    np.testing.assert_allclose(answer.outside, outside, rtol=1e-12, atol=1e-15)
    scores = tuple(map(float, u @ v))
    predicted = loss.telling.predict(scores, *asked)
    assert sum(each.loss for each in predicted if each.loss is not None) == pytest.approx(value)
    assert loss.telling.value(scores, *asked) == pytest.approx(value)
    by_center, _ = predictions.gradient(predicted, tuple(v), tuple(map(tuple, u)))
    np.testing.assert_allclose(by_center, center, rtol=1e-12)
    assert len(loss.telling.predicted(scores)) == len(scores)
    assert gradcheck.check(
        lambda v, u: loss.numpy(v, u, *arrays_asked)[0],
        lambda v, u: loss.numpy(v, u, *arrays_asked)[1:],
        (v, u),
    )
    assert loss.derivation in NAMES
    if not (loss.has_negatives or loss.has_tree):  # the arrays of the others have symbolic length
        numbers = {losses.W: 5, losses.d: 3, losses.o: target}
        arrays = {"v": v[:, None], "U": u}
        explicit = loss.formula().subs(numbers).doit()
        points = {
            entry: arrays[entry.parent.name][tuple(map(int, entry.indices))]
            for entry in explicit.atoms(sympy.matrices.expressions.matexpr.MatrixElement)
        }
        assert float(explicit.subs(points)) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize("init", ["random", "zeros"])
def test_it_is_told_in_every_format(new, init):
    step = walk(loss=new.name, init=init)
    assert "One step on paper: skip-gram, observed pair" in str(step)
    assert "Only the observed pair is asked for" in str(step)
    assert "Only the observed pair is asked for" in step.to_html()
    assert r"\sigma(u_o v_c)" in step.to_latex()
    assert step.confirmation.verdict == "agrees"
    with pytest.raises(ValueError, match="observed pair has none; expected them with negative"):
        walk(loss=new.name, negatives=2)


@pytest.mark.parametrize("kind", ["skip-gram", "cbow"])
def test_the_oracle_sums_it_over_windows(kind):
    of_window = oracle.skipgram if kind == "skip-gram" else oracle.cbow

    @given(cases.window_cases(kind=kind))
    def is_a_sum(case):
        answer = of_window(case, ROW)
        pairs = [(case.center_vectors[case.center], word) for word in case.context]
        if kind == "cbow":
            pairs = [(case.center_vectors[list(case.context)].sum(axis=0), case.center)]
        terms = [
            ROW.evaluate(cases.Case(vector, case.outside_vectors, target)).loss
            for vector, target in pairs
        ]
        assert answer.loss == pytest.approx(sum(terms), rel=1e-12, abs=1e-300)

    is_a_sum()
