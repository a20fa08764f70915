"""Who may import whom, and how the house is laid out: read from the sources.

What is heavy to import is seen from a fresh interpreter.
"""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import gradcheck

ROOT = Path(__file__).parents[1]

# From the top down: a module may import those of its own layer and below. A package stands for
# all that is in it. Whoever adds a module says here where it belongs.
LAYERS = [
    {"gradcheck", "gradcheck.__main__"},
    {"gradcheck.commands", "gradcheck.pytest_plugin"},
    {"gradcheck.homework"},
    {"gradcheck.word2vec"},
    {"gradcheck.checking"},
    {"gradcheck.diagnosis", "gradcheck.report"},
    {"gradcheck.probing", "gradcheck.strategies", "gradcheck.symbolic"},
    {"gradcheck.equations", "gradcheck.numerical"},
    {
        "gradcheck.arrays",
        "gradcheck.document",
        "gradcheck.stable_functions",
        "gradcheck.terminal",
    },
]
# The rooms of a file's way through the homework kit, from the top down.
HOMEWORK = [
    "judging", "verification", "examination", "report", "checks", "calling", "submission", "courses"
]  # fmt: skip
MOST_FLOORS, MOST_LOOSE, LONG = 9, 8, 400
# The same for two subjects; any other name stands once.
SHARED_NAMES = {
    "arrays": {"gradcheck.arrays", "gradcheck.probing.arrays"},
    "cases": {"gradcheck.homework.checks.cases", "gradcheck.word2vec.cases"},
    "contents": {
        "gradcheck.homework.report.contents",
        "gradcheck.report.contents",
        "gradcheck.symbolic.contents",
        "gradcheck.word2vec.walkthrough.contents",
    },
    "differentiation": {
        "gradcheck.equations.identities.differentiation",
        "gradcheck.numerical.differentiation",
    },
    "examination": {"gradcheck.homework.examination", "gradcheck.probing.examination"},
    "gradients": {"gradcheck.checking.gradients", "gradcheck.homework.checks.gradients"},
    "losses": {"gradcheck.symbolic.losses", "gradcheck.word2vec.losses"},
    "report": {"gradcheck.homework.report", "gradcheck.report"},
    "snippet": {"gradcheck.homework.report.snippet", "gradcheck.report.snippet"},
    "walkthrough": {"gradcheck.commands.walkthrough", "gradcheck.word2vec.walkthrough"},
}
# Of `models`, what may know `gradcheck`.
COMMAND_LINE = {"models.__main__", "models.commands"}
HEAVY = {"sympy", "hypothesis", "matplotlib", "rich", "pytest", "scipy", "torch", "jax", "numba"}


def module_name(path, root):
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(package):
    paths = sorted((ROOT / package).rglob("*.py"))
    assert paths
    return {module_name(path, ROOT): path.read_text(encoding="utf-8") for path in paths}


def imported(name, source, known):
    """The modules that a source imports, anywhere in it, in full, as far as they are known."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: relative import"
            members = {f"{node.module}.{alias.name}" for alias in node.names}
            submodules = members & known
            found |= submodules
            if submodules != members:
                found.add(node.module)
    return found


def layer(name):
    for depth, members in enumerate(LAYERS):
        if any(
            name == member or (member != "gradcheck" and name.startswith(f"{member}."))
            for member in members
        ):
            return depth
    raise AssertionError(f"{name}: say in LAYERS where it belongs")


def upward_imports(modules):
    return [
        f"{name} imports {other}"
        for name, source in modules.items()
        for other in sorted(imported(name, source, set(modules)) & set(modules))
        if layer(other) < layer(name)
    ]


def with_packages(name, modules):
    """Modules and the packages that they lie in, which are run first, unless we are inside."""
    packages = {
        parent
        for module in modules
        for parent in itertools.accumulate(module.split("."), "{}.{}".format)
        if not f"{name}.".startswith(f"{parent}.")
    }
    return modules | packages


def assert_no_circle(modules):
    graph = {
        name: with_packages(name, imported(name, source, set(modules)) & set(modules)) - {name}
        for name, source in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"a circle of imports: {' -> '.join(error.args[1])}") from None


def room(name):
    """The part of a package that a module lies in, or itself where it lies in none."""
    return ".".join(name.split(".")[:2])


def floors(modules):
    """How many rooms stand one above the other, the package's own face left out."""
    below = {room(name): set() for name in modules}
    for name, source in modules.items():
        below[room(name)] |= {room(other) for other in imported(name, source, set(modules))}
    height = {}
    graph = {
        name: rooms & below.keys() - {name, "gradcheck"}
        for name, rooms in below.items()
        if name != "gradcheck"
    }
    for name in TopologicalSorter(graph).static_order():
        height[name] = 1 + max((height[other] for other in graph[name]), default=0)
    return max(height.values())


