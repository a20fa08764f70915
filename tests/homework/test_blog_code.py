"""The page on courses takes code from a blog through `--function`; here it also goes wrong."""

from __future__ import annotations

import shutil

import pytest

from gradcheck.homework import verify
from tests.homework.submissions import EXAMPLES, changed

ERRORS = {
    "sign": ("powers / powers.sum(), h", "powers / powers.sum(), -h"),
    "scores": ("np.outer(x, self.W2 @ error)", "np.outer(x, self.W2 @ error**2)"),
    "transposed": ("np.outer(h, error)", "np.outer(error, h).reshape(self.W2.shape)"),
    "sum": ("powers / powers.sum()", "powers / powers.max()"),
    "input": ("scores = self.W2.T @ h", "scores = self.W2.T @ x.repeat(len(h))"),
}


@pytest.fixture
def blog(tmp_path):
    """Return the report on the blog's code, with a change."""

    def blog(*change, named_in_a_table=False):
        shutil.copy(EXAMPLES / "blog_adapter.py", tmp_path)
        text = (EXAMPLES / "blog_word2vec.py").read_text(encoding="utf-8")
        (tmp_path / "blog_word2vec.py").write_text(changed(text, *change), encoding="utf-8")
        names = {"naive-softmax": "pair_loss"}
        if named_in_a_table:
            table = '[tool.gradcheck.functions]\nnaive-softmax = "pair_loss"\n'
            (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
            names = {}
        return verify(
            tmp_path / "blog_adapter.py",
            functions=names,
            only="pair_loss",
            seed=1,
            in_process=False,
            profile="grade",
        )

    return blog


@pytest.mark.parametrize("named_in_a_table", [False, True])
def test_it_passes(blog, named_in_a_table):
    report = blog(named_in_a_table=named_in_a_table)
    assert report.passed
    assert [function.name for function in report.functions] == ["pair_loss"]


@pytest.mark.parametrize("name", ERRORS)
def test_each_mistake_in_it_fails(blog, name):
    assert not blog(ERRORS[name]).passed
