"""Run a solution notebook and make pages of it: a handout for after the deadline, and slides for a talk.

Both are one HTML file that needs nothing else, no network either: pictures are in it, formulas are MathML, and slides
are shown by a copy of reveal.js (MIT, in `reveal/`). Which cell is on which slide follows from Jupyter's own slide
types, the "Slide Type" of a cell in JupyterLab's property inspector.
"""

import asyncio
import os
import re
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

import jinja2
import latex2mathml.converter
import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from nbformat.notebooknode import NotebookNode
from pygments.formatters import HtmlFormatter
from traitlets.config import Config

from autograder.authoring.assignment import Tree
from autograder.authoring.pictures import data_uri
from autograder.checks.surroundings import notebook_environment
from autograder.course import Course
from autograder.datasets import link_data
from autograder.errors import BuildError
from autograder.notebooks import Tag
from autograder.own_notebooks import tags_of

__all__ = ["execute", "handout_page", "has_slides", "slides_page"]

_CELL_SECONDS = 1_800
_HERE = Path(__file__).parent
_CODE_OR_FORMULA = re.compile(r"(```.*?```|`[^`]*`)|\$\$(.+?)\$\$|(?<!\\)\$([^$\n](?:[^$]*?[^$\s])?)\$", re.DOTALL)
_PICTURE = re.compile(r'(<img\b[^>]*\bsrc=")([^":]+)(")')


def execute(tree: Tree, course: Course) -> NotebookNode:
    """Return the notebook of a solutions tree with its outputs; it runs in a folder of its own, with the course's data.

    Raise BuildError that names the first cell that fails.
    """
    name = tree.folder.name
    with tempfile.TemporaryDirectory(prefix="autograder-handout-") as folder:
        work = Path(folder) / name
        for relative, content in tree.files.items():
            (work / relative).parent.mkdir(parents=True, exist_ok=True)
            (work / relative).write_bytes(content)
        link_data(course, work)
        notebook: NotebookNode = nbformat.read(work / f"{name}.ipynb", as_version=4)
        for cell in notebook.cells:
            if Tag.STUDENT_ID in tags_of(cell):  # public checks want an ID that is somebody's
                cell.source = 'STUDENT_ID = "solution"'
        client = NotebookClient(
            notebook,
            timeout=_CELL_SECONDS,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(work)}},
        )
        environment = notebook_environment(os.environ, Path(folder))
        try:
            asyncio.run(client.async_execute(env=environment))
        except CellExecutionError as error:
            said = f"{error.ename}: {error.evalue}"
            raise BuildError(f"solutions/{name}/{name}.ipynb cannot be run to its end: {said}") from error
    return notebook


def has_slides(tree: Tree) -> bool:
    """Return whether any cell of a solutions tree's notebook begins a slide."""
    notebook = nbformat.reads(tree.files[Path(f"{tree.folder.name}.ipynb")].decode(), as_version=4)
    return bool(_slides(notebook.cells))


def handout_page(notebook: NotebookNode, tree: Tree, title: str) -> str:
    """Return the whole notebook as one page."""
    return _render(title, style=_style(), body=_html(notebook.cells, tree))


def slides_page(notebook: NotebookNode, tree: Tree, title: str) -> str:
    """Return the notebook as slides; raise BuildError where no cell begins one."""
    slides: list[list[list[str]]] = []
    for kind, cells in _slides(notebook.cells):
        fragment = _html(cells, tree, hide_input={Tag.HIDE_INPUT})
        if kind == "slide" or not slides:
            slides.append([[fragment]])
        elif kind == "subslide":
            slides[-1].append([fragment])
        else:
            slides[-1][-1].append(fragment)
    if not slides:
        raise BuildError(
            f"source/{tree.folder.name}: no cell begins a slide; set Slide Type in JupyterLab's property inspector."
        )
    reveal = _HERE / "reveal"
    style = "\n".join([(reveal / name).read_text() for name in ("reveal.css", "white.css")] + [_style()])
    return _render(title, style=style, slides=slides, script=(reveal / "reveal.js").read_text())


def _slides(cells: Sequence[NotebookNode]) -> list[tuple[str, list[NotebookNode]]]:
    """Return what is shown at once: slides, subslides and fragments, with the cells of each."""
    parts: list[tuple[str, list[NotebookNode]]] = []
    for cell in cells:
        kind = cell.metadata.get("slideshow", {}).get("slide_type", "-" if parts else "skip")
        if kind in ("slide", "subslide", "fragment"):
            parts.append((kind, [cell]))
        elif kind == "-" and parts:
            parts[-1][1].append(cell)
    return parts


def _html(cells: Sequence[NotebookNode], tree: Tree, *, hide_input: Collection[str] = ()) -> str:
    """Return cells as HTML, with pictures in it and formulas as MathML; tagged cells without their code."""
    prepared = nbformat.v4.new_notebook(cells=[nbformat.from_dict(cell) for cell in cells])
    for cell in prepared.cells:
        if cell.cell_type == "markdown":
            cell.source = _CODE_OR_FORMULA.sub(_as_mathml, cell.source)
            cell.pop("attachments", None)
    config = Config(TagRemovePreprocessor={"enabled": True, "remove_input_tags": set(hide_input)})
    html, _ = HTMLExporter(config, template_name="basic", anchor_link_text="").from_notebook_node(prepared)
    return _PICTURE.sub(lambda found: found[1] + data_uri(found[2], tree.files) + found[3], html)


def _as_mathml(found: re.Match[str]) -> str:
    code, display, inline = found.groups()
    if code is not None:
        return found[0]
    formula = latex2mathml.converter.convert(display or inline, display="block" if display else "inline")
    return f"\n\n{formula}\n\n" if display else formula


def _style() -> str:
    code = HtmlFormatter(style="default").get_style_defs(".highlight")
    return f"{code}\n{(_HERE / 'handout.css').read_text()}"


def _render(title: str, **values: object) -> str:
    safe = {"body": "", "slides": (), "script": "", "style": "", **values}
    template = (_HERE / "handout.html").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=False).from_string(template).render(title=title, **safe)  # noqa: S701 - ours