def upward_in_homework(modules):
    """Imports within the homework kit from a room that is higher up."""

    def depth(name):
        part = name.removeprefix("gradcheck.homework").lstrip(".").split(".")[0]
        return HOMEWORK.index(part) if part else -1

    inside = {name: source for name, source in modules.items() if "gradcheck.homework" in name}
    return [
        f"{name} imports {other}"
        for name, source in inside.items()
        for other in sorted(imported(name, source, set(inside)) & set(inside))
        if depth(other) < depth(name)
    ]


def namesakes(modules):
    """Modules of one name, by that name."""
    found = {}
    for name in modules:
        if "." in name:
            found.setdefault(name.rpartition(".")[2], set()).add(name)
    return {name: those for name, those in found.items() if len(those) > 1}


def long_without_a_reason(modules):
    """Long modules whose docstring does not say why they are."""
    return [
        name
        for name, source in modules.items()
        if source.count("\n") > LONG and "long" not in (ast.get_docstring(ast.parse(source)) or "")
    ]


def foreign_imports(modules, package, allowed=()):
    """What modules import of a package; those that are allowed to, a package in whole, apart."""
    return [
        f"{name} imports {other}"
        for name, source in modules.items()
        if not any(name == other or name.startswith(f"{other}.") for other in allowed)
        for other in sorted(imported(name, source, set()))
        if other.split(".")[0] == package
    ]


def test_nothing_imports_upwards():
    assert upward_imports(sources("gradcheck")) == []


def test_nothing_imports_in_a_circle():
    assert_no_circle(sources("gradcheck"))
    assert_no_circle(sources("models"))


def test_the_rooms_stand_on_few_floors():
    assert floors(sources("gradcheck")) <= MOST_FLOORS


def test_few_modules_stand_loose():
    assert len(list((ROOT / "gradcheck").glob("*.py"))) <= MOST_LOOSE


def test_the_homework_kit_imports_in_one_direction():
    assert upward_in_homework(sources("gradcheck")) == []


@pytest.mark.parametrize(("judge", "other"), [("identities", "numbers"), ("numbers", "identities")])
def test_the_two_judges_of_an_equation_do_not_know_each_other(judge, other):
    modules = {
        name: source
        for name, source in sources("gradcheck").items()
        if name.startswith(f"gradcheck.equations.{judge}")
    }
    assert modules
    seen = [target for name in modules for target in imported(name, modules[name], set())]
    assert [target for target in seen if f"equations.{other}" in target] == []


def test_two_modules_share_a_name_only_where_they_do_the_same_for_two_subjects():
    assert namesakes(sources("gradcheck")) == SHARED_NAMES


def test_a_long_module_says_why():
    assert long_without_a_reason(sources("gradcheck") | sources("models")) == []


def test_the_two_packages_do_not_know_each_other():
    assert foreign_imports(sources("gradcheck"), "models") == []
    assert foreign_imports(sources("models"), "gradcheck", COMMAND_LINE) == []


def test_nothing_installed_imports_the_tests():
    assert foreign_imports(sources("gradcheck") | sources("models"), "tests") == []


PLANTED = {
    "upwards": {
        "gradcheck.stable_functions": "from gradcheck import checking",
        "gradcheck.checking": "",
    },
    "upwards, by name": {
        "gradcheck.arrays.parameters": "def f():\n    from gradcheck.__main__ import main",
        "gradcheck.__main__": "",
    },
    "into the package itself": {"gradcheck.probing.probes": "import gradcheck", "gradcheck": ""},
}


@pytest.mark.parametrize("name", PLANTED)
def test_an_upward_import_is_seen(name):
    assert len(upward_imports(PLANTED[name])) == 1


def test_a_circle_is_seen():
    modules = {
        "gradcheck.stable_functions": "import gradcheck.arrays.parameters",
        "gradcheck.arrays.parameters": "def f():\n    from gradcheck import stable_functions",
        "gradcheck": "",
    }
    with pytest.raises(AssertionError, match="a circle of imports: gradcheck"):
        assert_no_circle(modules)


