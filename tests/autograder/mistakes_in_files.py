"""What authors write into files that students edit, and about them, that cannot be meant."""

from author_course import Author, mistake
from edited_file import LAYERS, with_edited_file


@mistake("a file to edit that is not there")
def _(c: Author) -> None:
    with_edited_file(c)
    (c.root / "source/week/layers.py").unlink()


@mistake("a file to edit in a folder")
def _(c: Author) -> None:
    c.config("points=4", 'points=4, files=["net/layers.py"]')


@mistake("files as a text")
def _(c: Author) -> None:
    c.config("points=4", 'points=4, files="layers.py"')


@mistake("a notebook as a file to edit")
def _(c: Author) -> None:
    c.config("points=4", 'points=4, files=["week.ipynb"]')


@mistake("a file to edit without an answer")
def _(c: Author) -> None:
    with_edited_file(c, text="def forward(x):\n    return 3 * x + 1\n")


@mistake("a file to edit whose marker has no partner")
def _(c: Author) -> None:
    with_edited_file(c, text=LAYERS.replace("    ### END SOLUTION\n", ""))


@mistake("a file to edit with ## BEGIN SOLUTION")
def _(c: Author) -> None:
    with_edited_file(c, text=LAYERS.replace("### BEGIN", "## BEGIN"))


@mistake("an answer of a file outside of functions")
def _(c: Author) -> None:
    text = LAYERS.replace("SIZE = 3\n", "# TODO: the size.\n### BEGIN SOLUTION\nSIZE = 3\n### END SOLUTION\n")
    with_edited_file(c, text=text)


@mistake("no answer between the markers of a file")
def _(c: Author) -> None:
    with_edited_file(c, text=LAYERS.replace("    tripled = SIZE * x\n    return tripled + 1\n", "\n"))


@mistake("an answer in a file without a TODO")
def _(c: Author) -> None:
    with_edited_file(c, text=LAYERS.replace("    # TODO: triple it, and add one.\n", ""))


@mistake("an answer in a file that no cell imports")
def _(c: Author) -> None:
    with_edited_file(c, imports="import layers")


@mistake("an answer in a file that a cell imports which does not run")
def _(c: Author) -> None:
    with_edited_file(c, tags=("skip-grading",))


@mistake("an answer in a file that is called as one in the notebook")
def _(c: Author) -> None:
    text = (
        LAYERS
        + "\n\ndef double(x):\n    # TODO: twice.\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n"
    )
    with_edited_file(c, text=text)


@mistake("an answer in a file without a check")
def _(c: Author) -> None:
    with_edited_file(c)
    checks = c.t.read_text()
    c.t.write_text(checks[: checks.index('\n\n@pytest.mark.question("forward")')] + "\n")
    c.config("points=7", "points=4")


@mistake("an answer in a file without a public check")
def _(c: Author) -> None:
    with_edited_file(c)
    c.checks("@pytest.mark.public\ndef test_forward_of_one", "def test_forward_of_one")


@mistake("a file to edit that does not get its points", command="grade")
def _(c: Author) -> None:
    with_edited_file(c)
    c.file("source/week/layers.py", LAYERS.replace("tripled + 1", "tripled + 2"))
