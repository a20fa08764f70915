from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gradcheck.__main__ import main
from gradcheck.word2vec.loss_table import LOSSES
from tests.looks import assert_looks

VECTORS = {"U": [["0.1", 2], [0, "1/3"]], "V": [[1, 0], [0.5, -0.5]]}


def run(*arguments, **environment):
    command = [sys.executable, "-m", "gradcheck", "walkthrough", *arguments]
    return subprocess.run(  # noqa: S603 - our own interpreter and program
        command,
        capture_output=True,
        check=False,
        cwd=Path(__file__).parents[1],
        env=os.environ | environment,
    )


def shown(capsys, *arguments):
    assert main(["walkthrough", *arguments]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_without_arguments(capsys):
    out = shown(capsys)
    assert "Sentence: the cat drinks milk." in out
    assert out.endswith("agrees.\n")


@pytest.mark.parametrize("init", ["random", "zeros"])
@pytest.mark.parametrize("loss", [loss.name for loss in LOSSES])
def test_it_looks_as_before(capsys, loss, init):
    assert_looks(f"walkthrough-{loss}-{init}", shown(capsys, "--loss", loss, "--init", init))


def test_what_is_asked_for_is_shown(capsys):
    out = shown(
        capsys,
        "Hot tea, cold TEA!",
        *("--pair", "TEA:hot", "-d", "3", "--rate", "1/3", "--seed", "5"),
        *("--loss", "negative-sampling", "--negatives", "Cold,cold"),
    )
    assert "Sentence: hot tea cold tea." in out
    assert "center c = tea" in out
    assert "o = hot. Negatives (K = 2): cold, cold." in " ".join(out.split())
    assert "η = 1/3" in out


def test_words_need_no_quotes(capsys):
    assert shown(capsys, "hot", "tea") == shown(capsys, "hot tea")


def test_a_pair_by_its_number(capsys):
    assert shown(capsys, "--pair", "4") == shown(capsys, "--pair", "drinks:cat")


def test_a_seed_repeats_and_another_differs(capsys):
    assert shown(capsys, "--seed", "1") == shown(capsys, "--seed", "1")
    assert shown(capsys, "--seed", "1") != shown(capsys, "--seed", "2")


def test_so_many_negatives_are_drawn(capsys):
    out = shown(capsys, "--loss", "negative-sampling", "--negatives", "7")
    assert "(n_7)" in out
    assert "(n_8)" not in out


def test_vectors_from_a_file_or_inline(capsys, tmp_path):
    file = tmp_path / "vectors.json"
    file.write_text(json.dumps(VECTORS))
    out = shown(capsys, "hot tea", "--init", str(file))
    assert "(0.1, 2)" in " ".join(out.split())
    assert "(0, 1/3)" in " ".join(out.split())
    assert out == shown(capsys, "hot tea", "--init", json.dumps(VECTORS))
    named = {"U": {"tea": [0, "1/3"], "hot": ["0.1", 2]}, "V": VECTORS["V"]}
    assert out == shown(capsys, "hot tea", "--init", json.dumps(named))


def test_documents_beside_the_text(capsys, tmp_path):
    page, document = tmp_path / "step.html", tmp_path / "step.tex"
    out = shown(capsys, "--html", str(page), "--latex", str(document))
    assert out == shown(capsys)
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert document.read_text(encoding="utf-8").endswith("\\end{document}\n")


@pytest.mark.parametrize(
    ("option", "blank", "new_page"),
    [
        ("--html", '<span class="blank"', '<div class="page-break">'),
        ("--latex", r"\underline{\hspace{4em}}", r"\newpage"),
        ("--markdown", r"\_\_\_\_\_\_", "\n---\n"),
    ],
)
def test_an_exercise_has_its_solution_on_a_page_of_its_own(capsys, option, blank, new_page):
    out = shown(capsys, "--exercise", "--seed", "7", option, "-")
    sheet, solution = out.split(new_page)
    assert sheet.count(blank) > 40
    assert blank not in solution
    assert "Solution" in solution


@pytest.mark.parametrize(
    ("option", "beginning"), [("--html", b"<!doctype"), ("--latex", b"% Comp")]
)
def test_a_document_in_place_of_the_text(option, beginning):
    done = run("猫 喝 牛奶", option, "-", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.startswith(beginning)
    assert "猫" in done.stdout.decode("utf-8")


def test_an_output_without_greek():
    done = run(PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert b"yhat_w" in done.stdout
    assert b"\\u" not in done.stdout


def test_nothing_heavy_is_loaded():
    program = (
        "import sys; from gradcheck.__main__ import main; main(['walkthrough']);"
        "print(*{'sympy', 'hypothesis', 'matplotlib'} & set(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", program]
    assert subprocess.run(command, capture_output=True, check=True).stderr == b"\n"  # noqa: S603


EXPECTED_ENTRY = "expected a number such as 0.5, -2 or 1/3, of size 0 or 1e-60 to 1000"
BAD = {
    "an empty sentence": ([""], "sentence: expected two different words or more"),
    "only punctuation": ([" . … "], "sentence: expected two different words or more"),
    "one word": (["tea"], "got only 'tea'"),
    "one word twice": (["tea Tea"], "got only 'tea'"),
    "a long word": (["tea " + 40 * "x"], "sentence: the tables have no room for 'xxxx"),
    "a control character": (["tea \x1b[31mred"], "'\\x1b[31mred' holds a character that cannot"),
    "text from right to left": (["tea \u202ecba"], "'\\u202ecba' holds a character that cannot"),
    "an isolate": (["tea \u2067cba"], "'\\u2067cba' holds a character that cannot"),
    "a blank of no width": (["tea a\u200bb"], "'a\\u200bb' holds a character that cannot"),
    "many words": ([" ".join(map(str, range(1000)))], "sentence: it has 1,000 different words"),
    "no dimension": (["-d", "0"], "--dimension: expected a whole number from 1 to 5, got 0"),
    "many dimensions": (["-d", "300"], "--dimension: expected a whole number from 1 to 5, got 300"),
    "no window": (["--window", "0"], "--window: expected a whole number from 1 to 10, got 0"),
    "a wide window": (["--window", "11"], "--window: expected a whole number from 1 to 10, got 11"),
    **{
        f"a rate of {rate}": (
            ["--rate", rate],
            "--rate: expected a number such as 0.5 or 1/3, from 1e-60 to 1000; got",
        )
        for rate in ["nan", "inf", "-1", "0", "1/0", "1e400", "1e-300", "1e-99999999", "fast"]
    },
    "a negative seed": (["--seed", "-1"], "--seed: expected a whole number from 0, got -1"),
    "a pair too far apart": (
        ["--pair", "the:milk"],
        "--pair: 'the:milk' is not a (center:outside)",
    ),
    "a pair of other words": (["--pair", "the:dog"], "--pair: 'the:dog' is not a (center:outside)"),
    "no such pair": (["--pair", "7"], "--pair: the sentence has 6 pairs"),
    "no pair at all": (["--pair", "cat"], "--pair: expected CENTER:OUTSIDE or a number"),
    "negatives of softmax": (["--negatives", "2"], "--negatives: naive softmax has none"),
    "no negatives": (
        ["--loss", "negative-sampling", "--negatives", "0"],
        "--negatives: expected 1 to 20",
    ),
    "an unknown negative": (
        ["--loss", "negative-sampling", "--negatives", "the,dog"],
        "--negatives: 'dog' is not a word of the sentence; it has the, cat, drinks, milk",
    ),
    "no such file": (["--init", "nowhere.json"], "there is no file nowhere.json"),
    "a folder": (["--init", "/"], "--init /: cannot be read"),
    "an endless file": (["--init", "/dev/zero"], "--init /dev/zero: too long"),
    "no JSON": (["--init", "{U: 1}"], "--init: not JSON"),
    "nested too deeply": (["--init", "[" * 90_000], "--init: not JSON that can be read"),
    "no matrices": (["--init", "[]"], '--init: expected {"U": rows, "V": rows}'),
    "one matrix": (["--init", '{"U": []}'], "--init: expected the two matrices U and V, got U"),
    "too few rows": (
        ["--init", '{"U": [[1]], "V": [[1]]}'],
        "--init: U: expected 4 rows, one for each word (the, cat, drinks, milk); got 1",
    ),
    "a short row": (
        ["a b", "--init", '{"U": [[1, 2], [1]], "V": [[1, 2], [1, 2]]}'],
        "--init: U, row of 'b': expected a vector of length 2, got 1",
    ),
    "long rows": (
        ["a b", "--init", '{"U": [[1, 2, 3, 4, 5, 6], [1]], "V": [[1], [1]]}'],
        "--init: U, row of 'a': expected a vector of length 1 to 5, got 6",
    ),
    "an empty row": (
        ["a b", "--init", '{"U": [[], []], "V": [[], []]}'],
        "--init: U, row of 'a': expected a vector of length 1 to 5, got 0",
    ),
    "V of another dimension": (
        ["a b", "--init", '{"U": [[1, 2], [1, 2]], "V": [[1], [1]]}'],
        "--init: V, row of 'a': expected a vector of length 2, got 1",
    ),
    "a dimension that is not theirs": (
        ["a b", "-d", "3", "--init", '{"U": [[1], [1]], "V": [[1], [1]]}'],
        "--init: U, row of 'a': expected a vector of length 3, got 1",
    ),
    "NaN": (
        ["a b", "--init", '{"U": [[NaN], [1]], "V": [[1], [1]]}'],
        f"--init: U, row of 'a': {EXPECTED_ENTRY}; got 'NaN'",
    ),
    "true": (
        ["a b", "--init", '{"U": [[true], [1]], "V": [[1], [1]]}'],
        f"--init: U, row of 'a': {EXPECTED_ENTRY}; got True",
    ),
    "a huge number": (
        ["a b", "--init", '{"U": [[1e9], [1]], "V": [[1], [1]]}'],
        f"--init: U, row of 'a': {EXPECTED_ENTRY}; got '1e9'",
    ),
    "a huge score": (
        ["a b", "--init", '{"U": [[900], [1]], "V": [[1], [1]]}'],
        "--init: the score u_w·v_c of 'a' is 900",
    ),
    "two documents in one": (["--html", "-", "--latex", "-"], "--html and --latex: both are -"),
    "a file without a name": (["--html", ""], "--html: expected a file to write, got an empty"),
    "no folder to write to": (["--html", "/nowhere/step.html"], "there is no folder /nowhere"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gets_one_line(name, capsys):
    arguments, message = BAD[name]
    assert main(["walkthrough", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("gradcheck: ")
    assert message in err
    assert err.count("\n") == 1


def test_bad_input_writes_nothing(tmp_path, capsys):
    page = tmp_path / "step.html"
    assert main(["walkthrough", "one", "--html", str(page)]) == 2
    assert list(tmp_path.iterdir()) == []
    capsys.readouterr()


def test_the_vectors_are_not_overwritten(tmp_path, capsys):
    file = tmp_path / "vectors.json"
    file.write_text(json.dumps(VECTORS))
    assert main(["walkthrough", "hot tea", "--init", str(file), "--html", str(file)]) == 2
    assert json.loads(file.read_text()) == VECTORS
    assert "--html" in capsys.readouterr().err


@pytest.mark.parametrize(
    "sentence", ["ГОРЯЧИЙ чай", "çay İÇ", "مرحبا يا عالم", "e\u0301te\u0301 été tôt", "👩‍🚀 🚀"]
)
def test_words_of_any_script(sentence, capsys):
    assert "agrees" in shown(capsys, sentence)


def test_the_same_letter_in_two_spellings_is_one_word(capsys):
    out = shown(capsys, "e\u0301te\u0301 été tôt", "--pair", "3")
    assert out.count("as center word") == 1
    assert "été été tôt" in out
