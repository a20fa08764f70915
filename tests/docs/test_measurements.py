"""The page of measurements says what was asked, what was printed, and what was missed."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from tests.benchmarks import measurements
from tests.benchmarks.measurements import BENCHMARKS, Output, comparison, measure, page, with_rows
from tests.docs.pages import DOCS, README, ROOT

BY_NAME = {benchmark.name: benchmark for benchmark in BENCHMARKS}
# They take part in a benchmark, write the page, or measure nothing that runs.
NO_BENCHMARKS = {"measurements", "style_counts", "trainers"}

COST = Output(
    "abc",
    """\
Right gradients of naive softmax, 20 problems a size; 1 thread

 size, parameters     checker          evals                   time  agree median  99 %
 ──────────────────────────────────────────────────────────────────────────────────────
 (50, 10), 510        gradcheck.check     15                 2.3 ms 3 of 3  6e-13 7e-13
                      scipy all          511                29.4 ms 1 of 1

 (500, 50), 25,050    gradcheck.check     14                10.9 ms 3 of 3  1e-12 1e-12
                      course's loop        –  not run: 3 s forecast      –
                      scipy all       25,051                  2.8 s 1 of 1
                      torch fast           6                 8.2 ms 3 of 3
                      jax                  4                 8.9 ms 3 of 3

 (2000, 100), 200,100 gradcheck.check     16                20.5 ms 3 of 3  1e-12 1e-12

MISSED: (500, 50): 1.33 of the time of PyTorch's fast mode
MISSED: gradcheck.check takes 16 evaluations at most
""",
)
POWER = Output(
    "abc",
    """\
How many of 20 problems pass, at (|V|, d) = (500, 50)

                                               course's scipy  scipy torch
 mistake                             gradcheck     loop   all random  fast jax
 ─────────────────────────────────────────────────────────────────────────────
 no mistake: has to pass                    20       20    20     20    20  20

 two entries of U's, ±0.05                   0        0     3      0    20   7
 everything × (1 + 1e-8)                     1       20    20     20    20  20

