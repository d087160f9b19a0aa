"""What answers need is not defined in a cell that does not run when grading."""

import pytest

from autograder.authoring.skipped_cells import verify_skipped_cells
from autograder.errors import BuildError
from autograder.notebooks import Cell, Notebook, Tag

SKIPPED = frozenset({Tag.SKIP_GRADING})


def notebook(skipped: str, *others: Cell, text: str = "") -> Notebook:
    cell = Cell(index=0, id="", source=skipped, tags=SKIPPED)
    return Notebook(cells=(cell, *others), texts=(Cell(index=9, id="", kind="markdown", source=text),), converted=False)


def answer(source: str) -> Cell:
    return Cell(index=1, id="", source=source, grade_id="double", solution=True)


def given(source: str, **fields: object) -> Cell:
    return Cell(index=2, id="", source=source, locked=True, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (notebook("factor = 2", answer("def double(x):\n    return factor * x")), "'factor', which the answer to 'double' uses"),
        (notebook("import math", answer("double = [math.pi for _ in range(2)]")), "'math', which the answer to 'double' uses"),
        (notebook("for factor in (1, 2):\n    pass", given("print(factor)")), "'factor', which cell 3 uses"),
        (notebook("def corners(boxes):\n    return boxes\nplot()"), "'corners', which an answer may call"),
        (notebook("class Net:\n    pass"), "'Net', which an answer may call"),
        (notebook("mean = 3", text="Shift by `mean` first."), "'mean', of which the text tells students"),
    ],
)  # fmt: skip
def test_a_skipped_cell_that_defines_what_others_need_is_refused(found, says):
    with pytest.raises(BuildError) as caught:
        verify_skipped_cells("source/tiny/tiny.ipynb", found)
    assert str(caught.value) == (
        f"source/tiny/tiny.ipynb, cell 1: it is tagged skip-grading and defines {says}; "
        "define that in a cell of its own that runs."
    )


@pytest.mark.parametrize(
    "fine",
    [
        notebook("x = 2\nplot(x)", answer("def double(x):\n    return 2 * x")),
        notebook("x = 2", answer("def double(y):\n    x = 2 * y\n    return x")),
        notebook("x = 2", given("x = 3\nprint(x)")),
        notebook("x = 2", given("def f():\n    return x", tags=frozenset({Tag.SOLUTION_ONLY}))),
        notebook("x = 2\nplot(f())", given("def f():\n    return x")),
        notebook("x = 2", given("y = 3"), text="`x = 2` and x and `y.x`"),
        notebook("for weight in range(3):\n    pass", text="each `weight`"),
        notebook("x = 2", answer("def double(x):\n    return 2 * x"), text="`double` takes `x`."),
        notebook("import otter\ngrader = otter.Notebook()", text="`grader` checks"),
        notebook("%matplotlib inline\nplot(", text="`plot`"),
    ],
)
def test_a_skipped_cell_may_define_what_nobody_needs(fine):
    verify_skipped_cells("source/tiny/tiny.ipynb", fine)


# Files


@pytest.mark.parametrize("skipped", ["open('a.csv', 'w').write('1')", "save('out/a.csv')", "df.to_csv('a.csv')"])
def test_a_skipped_cell_that_writes_what_an_answer_reads_is_refused(skipped):
    found = notebook(skipped, answer("double = open('a.csv').read()"), given("def save(path):\n    open(path, 'w')"))
    with pytest.raises(BuildError, match=r"writes 'a\.csv', which a cell that runs asks for"):
        verify_skipped_cells("source/tiny/tiny.ipynb", found)
    verify_skipped_cells("source/tiny/tiny.ipynb", found, ["a.csv"])


@pytest.mark.parametrize("skipped", ["show('a.csv')", "open('a.csv')", "open('b.csv', 'w')"])
def test_a_skipped_cell_that_reads_a_file_or_writes_another_is_no_fault(skipped):
    verify_skipped_cells("source/tiny/tiny.ipynb", notebook(skipped, answer("double = open('a.csv').read()")))


def test_what_an_answer_writes_itself_may_be_written_by_a_skipped_cell_too():
    found = notebook("open('a.csv', 'w')", answer("open('a.csv', 'a')\ndouble = open('a.csv').read()"))
    verify_skipped_cells("source/tiny/tiny.ipynb", found)