def test_a_circle_through_types_is_seen():
    modules = {
        "gradcheck.stable_functions": "import gradcheck.arrays.parameters",
        "gradcheck.arrays.parameters": (
            "if TYPE_CHECKING:\n    from gradcheck import stable_functions\nx = 1"
        ),
    }
    with pytest.raises(AssertionError, match="a circle of imports: gradcheck"):
        assert_no_circle(modules)


def test_a_circle_through_a_package_that_is_run_first_is_seen():
    modules = {
        "gradcheck.a": "import gradcheck.a.face",
        "gradcheck.a.face": "import gradcheck.b",
        "gradcheck.a.part": "",
        "gradcheck.b": "import gradcheck.a.part",
    }
    with pytest.raises(AssertionError, match="a circle of imports: gradcheck"):
        assert_no_circle(modules)


def test_floors_are_counted_by_rooms():
    chain = {
        "gradcheck.a.x": "from gradcheck.a import y",
        "gradcheck.a.y": "import gradcheck.b.x",
        "gradcheck.b.x": "import gradcheck.c",
        "gradcheck.c": "",
    }
    assert floors(chain) == 3


def test_a_way_back_through_the_homework_kit_is_seen():
    modules = {
        "gradcheck.homework.courses": "from gradcheck.homework.checks import registry",
        "gradcheck.homework.checks.registry": "import gradcheck.homework.courses",
    }
    assert len(upward_in_homework(modules)) == 1


def test_a_second_module_of_a_name_is_seen():
    assert namesakes(dict.fromkeys(["gradcheck.a.x", "gradcheck.b.x"], "")) == {
        "x": {"gradcheck.a.x", "gradcheck.b.x"}
    }


def test_a_long_module_is_seen():
    lines = "x = 1\n" * (LONG + 1)
    modules = {"a": f'"""Short."""\n{lines}', "b": f'"""It is long since x is."""\n{lines}'}
    assert long_without_a_reason(modules) == ["a"]


def test_a_foreign_import_is_seen():
    modules = {
        "models.losses": "from gradcheck.stable_functions import sigmoid",
        "models.__main__": "",
    }
    assert foreign_imports(modules, "gradcheck") == [
        "models.losses imports gradcheck.stable_functions"
    ]


def test_a_module_without_a_layer_is_seen():
    with pytest.raises(AssertionError, match="say in LAYERS where it belongs"):
        layer("gradcheck.unheard_of")


def heavy_after(program):
    """The heavy libraries that a fresh interpreter has loaded after a program."""
    return loaded_after(program) & HEAVY


@pytest.mark.parametrize(
    "module",
    [
        "gradcheck",
        "gradcheck.strategies",
        "gradcheck.symbolic",
        "gradcheck.word2vec.cases",
        "gradcheck.word2vec.oracle",
        "models.checkpoints",
        "models.reading.corpus",
        "models.reading.docstrings",
        "models.vectors.evaluation",
        "models.losses",
        "models.pairs",
        "models.pictures.plots",
        "models.reading.text",
        "models.training",
    ],
)
def test_importing_loads_nothing_heavy(module):
    assert heavy_after(f"import {module}") == set()


def test_evaluating_the_oracle_does_not_load_sympy():
    program = (
        "from gradcheck.word2vec import oracle\n"
        "from gradcheck.word2vec.cases import Case\n"
        "oracle.naive_softmax(Case([1.0], [[1.0], [2.0]], 0))\n"
        "oracle.negative_sampling(Case([1.0], [[1.0], [2.0]], 0, (1,)))\n"
    )
    assert heavy_after(program) == set()


def test_a_heavy_import_is_seen():
    assert heavy_after("import gradcheck.word2vec.losses") == {"sympy"}


def loaded_after(program):
    """The top-level modules that a fresh interpreter has loaded after a program."""
    printed = subprocess.run(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return {name.split(".")[0] for name in printed.split()}


@pytest.mark.parametrize("module", ["gradcheck", "gradcheck.pytest_plugin", "gradcheck.commands"])
def test_what_every_run_of_pytest_loads_has_no_numpy(module):
    assert "numpy" not in loaded_after(f"import {module}")


def test_the_public_names_are_there_when_asked_for():
    names = set(gradcheck.__all__)
    assert names <= set(dir(gradcheck))
    assert all(getattr(gradcheck, name).__name__ == name for name in names)
    assert "numpy" in loaded_after("from gradcheck import check")
    with pytest.raises(AttributeError, match="module 'gradcheck' has no attribute 'chekc'"):
        gradcheck.chekc  # noqa: B018 - asking for it is the point
