"""A folder, a zip and standard input lead to one file, or to one sentence that says why not."""

from __future__ import annotations

import io
import json
import os
import stat
import sys
import tempfile
import zipfile
from pathlib import Path

import pytest

from gradcheck.__main__ import main
from gradcheck.homework import SubmissionError, verification, verify
from gradcheck.homework.checks.cases import Profile
from gradcheck.homework.submission import delivery
from gradcheck.homework.submission.delivery import deliver
from gradcheck.homework.submission.loading import load
from tests.homework.submissions import A2, YEAR_2017, changed
from tests.homework.translations import notebook, python_2, zipped

pytest_plugins = ["pytester"]

WITH_HELPER = changed(
    A2,
    ("import numpy as np\n", "import numpy as np\nfrom .utils.scores import total\n"),
    ("    scores = scores - scores.max()", "    assert total([1, 2]) == 3"),
)
HELPERS = {"utils/__init__.py": "", "utils/scores.py": "from ..sums import total\n"}
SUMS = "def total(numbers):\n    return sum(numbers)\n"


@pytest.fixture(autouse=True)
def _few_cases(monkeypatch):
    monkeypatch.setitem(verification.PROFILES, "student", Profile(cases=8, shrinks=True))


@pytest.fixture
def folder(tmp_path):
    def folder(files: dict[str, str], name: str = "a2") -> Path:
        for each, text in files.items():
            path = tmp_path / name / each
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path / name

    return folder