MET: gradcheck.check passes 1 of 40 wrong gradients
""",
)
ROWS = [
    "|  | gradcheck | SciPy `check_grad` | PyTorch `gradcheck`, fast | JAX `check_grads` |",
    "| --- | --- | --- | --- | --- |",
    "| evaluations for 25,050 parameters | 14 | 25,051 | 6 | 4 |",
    "| wrong gradients that pass, of 40 | 1 | 23 | 40 | 27 |",
]


def one(name, output):
    return page({BY_NAME[name]: output})


def test_every_script_that_measures_is_listed():
    scripts = {
        path.stem
        for path in Path(measurements.__file__).parent.glob("*.py")
        if '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    }
    assert scripts == {*BY_NAME, *NO_BENCHMARKS}


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (Output("abc", "MET: all is well\n", "3 s", "a machine"), "| met | 3 s |\n"),
        (COST, "| **missed** |  |\n"),
        (Output("abc", "no requirement\n"), "| none |  |\n"),
        (Output("abc", "Traceback", failed=True), "| broke off |  |\n"),
        ("jax is not installed.", "| not measured |  |\n"),
    ],
)
def test_the_page_says_how_it_ended_and_shows_what_was_printed(output, said):
    written = one("check_cost", output)
    assert said in written
    if isinstance(output, Output):
        assert f"```text\n{output.text.strip()}\n```" in written
        assert f"at commit {output.commit}" in written
        assert output.machine in written
    else:
        assert output in written


def test_what_is_missed_is_seen_at_once_and_a_long_output_is_folded():
    lines = [f"row {number}" for number in range(100)]
    ending = ["MISSED: 1 of |V| (--seed 0)", "MISSED: all that is asked"]
    before, folded = one("verdicts", Output("abc", "\n".join([*lines, *ending]))).split("<details>")
    assert "- **Missed**: 1 of \\|V\\| (`--seed` 0)\n- **Missed**: all that is asked\n" in before
    assert "row 99" not in before
    assert "\n".join(lines + ending) in folded


def test_numbers_beside_other_checkers_are_those_that_were_printed():
    outputs = {BY_NAME["check_cost"]: COST, BY_NAME["check_power"]: POWER}
    assert comparison(outputs) == ROWS
    assert "\n".join(ROWS) in page(outputs)
    without_jax = POWER._replace(text=re.sub(r" +(jax|\d+)$", "", POWER.text, flags=re.MULTILINE))
    assert comparison(outputs | {BY_NAME["check_power"]: without_jax}) == []
    assert comparison({BY_NAME["check_cost"]: COST}) == []


def test_readme_takes_the_numbers_and_keeps_its_other_rows():
    readme = "before\n\n{}\n| has a bound | yes | no | no | no |\n\nafter\n"
    old = [*ROWS[:2], "| evaluations | 0 | 0 | 0 | 0 |", "| wrong | 0 | 0 | 0 | 0 |"]
    assert with_rows(readme.format("\n".join(old)), ROWS) == readme.format("\n".join(ROWS))
    with pytest.raises(ValueError, match="found 0"):
        with_rows("no table", ROWS)


@pytest.mark.parametrize(
    "output",
    [POWER, Output("abc and changes", "MET: x\n", "1,200 s", "a, b, c", "verdicts --quick")],
)
def test_what_is_kept_comes_back(output):
    assert Output.from_file(output.to_file()) == output


def chosen(**options):
    none = dict.fromkeys(("text", "results", "only", "kept", "keep", "write", "readme"))
    return argparse.Namespace(**{**none, "quick": True, **options})


def test_an_output_that_was_kept_by_hand_is_taken(tmp_path):
    (tmp_path / "verdicts.txt").write_text("commit abc\nMET: x\n", encoding="utf-8")
    ((benchmark, output),) = measurements.gather(chosen(kept=tmp_path, only=["verdicts"]))
    assert (benchmark, output) == (BY_NAME["verdicts"], Output("abc", "MET: x\n"))
    assert "python -m tests.benchmarks.verdicts --processes 2\n" in page({benchmark: output})


def test_a_kept_output_of_an_unknown_commit_is_refused(tmp_path):
    (tmp_path / "verdicts.txt").write_text("MET: x\n", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"verdicts\.txt: expected 'commit HASH; .* got 'MET: x'"):
        list(measurements.gather(chosen(kept=tmp_path, only=["verdicts"])))


def reason(name, **options):
    ((_, output),) = measurements.gather(chosen(only=[name], **options))
    return output


def test_what_cannot_run_says_why(monkeypatch):
    assert reason("command_times") == "It has no quick form."
    monkeypatch.setattr(measurements, "find_spec", lambda package: package != "gensim")
    said = reason("trainer_speed", quick=False)
    assert said == "gensim is not installed: `pip install -e '.[test,peers]'`."
    monkeypatch.setattr(measurements, "find_spec", lambda _: True)
    said = reason("trainer_quality", quick=False)
    assert said == "It needs a file: `--text TEXT`. It needs a file: `--results RESULTS`."


def test_a_benchmark_is_run_and_kept(tmp_path, monkeypatch):
    small = BY_NAME["error_bounds"]._replace(quick=("--only", "x^3 - 2x", "--draws", "1"))
    monkeypatch.setattr(measurements, "BENCHMARKS", [small])
    ((_, output),) = measurements.gather(chosen(keep=tmp_path))
    assert output.result == "met"
    assert "0 of 1 stated errors exceeded" in output.text
    assert re.fullmatch(r"\d+ s", output.seconds)
    kept = (tmp_path / "error_bounds.txt").read_text(encoding="utf-8")
    assert Output.from_file(kept) == output


def test_a_benchmark_that_breaks_off_is_told_from_one_that_misses():
    output = measure(BY_NAME["error_bounds"], ("--only", "nothing like it"), {})
    assert output.failed
    assert "no function has 'nothing like it' in its name" in output.text


def test_the_page_answers_every_question():
    written = (DOCS / "measurements.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", written, flags=re.MULTILINE)
    assert [benchmark.question for benchmark in BENCHMARKS] == headings[-len(BENCHMARKS) :]


def test_the_numbers_of_readme_are_on_the_page():
    written = (DOCS / "measurements.md").read_text(encoding="utf-8")
    rows = re.search(r"^\|  \| gradcheck .*\n.*\n.*\n.*\n", README, flags=re.MULTILINE)[0]
    assert rows in written, f"put them there: {measurements.__name__} --readme {ROOT}/README.md"
