"""What is said of a name that is not defined is true: where it stands, why it is not there, what to do."""

from typing import Any

import pytest

from autograder.checks.whereabouts import Whereabouts
from autograder.notebooks import Cell, Notebook, PlannedCell
from autograder.results import CellRecord, CellStatus

NOWHERE = "`double` is not defined anywhere in your notebook; its cell may be missing."
DOUBLE = "def double(x):\n    return 2 * x"


def cell(index: int, source: str, grade_id: str = "", **fields: Any) -> PlannedCell:
    return PlannedCell(name=f"<cell {index}>", index=index, id="", grade_id=grade_id, source=source, **fields)


def record(cell: PlannedCell, status: CellStatus = CellStatus.OK, error: str = "") -> CellRecord:
    return CellRecord(index=cell.index, id="", grade_id=cell.grade_id, status=status, error=error, untouched=False)


def ran(*cells: PlannedCell) -> dict[str, CellRecord]:
    return {one.name: record(one) for one in cells}


def said(*sources: str, name: str = "double") -> str:
    """Return what is said of a name after cells that all ended well."""
    cells = [cell(index, source) for index, source in enumerate(sources)]
    return Whereabouts(cells, None).missing(name, ran(*cells))


@pytest.mark.parametrize(
    ("sources", "text"),
    [
        (["x = 1"], NOWHERE),
        ([f"%%timeit\n{DOUBLE}"], "`double` stands in cell 1 under `%%timeit`, which does not define it for the notebook: remove that line."),
        ([f"%%writefile a.py\n{DOUBLE}"], "`double` stands in cell 1 under `%%writefile`, which does not define it"),
        ([f"%%capture\n{DOUBLE}"], "`double` stands in cell 1 under `%%capture`, and the cell did not get to it"),
        (["%%timeit\ndouble(3)"], NOWHERE),
        (["", "class Net:\n    def double(self, x): pass"], "`double` stands in cell 2 inside `Net`, where nothing else sees it: move it to the left margin."),
        (["def f():\n    if 1:\n        def double(x): pass"], "`double` stands in cell 1 inside `f`, where"),
        (["if __name__ == 'x':\n    def double(x): pass"], "`double` stands in cell 1 inside an `if` that did not get to it: define it at the left margin."),
        (["try:\n    import nothing\n    double = 3\nexcept ImportError:\n    pass"], "inside a `try` that did not get to it"),
        ([f"# {DOUBLE}"], "`double` stands in cell 1 behind a `#` (line 1): remove it."),
        (["x = 1\n#double = 3"], "`double` stands in cell 1 behind a `#` (line 2): remove it."),
        (["# double the input\n# double == 3"], NOWHERE),
        ([f"'''\n{DOUBLE}\n'''"], "`double` stands in cell 1 inside a text in quotes (line 1): remove them."),
        ([DOUBLE, "del double"], "`double` is defined in cell 1 and taken away by `del double` in cell 2: remove that line."),
        ([DOUBLE, "x = 1\n%reset -f"], "`double` is defined in cell 1 and taken away by `%reset` in cell 2: remove that line."),
        ([f"{DOUBLE}\ndel x, double"], "taken away by `del double` in cell 1"),
        (["def Double(x): pass"], "`double` is not defined; cell 1 defines `Double`: give it the name `double`."),
        (["def doubl(x): pass"], "`double` is not defined; cell 1 defines `doubl`: give it the name `double`."),
        (["def triple(x): pass"], NOWHERE),
    ],
)  # fmt: skip
def test_a_cell_that_ran_and_did_not_define_the_name_says_why(sources, text):
    found = said(*sources)
    assert found == text if text.endswith(".") else text in found


def test_a_name_that_is_like_another_question_is_not_that_question():
    cells = [cell(0, "def double(x): pass", "double"), cell(1, "x = 1", "doubles")]
    assert Whereabouts(cells, None).missing("doubles", ran(*cells)) == (
        "`doubles` is not defined: cell 2 (`doubles`) is its cell and does not define it."
    )


