"""Two directives that run this project's commands when the site is built.

``terminal`` shows commands and what they print, each written as a person types it::

    ```{terminal}
    gradcheck verify word2vec.py
    ```

They run in a copy of ``docs/examples``, 80 columns wide, by the Python that builds the site. The
option ``:status:`` says which exit status is right, 0 by default: any other fails the build. The
option ``:prints:`` gives words without which the output fails it, too.

``command-help`` makes a section for each subcommand of ``gradcheck``, with its ``--help``.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from gradcheck.commands import COMMANDS

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__all__ = ["CommandHelp", "Terminal", "setup", "transcribe"]

_SECONDS = 180
_EXAMPLES = Path(__file__).parents[1] / "examples"
# No shell: these are all that a page may run, and each is a module of this very environment.
_PROGRAMS = {"gradcheck": ["-m", "gradcheck"], "pytest": ["-m", "pytest"], "python": []}
_ENVIRONMENT = {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"}


class Terminal(SphinxDirective):
    """Show commands and their output as a terminal does."""

    has_content = True
    option_spec: ClassVar = {
        "status": directives.nonnegative_int,
        "prints": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Run the commands, one a line."""
        status = self.options.get("status", 0)
        commands = [line for line in self.content if line.strip()]
        try:
            transcript = transcribe(commands, status)
            _expect(self.options.get("prints", ""), transcript)
            return [_block(transcript)]
        except CommandError as error:
            raise self.error(str(error)) from None


class CommandHelp(SphinxDirective):
    """Show the help of the program and, in a section each, of its subcommands."""

    def run(self) -> list[nodes.Node]:
        """Ask each for its help."""
        sections = [self._section(command.name) for command in COMMANDS]
        return [_block(transcribe(["gradcheck --help"])), *sections]

    def _section(self, name: str) -> nodes.Node:
        title = f"gradcheck {name}"
        section = nodes.section("", nodes.title(title, title), names=[title])
        self.state.document.note_explicit_target(section)
        section += _block(transcribe([f"{title} --help"]))
        return section


class CommandError(Exception):
    """A command that a page may not run, or that did not do what the page says."""


def _block(transcript: str) -> nodes.literal_block:
    return nodes.literal_block(transcript, transcript, language="console")


def _expect(words: str, transcript: str) -> None:
    if words not in transcript:
        raise CommandError(f"expected {words!r} in what is printed, got:\n{transcript}")


def transcribe(commands: list[str], status: int = 0) -> str:
    """Return the commands, each after a prompt, and what they print."""
    with tempfile.TemporaryDirectory() as folder:
        examples = shutil.copytree(_EXAMPLES, Path(folder) / "examples")
        return "\n".join(_run(command, examples, status) for command in commands)


def _run(command: str, folder: Path, status: int) -> str:
    program, *arguments = shlex.split(command, comments=True)
    if program not in _PROGRAMS:
        raise CommandError(f"{program}: expected one of {', '.join(_PROGRAMS)}")
    done = subprocess.run(  # noqa: S603  the commands are this site's own
        [sys.executable, *_PROGRAMS[program], *arguments],
        cwd=folder,
        env=os.environ | _ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode != status:
        raise CommandError(
            f"{command}: expected exit status {status}, got {done.returncode}:\n{done.stdout}"
        )
    return f"$ {command}\n{done.stdout.rstrip()}\n"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the directives to Sphinx."""
    app.add_directive("terminal", Terminal)
    app.add_directive("command-help", CommandHelp)
    return {"parallel_read_safe": True}
