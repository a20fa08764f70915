"""How Sphinx builds the site; README has the command."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from importlib.metadata import version as version_of
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

# On a machine where matplotlib never ran it makes a list of the fonts, and says so: here, that is,
# and not on the first page with a figure.
import matplotlib.font_manager  # noqa: F401

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).parent
ROOT = DOCS.parent

# The pages show what is in this checkout, `models` too, which no wheel has: here and in the
# processes that execute them.
sys.path[:0] = [str(DOCS / "extensions"), str(ROOT)]
os.environ["PYTHONPATH"] = os.pathsep.join(
    filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])
)

project = "gradcheck"
author = "the gradcheck developers"
version = release = version_of("gradcheck")

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.mathjax",
    "terminal",
]
exclude_patterns = ["_build", "examples", "interactive", "extensions", "read"]

# A broken reference is a warning, and the build's command makes each warning an error. Backquoted
# names in docstrings are links where the reference has such an object; parameters stay code.
nitpicky = True
nitpick_ignore_regex = [("py:obj", ".*")]
default_role = "py:obj"

# Every page is executed at each build; what it shows is never kept from an earlier one. A cell that
# fails is a warning with its traceback: as an error, myst_nb would say neither which cell nor why.
nb_execution_mode = "force"
nb_execution_show_tb = True
nb_execution_timeout = 180  # of a cell that takes seconds, on a machine that is busy
nb_merge_streams = True
# Markdown that a cell shows may hold tables and mathematics, as a page may.
nb_render_markdown_format = "myst"

myst_enable_extensions = ["amsmath", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# The docstrings state types and shapes; the signatures need not repeat them.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
# autodoc lists the members; numpydoc would make a page of each.
numpydoc_show_class_members = False

# The theme's own dark style underlines modules, as if they were links.
pygments_dark_style = "a11y-dark"

html_theme = "furo"
html_title = "gradcheck"
html_show_copyright = False
html_copy_source = False
html_show_sourcelink = False
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_theme_options = {
    # The site is read from a folder; there is no page of the source to point to.
    "source_edit_link": "",
}

# MathJax that draws SVG is one file and needs no fonts, which browsers refuse to load from file://.
# The distribution that bundles it is a Sphinx extension, too; as that it would copy 24 MB.
_MATHJAX = files("sphinx-mathjax-offline") / "static" / "mathjax" / "tex-svg-full.js"
html_static_path = ["_static", str(_MATHJAX)]
mathjax_path = "tex-svg-full.js"
# Its menu can switch on parts that are not there, or elsewhere on the network.
mathjax3_config = {"options": {"enableMenu": False}}


def copy_interactive_page(app: Sphinx, error: Exception | None) -> None:
    """Copy the interactive page with its links to the others, which a clone does not have.

    Not by html_extra_path, which would lay its files beside ours.
    """
    if error is None:
        folder = Path(app.outdir) / "interactive"
        shutil.copytree(DOCS / "interactive", folder, dirs_exist_ok=True)
        page = folder / "index.html"
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace('<nav id="site" hidden', '<nav id="site"'), encoding="utf-8")


def complete_captions(*event: Any) -> None:
    """Give the headings of the sidebar the level that a heading must have."""
    context = event[3]
    tree = context["furo_navigation_tree"]
    context["furo_navigation_tree"] = tree.replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )


def give_kernels_a_profile(app: Sphinx) -> None:
    """Let no profile of the reader's own IPython change a page, and no kernel warn of itself.

    It listens to this machine alone and for seconds, but says that it does so without encryption.
    """
    folder = Path(tempfile.mkdtemp(prefix="gradcheck-docs-"))
    os.environ["IPYTHONDIR"] = str(folder)
    profile = folder / "profile_default"
    profile.mkdir()
    config = 'c.IPKernelApp.log_level = "ERROR"\n'
    (profile / "ipython_kernel_config.py").write_text(config, encoding="utf-8")
    app.connect("build-finished", lambda *_: shutil.rmtree(folder, ignore_errors=True))


_BARS = re.compile(r"``.*?``|\|(\w[^|`]*)\|")


def keep_bars(*event: Any) -> None:
    """Let |V| be a size in docstrings: reStructuredText takes it for a name to substitute.

    A line with a backslash is LaTeX, or escaped already.
    """
    lines = event[-1]
    lines[:] = [line if "\\" in line else _BARS.sub(_escape_bars, line) for line in lines]


def _escape_bars(match: re.Match[str]) -> str:
    return rf"\|{match[1]}\|" if match[1] else match[0]


def setup(app: Sphinx) -> None:
    """Connect what has no option."""
    give_kernels_a_profile(app)
    app.connect("autodoc-process-docstring", keep_bars)
    # After the theme, which makes the tree.
    app.connect("html-page-context", complete_captions, priority=900)
    app.connect("build-finished", copy_interactive_page)