def test_a_name_of_our_own_cells_is_no_misspelling_of_theirs():
    ours = cell(0, "def Double(x): pass", keeps_state=True)
    assert Whereabouts([ours], None).missing("double", ran(ours)) == NOWHERE


@pytest.mark.parametrize(
    ("status", "failed"),
    [
        (CellStatus.ERROR, "failed"),
        (CellStatus.TIMEOUT, "failed"),
        (CellStatus.CRASHED, "was left out"),
        (CellStatus.SKIPPED, "was left out"),
    ],
)
def test_several_answers_in_a_cell_that_failed_are_all_found_there(status, failed):
    merged = cell(57, f"{DOUBLE}\nanswer = total", "answer")
    records = {merged.name: record(merged, status, "NameError: name 'total' is not defined")}
    whereabouts = Whereabouts([merged], None)
    assert whereabouts.missing("double", records) == (
        f"`double` is not defined, since cell 58 (`answer`), where it stands, {failed}: "
        "NameError: name 'total' is not defined"
    )
    assert whereabouts.missing("answer", records).startswith(f"`answer` is not defined, since its cell {failed}: ")


def test_a_cell_that_python_cannot_read_is_known_by_its_text():
    broken = cell(3, "def double(x):\n    return (")
    records = {broken.name: record(broken, CellStatus.ERROR, "SyntaxError: '(' was never closed")}
    assert "since cell 4, where it stands, failed: SyntaxError" in Whereabouts([broken], None).missing(
        "double", records
    )


def notebook(cells: tuple[Cell, ...] = (), texts: tuple[Cell, ...] = ()) -> Notebook:
    return Notebook(cells=cells, texts=texts, converted=False)


@pytest.mark.parametrize(("kind", "called"), [("markdown", "a Markdown cell"), ("raw", "a raw cell")])
def test_an_answer_in_a_cell_of_text_is_found_there(kind, called):
    text = Cell(index=7, id="", source=DOUBLE, kind=kind)
    assert Whereabouts([], notebook(texts=(text,))).missing("double", {}) == (
        f"`double` stands in cell 8, which is {called}: make it a code cell again (select it and press Y)."
    )


def test_a_text_that_tells_of_the_name_is_no_definition():
    text = Cell(index=7, id="", source="Write `double`.\n\n`double = 3` is not enough; double == 2", kind="markdown")
    assert Whereabouts([], notebook(texts=(text,))).missing("double", {}) == NOWHERE


def test_an_answer_in_a_cell_that_does_not_run_is_found_there():
    skipped = Cell(index=2, id="", source=DOUBLE, tags=frozenset({"skip-grading"}))
    assert Whereabouts([], notebook(cells=(skipped,))).missing("double", {}) == (
        "`double` stands in cell 3, which does not run when grading (tag `skip-grading`): "
        "define it in a code cell of your own."
    )


def test_an_empty_cell_is_called_empty():
    empty = Cell(index=2, id="", source=" \n", grade_id="double", solution=True)
    assert Whereabouts([], notebook(cells=(empty,))).missing("double", {}) == (
        "`double` is not defined: its cell, cell 3 (`double`), is empty."
    )


def test_the_cause_of_a_chain_of_failures_is_its_first():
    first, second = cell(0, "import tqdm\na = 1"), cell(1, "b = a", "b")
    whereabouts = Whereabouts([first, second], None)
    records = {first.name: record(first, CellStatus.ERROR, "ModuleNotFoundError: No module named 'tqdm' in cell 1")}
    whereabouts.note_cause(first, "Grading offers no package `tqdm`.")
    whereabouts.note_cause(second, whereabouts.cause("a", records))
    records[second.name] = record(second, CellStatus.ERROR, "NameError: name 'a' is not defined")
    assert whereabouts.cause("b", records) == "Grading offers no package `tqdm`."
    assert whereabouts.cause("tqdm", records) == "Grading offers no package `tqdm`."


def test_a_name_that_code_misspells_has_no_cause():
    one = cell(0, "length = 3")
    assert Whereabouts([one], None).cause("lenght", ran(one)) == ""
