"""The directive ``terminal``: commands that are run when the site is built, and what they print.

A command of this project is written as a person types it::

    ```{terminal}
    gradcheck verify word2vec.py
    ```

It is run in a copy of ``docs/examples``, 80 columns wide, by the Python that builds the site. The
option ``:status:`` says which exit status is right, 0 by default: any other fails the build.
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

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata

__all__ = ["Terminal", "setup"]

_SECONDS = 60
_EXAMPLES = Path(__file__).parents[1] / "examples"
# No shell: these are all that a page may run, and each is a module of this very environment.
_PROGRAMS = {"gradcheck": ["-m", "gradcheck"], "pytest": ["-m", "pytest"], "python": []}


class Terminal(SphinxDirective):
    """Show commands and their output as a terminal does."""

    has_content = True
    option_spec: ClassVar = {"status": directives.nonnegative_int}

    def run(self) -> list[nodes.Node]:
        """Run the commands, one a line."""
        status = self.options.get("status", 0)
        with tempfile.TemporaryDirectory() as folder:
            examples = shutil.copytree(_EXAMPLES, Path(folder) / "examples")
            commands = [line for line in self.content if line.strip()]
            shown = "\n".join(self._transcript(line, examples, status) for line in commands)
        block = nodes.literal_block(shown, shown, language="console")
        self.set_source_info(block)
        return [block]

    def _transcript(self, command: str, folder: Path, status: int) -> str:
        program, *arguments = shlex.split(command, comments=True)
        if program not in _PROGRAMS:
            raise self.error(f"{program}: expected one of {', '.join(_PROGRAMS)}")
        done = subprocess.run(  # noqa: S603  the commands are this site's own
            [sys.executable, *_PROGRAMS[program], *arguments],
            cwd=folder,
            env=os.environ | {"COLUMNS": "80", "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=_SECONDS,
            check=False,
        )
        if done.returncode != status:
            raise self.error(
                f"{command}: expected exit status {status}, got {done.returncode}:\n{done.stdout}"
            )
        return f"$ {command}\n{done.stdout.rstrip()}\n"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Add the directive to Sphinx."""
    app.add_directive("terminal", Terminal)
    return {"parallel_read_safe": True}