@pytest.fixture(autouse=True)
def temporary(tmp_path_factory, monkeypatch):
    """A folder for temporary ones, which is empty unless something is left over."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("in_process", [True, False])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_the_file_and_its_helpers_are_found(folder, tmp_path, temporary, kind, in_process):
    files = {"src/word2vec.py": WITH_HELPER, "sgd.py": ""}
    files |= {f"src/{name}": text for name, text in HELPERS.items()} | {"src/sums.py": SUMS}
    files["src/.ipynb_checkpoints/word2vec.py"] = A2
    files["venv/pyvenv.cfg"] = ""
    files["venv/lib/word2vec.py"] = A2
    path = folder(files) if kind == "folder" else zipped(tmp_path / "a2.zip", files)
    report = verify(path, seed=1, only="naiveSoftmaxLossAndGradient", in_process=in_process)
    assert report.passed
    if kind == "folder":
        assert report.path == path / "src" / "word2vec.py"
        assert report.notes == ()
    else:
        assert report.path == path
        assert report.notes == (f"checked of what is in {path}: src/word2vec.py",)
    assert list(temporary.iterdir()) == []


def test_the_root_of_what_was_handed_in_has_helpers_too(folder):
    path = folder({"src/word2vec.py": "from sums import total\n" + A2, "sums.py": SUMS})
    assert load(path).module.total([1]) == 1


def test_a_relative_import_of_a_course_module_that_is_not_there(folder):
    path = folder({"word2vec.py": "from .utils.utils import softmax\n" + A2})
    submission = load(path)
    assert submission.notes == ("not beside the file, so a stand-in was used: utils.utils",)
    assert load(path / "word2vec.py").notes == submission.notes


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"word2vec.py": A2, "sgd.py": "def sgd(f, x):\n    return x\n"}, "word2vec.py"),
        ({"a.py": "", "hw.ipynb": notebook("x = 1", A2)}, "hw.ipynb"),
        ({"sgd.py": "def sgd(f, x):\n    return x\n", "sigmoid.py": ""}, "sgd.py"),
        ({"q3.py": python_2(YEAR_2017), "q2.py": "def sigmoid(x):\n    print x\n"}, "q3.py"),
        ({"only.py": "x = 1\n", "notes.txt": A2}, "only.py"),
        ({"mine.py": "def my_loss():\n    pass\n", "other.py": ""}, "mine.py"),
    ],
)
def test_which_file_is_meant(folder, files, found):
    path = folder(files)
    assert deliver(path, ["Trainer.my_loss"]).file == path / found


def test_a_name_in_the_settings_of_the_folder_counts(folder):
    settings = '[tool.gradcheck.functions]\nnaive-softmax = "my_loss"\n'
    files = {"mine.py": "def my_loss():\n    pass\n", "b.py": "", "pyproject.toml": settings}
    assert deliver(folder(files)).file.name == "mine.py"


UNCLEAR = {
    "two": (
        {"b/word2vec.py": A2, "a.py": A2, "c.py": ""},
        "has 2 files that may be meant: a.py, b/word2vec.py; name one of them",
    ),
    "none": (
        {"a.py": "x = 1\n", "b.py": ""},
        (
            "none of its 2 files defines a function of a known course: a.py, b.py; name one of "
            "them, with --function"
        ),
    ),
    "nothing": ({"a.txt": A2}, "has no .py or .ipynb file"),
}


@pytest.mark.parametrize("name", UNCLEAR)
def test_a_folder_that_is_unclear_gets_one_line(folder, tmp_path, name):
    files, message = UNCLEAR[name]
    path = folder(files)
    with pytest.raises(SubmissionError) as caught:
        verify(path)
    assert str(caught.value) == f"{path}: {message}"
    path = zipped(tmp_path / "a2.zip", files)
    with pytest.raises(SubmissionError) as caught:
        verify(path)
    assert str(caught.value) == f"{path}: {message.replace('name one', 'unpack it, and name one')}"


def test_a_folder_that_has_no_end(folder, monkeypatch):
    monkeypatch.setattr(delivery, "_MOST_FILES", 3)
    with pytest.raises(SubmissionError, match=r"holds more than 3 files; name one$"):
        deliver(folder({f"{n}.txt": "" for n in range(4)}))


def _link(name: str) -> zipfile.ZipInfo:
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


def _encrypted(path: Path) -> None:
    """Set the bit that says so; nobody gets as far as the content."""
    zipped(path, {"word2vec.py": A2})
    content = bytearray(path.read_bytes())
    for signature, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flag] |= 1
    path.write_bytes(content)


def _member(name: str | zipfile.ZipInfo, text: str = A2, **options):
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", **options) as archive:
            archive.writestr(name, text)

    return write


def _broken(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word2vec.py", A2)
    path.write_bytes(path.read_bytes().replace(b"def", b"fed", 1))


BAD_ZIPS = {
    "../out.py": (_member("../out.py"), "would write outside of its own folder: '../out.py'"),
    "a/../../out.py": (_member("a/../../out.py"), "would write outside of its own folder"),
    "/out.py": (_member("/out.py"), "would write outside of its own folder: '/out.py'"),
    "C:/out.py": (_member("C:/out.py"), "would write outside of its own folder: 'C:/out.py'"),
    "..\\out.py": (_member("..\\out.py"), r"would write outside of its own folder: '..\\out.py'"),
    "link": (_member(_link("word2vec.py"), "/etc/passwd"), "holds a link or a device, no file"),
    "bomb": (_member("zeros", "0" * 5_000_000, compression=8), "unpacks to more than 1 MB; leave"),
    "password": (_encrypted, "is protected by a password"),
    "lzma": (_member("a.py", compression=14), "is compressed in a way that few programs read"),
    "broken": (_broken, "is no zip, or a broken one: Bad CRC-32 for file 'word2vec.py'"),
    "no zip": (lambda path: path.write_text("hello"), "is no zip, or a broken one"),
    "long name": (_member("n" * 300 + ".py"), "cannot be unpacked: File name too long"),
    "empty": (lambda path: zipped(path, {}), "has no .py or .ipynb file"),
    "large": (lambda path: path.write_bytes(b"PK\x03\x04" * 500_001), "has 2 MB; expected at mo"),
}


@pytest.mark.parametrize("name", BAD_ZIPS)
def test_a_zip_that_is_none_or_worse_gets_one_line(tmp_path, temporary, monkeypatch, capsys, name):
    monkeypatch.setattr(delivery, "_LARGEST_CONTENT", 1_000_000)
    monkeypatch.setattr(delivery, "_LARGEST_ZIP", 1_500_000)
    write, message = BAD_ZIPS[name]
    path = tmp_path / "in" / "a2.zip"
    path.parent.mkdir()
    write(path)
    assert main(["verify", str(path)]) == 2
    out, error = capsys.readouterr()
    assert out == ""
    assert error.startswith(f"gradcheck: {path}: {message}")
    assert error.count("\n") == 1
    assert list(temporary.iterdir()) == []
    assert [each.name for each in tmp_path.rglob("*")] == ["in", "a2.zip"]


def test_a_zip_of_many_files(tmp_path, monkeypatch):
    monkeypatch.setattr(delivery, "_MOST_FILES", 3)
    path = zipped(tmp_path / "a2.zip", {f"{n}.py": "" for n in range(4)})
    with pytest.raises(SubmissionError, match=r"holds more than 3 files$"):
        deliver(path)


def test_a_zip_of_windows_has_folders(tmp_path):
    path = zipped(tmp_path / "a2.zip", {"a2\\word2vec.py": A2, "a2\\run.py": ""})
    assert deliver(path).file.parts[-2:] == ("a2", "word2vec.py")


def test_a_name_in_a_zip_does_not_steer_the_terminal(tmp_path):
    path = zipped(tmp_path / "a2.zip", {"\x1b[2J\nword2vec.py": A2})
    (note,) = deliver(path).notes
    assert note.isprintable()
    assert note.endswith("\\x1b[2J\\nword2vec.py")


def test_a_notebook_with_all_its_pictures(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(delivery, "_LARGEST_SOURCE", 2_000_000)
    path = tmp_path / "word2vec.ipynb"
    content = json.loads(notebook(A2))
    content["cells"][1]["outputs"] = [{"data": {"image/png": "A" * 3_000_000}}]
    path.write_text(json.dumps(content))
    assert main(["verify", str(path)]) == 2
    assert capsys.readouterr().err == (
        f"gradcheck: {path}: has 3 MB; expected at most 2 MB of source; clear the notebook's "
        "outputs\n"
    )


@pytest.fixture
def piped(monkeypatch):
    def piped(content: bytes):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return piped


def _zip_bytes(folder: Path) -> bytes:
    return zipped(folder / "x.zip", {"a/word2vec.py": A2}).read_bytes()


@pytest.fixture
def _in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "helper.py").write_text("")


@pytest.mark.usefixtures("_in_folder")
@pytest.mark.parametrize("options", [[], ["--in-process"]])
@pytest.mark.parametrize("kind", ["py", "ipynb", "zip", "python 2"])
def test_standard_input(tmp_path, temporary, piped, kind, options):
    content = {
        "py": ("import helper\n" + A2).encode(),
        "ipynb": notebook("import helper", A2).encode(),
        "python 2": ("import helper\n" + python_2(YEAR_2017)).encode(),
    }.get(kind) or _zip_bytes(tmp_path)
    piped(content)
    assert main(["verify", "-", "--json", "out.json", "--only", "skipgram", *options]) == 0
    assert json.loads(Path("out.json").read_text())["file"] == "-"
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "standard input is empty; expected a .py or .ipynb file, a folder or a .zip"),
        (b"x = = 1", "syntax error in line 1: invalid syntax (`x = = 1`)"),
        (b"{}", "not a Jupyter notebook"),
        (b"#" * 2_000_000, "has 2 MB; expected at most 1 MB of source"),
    ],
)
def test_standard_input_that_is_of_no_use(monkeypatch, piped, capsys, content, message):
    monkeypatch.setattr(delivery, "_LARGEST_SOURCE", 1_000_000)
    piped(content)
    assert main(["verify", "-"]) == 2
    assert capsys.readouterr().err.startswith(f"gradcheck: -: {message}")


def test_standard_input_is_for_one_process(capsys):
    assert main(["verify", "-", "other.py", "-j", "2"]) == 2
    assert "- and -j: standard input is for one process" in capsys.readouterr().err


def test_the_snippet_of_what_was_piped_says_so(piped):
    piped(changed(A2, ("gradOutsideVecs = np.outer(", "gradOutsideVecs = 2 * np.outer(")).encode())
    report = verify("-", seed=1, only="naiveSoftmaxLossAndGradient")
    snippets = [check.snippet for check in report.functions[0].checks if check.snippet]
    assert snippets
    assert all("load('word2vec.py')  # what was on standard input" in each for each in snippets)


@pytest.mark.parametrize("options", [[], ["--homework-in-process"]])
def test_pytest_takes_the_same(pytester, options):
    zipped(pytester.path / "a2.zip", {"q3_word2vec.py": python_2(YEAR_2017), "run.py": ""})
    (pytester.path / "a3").mkdir()
    (pytester.path / "a3" / "word2vec.ipynb").write_text(notebook(A2))
    few = ["-k", "getNegativeSamples", "-p", "no:cacheprovider"]
    files = ["--homework", "a2.zip", "--homework", "a3"]
    result = pytester.runpytest_inprocess(*files, *few, *options)
    result.assert_outcomes(passed=8, deselected=result.parseoutcomes()["deselected"])
    result = pytester.runpytest_inprocess("--homework", "-", *options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: -: standard input cannot be read: *"])


def test_standard_input_that_is_closed(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(SubmissionError, match="cannot be read: it is closed"):
        deliver("-")


def test_what_is_unpacked_goes_with_whoever_knows_it(tmp_path):
    path = zipped(tmp_path / "a2.zip", {"word2vec.py": A2, "sums.py": SUMS})
    submission = load(path)
    where = submission.location
    assert where.exists()
    assert os.fspath(tmp_path) not in os.fspath(where)
    del submission
    assert not where.exists()
