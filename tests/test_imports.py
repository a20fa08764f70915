"""Who may import whom: read from the sources, and heavy libraries from a fresh interpreter."""

from __future__ import annotations

import ast
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
    {"gradcheck.cli", "gradcheck.commands", "gradcheck.pytest_plugin"},
    {"gradcheck.homework"},
    {"gradcheck.word2vec"},
    {"gradcheck.checking"},
    {"gradcheck.report"},
    {"gradcheck.probing", "gradcheck.strategies", "gradcheck.symbolic"},
    {"gradcheck.equations", "gradcheck.numerical"},
    {"gradcheck.parameters", "gradcheck.stable_functions", "gradcheck.terminal"},
]
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


class _WithoutTypes(ast.NodeTransformer):
    """Drops what is imported for type checkers alone: at run time it is no circle."""

    def visit_If(self, node):
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return node.orelse
        return self.generic_visit(node)


def without_types(source):
    return ast.unparse(_WithoutTypes().visit(ast.parse(source)))


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


def assert_no_circle(modules):
    graph = {
        name: imported(name, without_types(source), set(modules)) & set(modules) - {name}
        for name, source in modules.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        raise AssertionError(f"a circle of imports: {' -> '.join(error.args[1])}") from None


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
        "gradcheck.parameters": "def f():\n    from gradcheck.cli import main",
        "gradcheck.cli": "",
    },
    "into the package itself": {"gradcheck.probing.probes": "import gradcheck", "gradcheck": ""},
}


@pytest.mark.parametrize("name", PLANTED)
def test_an_upward_import_is_seen(name):
    assert len(upward_imports(PLANTED[name])) == 1


def test_a_circle_is_seen():
    modules = {
        "gradcheck.stable_functions": "import gradcheck.parameters",
        "gradcheck.parameters": "def f():\n    from gradcheck import stable_functions",
        "gradcheck": "",
    }
    with pytest.raises(AssertionError, match="a circle of imports: gradcheck"):
        assert_no_circle(modules)


def test_types_alone_make_no_circle():
    assert_no_circle(
        {
            "gradcheck.stable_functions": "import gradcheck.parameters",
            "gradcheck.parameters": (
                "if TYPE_CHECKING:\n    from gradcheck import stable_functions\nx = 1"
            ),
        }
    )


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


@pytest.mark.parametrize("module", ["gradcheck", "gradcheck.pytest_plugin", "gradcheck.cli"])
def test_what_every_run_of_pytest_loads_has_no_numpy(module):
    assert "numpy" not in loaded_after(f"import {module}")


def test_the_public_names_are_there_when_asked_for():
    names = set(gradcheck.__all__)
    assert names <= set(dir(gradcheck))
    assert all(getattr(gradcheck, name).__name__ == name for name in names)
    assert "numpy" in loaded_after("from gradcheck import check")
    with pytest.raises(AttributeError, match="module 'gradcheck' has no attribute 'chekc'"):
        gradcheck.chekc  # noqa: B018 - asking for it is the point
