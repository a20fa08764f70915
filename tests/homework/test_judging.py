"""Several files: each judged, in their order, and none takes the others along."""

from __future__ import annotations

import json
import os
import signal

import pytest

from gradcheck.__main__ import main
from gradcheck.homework import verification
from gradcheck.homework.checks.cases import Profile
from gradcheck.homework.judging import Request, judge_several
from tests.homework.submissions import A2, changed

WRONG = changed(A2, ("return np.exp(-np.logaddexp(0.0, -x))", "return np.exp(-x)"))
TEXTS = {
    "exits": "import os; os._exit(0)\n",
    "right": A2,
    "wrong": WRONG,
    "faults": A2.replace("def sigmoid(x):\n", "def sigmoid(x):\n    import os; os.abort()\n"),
    "sigmoid": "def sigmoid(x): return x\ndef train(): return 0\n",
}


@pytest.fixture(autouse=True)
def _few_cases(monkeypatch):
    monkeypatch.setitem(verification.PROFILES, "student", Profile(cases=10, shrinks=True))


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in TEXTS.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    return {name: f"{name}.py" for name in TEXTS}


@pytest.mark.parametrize("jobs", [1, 3])
def test_each_has_its_judgement_in_their_order(files, capsys, jobs):
    names = ["exits", "right", "faults", "wrong"]
    arguments = [files[name] for name in names]
    options = ["--only", "sigmoid", "--json", "-", "--seed", "1", "-j", str(jobs)]
    assert main(["verify", *arguments, *options]) == 2
    out, err = capsys.readouterr()
    entries = json.loads(out)
    assert [entry["file"] for entry in entries] == arguments
    assert [entry["passed"] for entry in entries] == [False, True, False, False]
    assert ["error" in entry for entry in entries] == [True, False, True, False]
    assert err.splitlines() == [
        f"gradcheck: {entry['error']}" for entry in entries if "error" in entry
    ]


@pytest.mark.parametrize(
    ("names", "status"),
    [(["right"], 0), (["right", "wrong"], 1), (["exits", "wrong"], 2), (["exits"], 2)],
)
def test_the_worst_status_is_that_of_all(files, names, status):
    assert main(["verify", *(files[name] for name in names), "--only", "sigmoid"]) == status


def test_an_error_of_ours_is_said_to_be_ours_and_the_next_file_is_judged(
    files, capsys, monkeypatch
):
    real = verification.Verification.check_function

    def fail(self, role):
        if self.facts.path.name == "wrong.py":
            raise ZeroDivisionError("a bug\nof ours")
        return real(self, role)

    monkeypatch.setattr(verification.Verification, "check_function", fail)
    arguments = [files[name] for name in ("exits", "wrong", "right")]
    command = ["verify", *arguments, "--only", "sigmoid", "--seed", "7", "--json", "-"]
    assert main(command) == 3
    out, err = capsys.readouterr()
    line = err.splitlines()[1]
    assert line.startswith(
        "gradcheck: wrong.py: an error of gradcheck's own, not the file's: ZeroDivisionError: a "
        "bug of ours (test_judging.py, line "
    )
    assert line.endswith("; please report this line, with the file and --seed 7")
    assert [entry["passed"] for entry in json.loads(out)] == [False, False, True]


def test_a_report_that_cannot_be_made_costs_no_other_file(files, capsys, monkeypatch):
    def fail(_self, **_options):
        raise RecursionError

    monkeypatch.setattr("gradcheck.homework.HomeworkReport.contents", fail)
    assert main(["verify", files["right"], files["exits"], "--only", "sigmoid"]) == 3
    ours, theirs = capsys.readouterr().err.splitlines()
    assert "an error of gradcheck's own, not the file's: RecursionError" in ours
    assert "ended its process" in theirs


def test_a_counterexample_in_extended_precision_is_written(tmp_path, capsys):
    path = tmp_path / "long.py"
    path.write_text(A2.replace("return np.exp(-np", "return np.longdouble(2) * np.exp(-np", 1))
    assert main(["verify", str(path), "--only", "sigmoid", "--seed", "1", "--json", "-"]) == 1
    (function,) = json.loads(capsys.readouterr().out)["functions"]
    assert function["checks"][0]["counterexample"]["claimed"] == 1.0


def test_a_file_of_no_course_says_what_it_has_and_how_to_go_on(files, capsys):
    assert main(["verify", files["sigmoid"]]) == 2
    assert capsys.readouterr().err == (
        "gradcheck: sigmoid.py: nothing about word2vec in it was checked: sigmoid alone tells of "
        "no course; it defines sigmoid, train; name yours: --function naive-softmax=NAME\n"
    )


def test_names_are_given_on_the_command_line(tmp_path, capsys):
    path = tmp_path / "own.py"
    path.write_text(A2.replace("naiveSoftmaxLossAndGradient", "my_loss"), encoding="utf-8")
    options = ["--function", "naive-softmax=my_loss", "--only", "my_loss"]
    assert main(["verify", str(path), *options]) == 0
    assert "my_loss" in capsys.readouterr().out


@pytest.mark.parametrize(
    "options",
    [["-j", "0"], ["--timeout", "0"], ["--timeout", "nan"], ["--function", "sgd"], ["-j", "x"]],
)
def test_options_that_make_no_sense(files, options):
    with pytest.raises(SystemExit) as ended:
        main(["verify", files["right"], *options])
    assert ended.value.code == 2


def test_in_this_process_there_is_no_other(files, monkeypatch):
    monkeypatch.setattr(
        "gradcheck.homework.calling.file_process.FileProcess.__init__",
        lambda _self: pytest.fail("a process was started"),
    )
    assert main(["verify", files["right"], "--in-process", "--only", "sigmoid"]) == 0
    assert main(["verify", files["right"], files["wrong"], "--in-process", "-j", "2"]) == 2


def test_ctrl_c_ends_those_that_work_for_us(files, tmp_path):
    path = tmp_path / "waits.py"
    path.write_text("import time\nopen('started', 'w').close()\ntime.sleep(99)\n")
    request = Request(only=("sigmoid",))

    def interrupt(*_arguments):
        os.kill(os.getpid(), signal.SIGINT)

    judgements = judge_several([files["right"], str(path)], request, jobs=2)
    assert next(judgements).passed
    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    with pytest.raises(KeyboardInterrupt):
        next(judgements)
