"""Handouts and slides: the solution, run, as one page that needs nothing else."""

import base64
import hashlib
import json
import re
from pathlib import Path

import nbformat
import pytest
import tiny_course

from autograder.authoring.assignment import Tree, build_trees
from autograder.authoring.handout import execute, handout_page, has_slides, slides_page
from autograder.cli import main
from autograder.course import load_course
from autograder.errors import BuildError

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def markdown(cell_id: str, source: str, slide: str = "") -> dict:
    metadata = {"slideshow": {"slide_type": slide}} if slide else {}
    return {"cell_type": "markdown", "id": cell_id, "metadata": metadata, "source": source}


@pytest.fixture(scope="module")
def course(tmp_path_factory) -> Path:
    """A tiny course whose notebook has a picture, formulas and slides."""
    root = tiny_course.make_numpy_course(tmp_path_factory.mktemp("handout") / "course")
    (root / "source" / "tiny" / "figure.png").write_bytes(PIXEL)
    cells = tiny_course.source_cells()
    cells[0:1] = [
        markdown("title", '# Tiny <img src="figure.png" alt="a pixel">', "slide"),
        markdown(
            "formula", r"Inline $\sqrt{x}$ but not `$PATH or $HOME`. $$y = \frac{a}{b}$$ It costs \$5.", "fragment"
        ),
        markdown("more", "## Below", "subslide"),
        markdown("second", "# Second", "slide"),
        markdown("hidden", "Nobody sees this on a slide.", "skip"),
    ]
    cells.append(tiny_course.code("last", "print('answer is', answer)", {"slideshow": {"slide_type": "-"}}))
    for cell in cells:
        if cell["cell_type"] == "code" and cell["id"] != "last":
            cell["metadata"] = {**cell["metadata"], "slideshow": {"slide_type": "skip"}}
    (root / "source" / "tiny" / "tiny.ipynb").write_text(tiny_course.in_numpy(json.dumps(tiny_course.notebook(*cells))))
    return root


@pytest.fixture(scope="module")
def solutions(course) -> Tree:
    return build_trees(load_course(course), load_course(course).assignment("tiny"))[1]


@pytest.fixture(scope="module")
def executed(solutions, course):
    return execute(solutions, load_course(course))


def test_a_handout_shows_answers_and_their_outputs(executed, solutions):
    page = handout_page(executed, solutions, "A tiny assignment")
    assert "<title>A tiny assignment</title>" in page
    assert "secret recipe" in page
    assert "answer is 42" in page
    assert "because the reference says so" in page


@pytest.mark.parametrize("make", [handout_page, slides_page])
def test_a_page_needs_nothing_else(executed, solutions, make):
    page = make(executed, solutions, "Tiny")
    assert base64.b64encode(PIXEL).decode() in page
    markup = page.partition("<body>")[2].partition("<script>")[0]
    assert "://" not in markup.replace("http://www.w3.org/1998/Math/MathML", "")
    assert 'src="figure.png"' not in page


def test_formulas_are_mathml_and_code_is_left_alone(executed, solutions):
    page = handout_page(executed, solutions, "Tiny")
    assert "<msqrt>" in page
    assert "<mfrac>" in page
    assert "$PATH or $HOME" in page


def test_cells_are_on_the_slides_that_their_types_say(executed, solutions):
    page = slides_page(executed, solutions, "Tiny")
    markup = page.partition('<div class="slides">')[2].partition("<script>")[0]
    assert markup.count("<section>") == 2 + 3
    assert markup.count('class="fragment"') == 1
    assert "answer is 42" in markup
    assert "Nobody sees this" not in markup
    assert "secret recipe" not in markup


def test_slides_show_a_cell_tagged_hide_input_without_its_code_and_a_handout_with_it(executed, solutions):
    notebook = nbformat.from_dict(executed)
    notebook.cells[-1].metadata["tags"] = ["hide-input"]
    slides, handout = slides_page(notebook, solutions, "Tiny"), handout_page(notebook, solutions, "Tiny")
    code, output = '<span class="nb">print</span>', "answer is 42"
    assert (code in slides_page(executed, solutions, "Tiny"), code in slides, code in handout) == (True, False, True)
    assert output in slides
    assert output in handout


def test_the_commands_write_both(course, capsys):
    assert main(["build", "--slides", "--course", str(course)]) == 0
    assert (course / "build" / "slides" / "tiny.html").is_file()
    assert main(["build", "tiny", "--handout", "--course", str(course)]) == 0
    assert "build/handouts/tiny.html: written" in capsys.readouterr().out


def test_a_notebook_without_slides_makes_none(built_numpy_course, capsys):
    course = load_course(built_numpy_course)
    tree = build_trees(course, course.assignment("tiny"))[1]
    assert not has_slides(tree)
    assert main(["build", "--slides", "--course", str(built_numpy_course)]) == 0
    assert capsys.readouterr().out == ""
    with pytest.raises(BuildError, match="no cell begins a slide"):
        slides_page(execute(tree, course), tree, "Tiny")


def test_a_solution_that_does_not_run_is_named(solutions, course):
    path = Path("tiny.ipynb")
    broken = (
        solutions.files[path]
        .replace(b"return helper(x)", b"return helper(x) +")
        .replace(b"answer = 42", b"answer = 4 / 0")
    )
    with pytest.raises(BuildError, match=r"tiny.ipynb cannot be run to its end: SyntaxError|ZeroDivisionError"):
        execute(Tree(folder=solutions.folder, files={**solutions.files, path: broken}), load_course(course))


def test_the_copy_of_reveal_is_the_one_that_its_readme_names():
    folder = tiny_course.REPOSITORY / "autograder" / "authoring" / "reveal"
    told = dict(re.findall(r"^\| `(\S+)` .*`([0-9a-f]{64})` \|$", (folder / "README.md").read_text(), re.MULTILINE))
    copied = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir() if path.suffix != ".md"
    }
    assert told == copied
