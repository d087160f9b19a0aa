"""Whatever a notebook holds it is read or refused in one sentence, and its answers find their places."""

import json
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tiny_course import code, marks, notebook, skip

from autograder.cell_code import defined_names
from autograder.errors import NotebookError
from autograder.notebooks import Cell, PlannedCell, Tag, plan_run, read_cells, read_notebook


def write(folder: Path, content: object) -> Path:
    path = folder / "tiny.ipynb"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def refusal(path: Path) -> str:
    with pytest.raises(NotebookError) as caught:
        read_cells(path)
    message = str(caught.value)
    assert message.startswith("tiny.ipynb ")
    assert "\n" not in message
    return message


def test_the_code_cells_are_read_with_their_places(tmp_path):
    title = {"cell_type": "markdown", "id": "t", "metadata": {}, "source": "# Tiny"}
    answer = code("a", "answer = 42", {**marks("answer", solution=True), "tags": ["x"]})
    setup = code("s", ["import torch\n", "import math"], marks("setup"))
    assert read_cells(write(tmp_path, notebook(title, answer, setup))) == [
        Cell(index=1, id="a", source="answer = 42", grade_id="answer", solution=True, tags=frozenset({"x"})),
        Cell(index=2, id="s", source="import torch\nimport math", grade_id="setup", locked=True),
    ]


def test_an_empty_notebook_has_no_cells(tmp_path):
    assert read_cells(write(tmp_path, notebook())) == []


@pytest.mark.parametrize(
    "content",
    [
        b"print('hello')",
        b"\xff\xfe\x00\x01",
        b"[" * 1_000_000,
        b'{"a":' * 200_000 + b"1" + b"}" * 200_000,
        b'{"cells": [], "nbformat": ' + b"9" * 5_000 + b"}",
    ],
)
def test_what_is_no_json_is_refused(tmp_path, content):
    assert "is not a notebook: it is not valid JSON" in refusal(write(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (bytes(5_000), "empty"),
        (b'{"cells": [{"cell_type": "code", "source": "x =', "breaks off"),
        (b'{"cells": [], "nbformat"' + bytes(4_096), "breaks off"),
        ('{"cells": [{"cell_type": "Ä'.encode("utf-16")[:-1], "breaks off"),
        (b"PK\x03\x04 and more", "a zip archive; unpack it"),
        (b"%PDF-1.7", "a PDF"),
        (b"<!DOCTYPE html>\n<html><title>Sign in</title></html>", "a web page, of a login perhaps"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n", "a pointer of Git LFS"),
        (b'{"cells": [\n<<<<<<< HEAD\n 1\n=======\n 2\n>>>>>>> theirs\n]}', "merge conflict"),
        (b"#!/usr/bin/env python\n# coding: utf-8\n\n# In[1]:\nimport torch\n", "a Python file"),
    ],
)
def test_what_stands_in_a_notebooks_place_is_called_by_its_name(tmp_path, content, says):
    message = refusal(write(tmp_path, content))
    assert says in message
    assert "hand " in message


def test_more_parts_than_memory_is_kept_for_are_refused_unread(tmp_path):
    assert "more than 4000000 lists" in refusal(write(tmp_path, b"[" + b"[]," * 4_000_001 + b"0]"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1"])
def test_another_encoding_is_read_and_told(tmp_path, encoding):
    text = json.dumps(notebook(code("a", "grüße = 'Ä'")), ensure_ascii=False)
    found = read_notebook(write(tmp_path, text.encode(encoding)))
    assert [cell.source for cell in found.cells] == ["grüße = 'Ä'"]
    assert found.converted


def test_a_notebook_as_it_should_be_is_not_called_converted(tmp_path):
    assert not read_notebook(write(tmp_path, notebook(code("a", "x = 'Ä'")))).converted


@pytest.mark.parametrize("number", [2, 3])
def test_an_old_format_is_converted_and_told(tmp_path, number):
    cell = {"cell_type": "code", "input": ["answer ", "= 42"], "metadata": marks("answer", solution=True)}
    sheets = [{"cells": [{"cell_type": "heading", "source": "T"}, cell]}, None, {"cells": 7}, {"cells": [None]}]
    found = read_notebook(write(tmp_path, {"nbformat": number, "worksheets": sheets}))
    assert found.cells == (Cell(index=1, id="", source="answer = 42", grade_id="answer", solution=True),)
    assert found.converted


@pytest.mark.parametrize(
    "content",
    [
        [],
        [notebook()],
        7,
        None,
        "cells",
        {},
        {"nbformat": 4},
        {"nbformat": 4, "cells": {}},
        {"nbformat": 4, "cells": None},
        {"nbformat": 4, "cells": "print(1)"},
        {"nbformat": 3, "cells": []},
        {"nbformat": 3, "worksheets": {}},
        {"nbformat": "4", "cells": []},
        {"cells": []},
    ],
    ids=str,
)
def test_what_is_no_notebook_of_format_4_is_refused(tmp_path, content):
    path = write(tmp_path, json.dumps(content))
    assert "is not a notebook of format 4; open it in JupyterLab" in refusal(path)


def test_a_missing_notebook_is_refused(tmp_path):
    assert "is not there" in refusal(tmp_path / "tiny.ipynb")


def test_a_folder_is_refused(tmp_path):
    (tmp_path / "tiny.ipynb").mkdir()
    assert "not an ordinary file" in refusal(tmp_path / "tiny.ipynb")


def test_a_link_is_refused_wherever_it_leads(tmp_path):
    (tmp_path / "real.ipynb").write_text(json.dumps(notebook()))
    (tmp_path / "tiny.ipynb").symlink_to(tmp_path / "real.ipynb")
    assert "not an ordinary file" in refusal(tmp_path / "tiny.ipynb")


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "tiny.ipynb")
    assert "not an ordinary file" in refusal(tmp_path / "tiny.ipynb")


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # its address has to be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("tiny.ipynb")
    assert "a socket, not an ordinary file" in refusal(tmp_path / "tiny.ipynb")


def test_a_name_is_shown_without_what_a_terminal_or_a_page_would_obey(tmp_path):
    with pytest.raises(NotebookError) as caught:
        read_cells(tmp_path / os.fsdecode(b"\x1b[31m\xffx\ny\xe2\x80\xae.ipynb"))
    assert str(caught.value) == "\ufffdx y\ufffd.ipynb is not there; hand it in."


def test_a_huge_file_is_refused_unread(tmp_path):
    path = tmp_path / "tiny.ipynb"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)
    assert "has 10240 MB; clear its outputs, at most 32 MB are read" in refusal(path)


def test_too_many_cells_are_refused(tmp_path):
    assert "has 5001 cells; at most 5000" in refusal(write(tmp_path, {"nbformat": 4, "cells": [{}] * 5_001}))


@pytest.mark.parametrize(
    "strange", [None, 7, "x = 1", [], ["x = 1"], {}, {"cell_type": "raw"}, {"cell_type": ["code"]}, {"source": "x"}]
)
def test_what_is_no_code_cell_is_passed_over(tmp_path, strange):
    cells = read_cells(write(tmp_path, notebook(strange, code("a", "x = 1"))))
    assert [(cell.index, cell.source) for cell in cells] == [(1, "x = 1")]


@pytest.mark.parametrize("metadata", [None, 7, "x", [], {"nbgrader": None}, {"nbgrader": [1]}, {"nbgrader": "answer"}])
def test_metadata_of_a_wrong_type_is_none(tmp_path, metadata):
    raw = {"cell_type": "code", "id": "a", "source": "x = 1", "metadata": metadata}
    assert read_cells(write(tmp_path, notebook(raw))) == [Cell(index=0, id="a", source="x = 1")]


@pytest.mark.parametrize("value", [None, 7, ["answer"], {"a": 1}, False])
@pytest.mark.parametrize("key", ["grade_id", "solution", "locked"])
def test_a_mark_of_a_wrong_type_is_no_mark(tmp_path, key, value):
    raw = code("a", "x = 1", {"nbgrader": {key: value}})
    assert read_cells(write(tmp_path, notebook(raw))) == [Cell(index=0, id="a", source="x = 1")]


@pytest.mark.parametrize("tags", [None, "skip-grading", 7, {}, [7, None, ["skip-grading"], {}]])
def test_tags_of_a_wrong_type_are_none(tmp_path, tags):
    [cell] = read_cells(write(tmp_path, notebook(code("a", "x = 1", {"tags": tags}))))
    assert cell.tags == frozenset()


@pytest.mark.parametrize(
    ("source", "text"), [(None, ""), (7, ""), ({"a": 1}, ""), (["x", 7, None, " = 1"], "x = 1"), ([], "")]
)
def test_a_source_of_a_wrong_type_is_the_text_that_is_in_it(tmp_path, source, text):
    raw: dict[str, Any] = {**code("a", ""), "source": source}
    [cell] = read_cells(write(tmp_path, notebook(raw)))
    assert cell.source == text


@pytest.mark.parametrize("cell_id", [None, 7, ["a"]])
def test_an_id_of_a_wrong_type_is_none(tmp_path, cell_id):
    raw = {**code("a", "x = 1"), "id": cell_id}
    [cell] = read_cells(write(tmp_path, notebook(raw)))
    assert not cell.id


def test_long_names_are_cut(tmp_path):
    [cell] = read_cells(write(tmp_path, notebook(code("a" * 9_999, "x = 1", marks("b" * 9_999)))))
    assert (len(cell.id), len(cell.grade_id)) == (200, 200)


def test_lone_surrogates_become_question_marks(tmp_path):
    text = json.dumps(notebook(code("\ud800", "x = '\udfff'", marks("\udc80"))))
    [cell] = read_cells(write(tmp_path, text))
    assert (cell.id, cell.source, cell.grade_id) == ("?", "x = '?'", "?")


def test_a_byte_order_mark_is_passed_over(tmp_path):
    content = b"\xef\xbb\xbf" + json.dumps(notebook(code("a", "x = 1"))).encode()
    assert [cell.source for cell in read_cells(write(tmp_path, content))] == ["x = 1"]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("", []),
        ("def f(x):\n    y = 1\n    return y", ["f"]),
        ("async def f():\n    pass", ["f"]),
        ("class Net(torch.nn.Module):\n    width = 3\n    def forward(self, x):\n        return x", ["Net"]),
        ("@torch.no_grad()\ndef f():\n    pass", ["f"]),
        ("answer = 42", ["answer"]),
        ("answer: int = 42", ["answer"]),
        ("sizes: dict[str, int] = {}", ["sizes"]),
        ("a = 1\nb = 2\ndef c(): pass", ["a", "b", "c"]),
        ("answer == 42", []),
        ("answer += 42", []),
        ("print(end='')", []),
        ("model.width = 3", []),
        ("    indented = 1", []),
        ("# answer = 42", []),
        ("def f(x:\n    return (", ["f"]),
        ("answer = = 42", ["answer"]),
        ("größe = 3", ["größe"]),
    ],
)
def test_names_defined_at_the_top_level_are_found_also_in_what_does_not_parse(source, names):
    assert defined_names(source) == names


def test_finding_names_in_a_long_source_takes_no_time():
    import time

    began = time.process_time()
    for source in ("a" * 10**6, "a\n" * 10**6, "async\n" * 10**5, "a" + "\n" * 10**6, "a:" * 10**6, "def " * 10**5):
        defined_names(source)
    assert time.process_time() - began < 5


LOCKED, SKIP = marks("setup"), {"tags": [Tag.SKIP_GRADING]}
RELEASE = [
    {"cell_type": "markdown", "id": "title", "metadata": {}, "source": "# Tiny"},
    code("r1", "import torch", LOCKED),
    code("r2", 'STUDENT_ID = ""  # your ID', {**marks("student_id"), "tags": [Tag.STUDENT_ID]}),
    code("r3", "def double(x):\n    raise NotImplementedError", marks("double", solution=True)),
    code("r4", 'grader.check("double")  # 3 points', skip(marks("check-double"))),
    code("r5", "pairs = [(x, x) for x in range(3)]", marks("pairs")),
    code("r6", "answer = 0", marks("answer", solution=True)),
    code("r7", "plot(answer)", SKIP),
]
DOUBLE, ANSWER = "def double(x):\n    return 2 * x", "answer = 42"
FULL = ["import torch", "STUDENT_ID = 'ada'", DOUBLE, "pairs = [(x, x) for x in range(3)]", ANSWER]
"""What runs of a complete submission."""


@pytest.fixture
def skeleton(tmp_path: Path) -> list[Cell]:
    return read_cells(write(tmp_path, notebook(*RELEASE)))


@pytest.fixture
def plan(skeleton, tmp_path):
    """Plan the run of a submission that holds these cells."""

    def plan(*cells: dict[str, Any]) -> list[PlannedCell]:
        return plan_run(skeleton, read_cells(write(tmp_path, notebook(*cells))), "ada")

    return plan


def filled() -> list[dict[str, Any]]:
    """Return the release with both answers."""
    answers = {"r3": DOUBLE, "r6": ANSWER}
    return [{**cell, "source": answers.get(cell["id"], cell["source"])} for cell in RELEASE]


def stripped(cells: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the cells as a tool leaves them that keeps sources alone."""
    return [{**cell, "id": f"new-{cell['id']}", "metadata": {}} for cell in cells]


def after(cells: list[dict[str, Any]], cell_id: str, *extra: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the cells with more behind the one of that id."""
    place = next(n for n, cell in enumerate(cells) if cell["id"].removeprefix("new-") == cell_id) + 1
    return [*cells[:place], *extra, *cells[place:]]


def changed(cells: Iterable[dict[str, Any]], cell_id: str, source: str) -> list[dict[str, Any]]:
    return [{**cell, "source": source} if cell["id"].removeprefix("new-") == cell_id else cell for cell in cells]


def sources(planned: Iterable[PlannedCell]) -> list[str]:
    return [cell.source for cell in planned]


BOTH = pytest.mark.parametrize("form", [list, stripped], ids=["as handed out", "stripped"])
"""A submission with our metadata, and one without."""


@BOTH
def test_a_complete_submission_runs_ours_where_locked_and_theirs_where_asked(plan, form):
    assert sources(plan(*form(filled()))) == FULL


@BOTH
def test_answers_carry_the_grade_id_of_their_place(plan, form):
    planned = {cell.source: cell for cell in plan(*form(filled()))}
    assert planned[DOUBLE].grade_id == "double"
    assert planned[ANSWER].grade_id == "answer"


@BOTH
def test_answers_carry_their_index_in_the_students_notebook(plan, form):
    planned = {cell.source: cell for cell in plan(*form(filled()))}
    assert planned[DOUBLE].index == 3
    assert planned[ANSWER].index == 6


def test_names_in_a_plan_differ(plan):
    planned = plan(*after(filled(), "r3", code("r3", DOUBLE, marks("double", solution=True))))
    assert len({cell.name for cell in planned}) == len(planned)


@BOTH
def test_the_order_of_the_release_holds_whatever_the_students_order(plan, form):
    assert sources(plan(*reversed(form(filled())))) == FULL


@BOTH
@pytest.mark.parametrize("cell_id", ["r1", "r5"])
def test_a_locked_cell_that_is_gone_runs_all_the_same(plan, form, cell_id):
    assert sources(plan(*(cell for cell in form(filled()) if not cell["id"].endswith(cell_id)))) == FULL


def test_a_locked_cell_that_was_edited_is_ours_again(plan):
    assert sources(plan(*changed(filled(), "r5", "pairs = []"))) == FULL


@pytest.mark.parametrize(
    ("edited", "added"),
    [
        (
            "import torch\nimport functools\n\ndef twice(x):\n    return 2 * x",
            "\nimport functools\n\ndef twice(x):\n    return 2 * x",
        ),
        ("%matplotlib inline\nimport torch\nimport math", "\n\nimport math"),
        ("import functools, torch", "import functools"),
        ("import numpy as torch", None),
        ("pairs = []\nimport torch", None),
        ("import torch\n\n# a comment", None),
        ("import torch\nx = = 3", None),
    ],
)
def test_what_was_added_to_a_locked_cell_runs_behind_it_where_it_takes_no_name_of_ours(plan, edited, added):
    sources = [cell.source for cell in plan(code("r1", edited, LOCKED))]
    assert sources[:2] == ["import torch", added or "STUDENT_ID = 'ada'"]


def test_several_answers_in_one_cell_run_in_the_place_of_the_last(plan):
    both = f"{ANSWER}\n{DOUBLE}"
    [cell] = [cell for cell in plan(code("new", both)) if cell.source == both]
    assert cell.grade_id == "answer"
    assert plan(code("new", both))[-1] == cell


def test_our_own_cells_keep_their_state_unless_they_use_what_the_student_wrote(plan):
    cells = plan(code("mine", "import math"), code("new", "def pairs(): pass"), code("x", DOUBLE))
    assert {cell.source: cell.keeps_state for cell in cells} == {
        "import math": False,
        "import torch": True,
        "def pairs(): pass": False,
        "STUDENT_ID = 'ada'": True,
        DOUBLE: False,
        "pairs = [(x, x) for x in range(3)]": False,
    }


@BOTH
def test_an_answer_that_is_gone_is_left_out(plan, form):
    assert sources(plan(*(cell for cell in form(filled()) if not cell["id"].endswith("r3")))) == [
        source for source in FULL if source != DOUBLE
    ]


def test_an_empty_submission_runs_our_cells_alone(plan):
    assert sources(plan()) == [FULL[0], FULL[1], FULL[3]]


def test_an_emptied_answer_is_left_out(plan):
    assert DOUBLE not in sources(plan(*changed(filled(), "r3", "  \n")))


@BOTH
@pytest.mark.parametrize("cell_id", ["r4", "r7"])
def test_cells_that_are_not_for_grading_do_not_run(plan, form, cell_id):
    source = next(cell["source"] for cell in RELEASE if cell["id"] == cell_id)
    assert source not in sources(plan(*form(filled())))


@pytest.mark.parametrize("cell_id", ["r4", "r7"])
def test_cells_that_are_not_for_grading_do_not_run_when_edited(plan, cell_id):
    assert sources(plan(*changed(filled(), cell_id, "train(model, epochs=100)"))) == FULL


def test_the_students_own_cells_that_are_not_for_grading_do_not_run(plan):
    assert sources(plan(*after(filled(), "r3", code("own", "train()", SKIP)))) == FULL


def test_an_answer_runs_even_with_the_tag_of_cells_that_do_not(plan):
    cells = [{**cell, "metadata": skip(cell["metadata"])} if cell["id"] == "r3" else cell for cell in filled()]
    assert sources(plan(*cells)) == FULL


@BOTH
@pytest.mark.parametrize(
    ("cell_id", "place"), [("r1", 1), ("r2", 2), ("r3", 3), ("r4", 3), ("r5", 4), ("r6", 5), ("r7", 5)]
)
def test_a_helper_stays_behind_the_cell_that_it_followed(plan, form, cell_id, place):
    cells = after(form(filled()), cell_id, code("own", "def helper(): pass"))
    assert sources(plan(*cells)) == [*FULL[:place], "def helper(): pass", *FULL[place:]]


@BOTH
def test_a_helper_before_everything_runs_first(plan, form):
    assert sources(plan(code("own", "import math"), *form(filled()))) == ["import math", *FULL]


@BOTH
def test_helpers_keep_their_order(plan, form):
    cells = after(form(filled()), "r1", code("own", "a = 1"), code("own2", "b = a"))
    assert sources(plan(*cells)) == [FULL[0], "a = 1", "b = a", *FULL[1:]]


@BOTH
def test_helpers_stay_behind_an_answer_that_moved(plan, form):
    cells = [*form(filled()), code("own", "scale = 2")]
    moved = [cell for cell in cells if not cell["id"].endswith("r3")] + [
        cell for cell in cells if cell["id"].endswith("r3")
    ]
    own = moved.pop(-2)
    assert sources(plan(*moved, own)) == [*FULL[:3], "scale = 2", *FULL[3:]]


def test_a_helper_has_no_grade_id_of_ours_and_its_own_index(plan):
    planned = plan(*after(filled(), "r3", code("own", "scale = 2", marks("invented"))))
    [helper] = [cell for cell in planned if cell.source == "scale = 2"]
    assert (helper.index, helper.id, helper.grade_id) == (4, "own", "")


@BOTH
@pytest.mark.parametrize("cell_id", ["r1", "r4", "r5"])
def test_a_copy_of_a_locked_cell_does_not_run_twice(plan, form, cell_id):
    copy = next(cell for cell in RELEASE if cell["id"] == cell_id)
    assert sources(plan(*form(filled()), {**copy, "id": "copy", "metadata": {}})) == FULL


def test_a_copied_locked_cell_keeps_no_helper_from_its_place(plan):
    copy = code("copy", "import torch")
    cells = [*after(filled(), "r6", copy, code("own", "y = answer"))]
    assert sources(plan(*cells)) == [*FULL, "y = answer"]


@BOTH
def test_of_an_answer_given_twice_the_later_wins(plan, form):
    again = "def double(x):\n    return x + x"
    cells = form(after(filled(), "r3", code("copy", again, marks("double", solution=True))))
    planned = sources(plan(*cells))
    assert planned.index(again) > planned.index(DOUBLE)


@BOTH
@pytest.mark.parametrize("source", ['STUDENT_ID = "eve"', "STUDENT_ID = input()", 'STUDENT_ID = ""  # your ID'])
def test_the_id_is_that_of_the_submission_whatever_the_cell_says(plan, form, source):
    assert sources(plan(*form(changed(filled(), "r2", source)))) == FULL


@pytest.mark.parametrize("student", ["o'brien", 'a"b', "a\\b", "李雷", "$(reboot)"])
def test_an_id_is_quoted(skeleton, student):
    [planned] = [cell for cell in plan_run(skeleton, [], student) if cell.grade_id == "student_id"]
    values: dict[str, object] = {}
    exec(planned.source, values)
    assert values["STUDENT_ID"] == student


def test_an_answer_that_does_not_parse_finds_its_place_without_metadata(plan):
    broken = "def double(x:\n    return 2 *"
    planned = plan(*stripped(changed(filled(), "r3", broken)))
    assert sources(planned) == [source if source != DOUBLE else broken for source in FULL]
    assert [cell.grade_id for cell in planned if cell.source == broken] == ["double"]


def test_an_answer_in_the_place_of_another_is_still_found_by_its_name(plan):
    cells = [
        code("new", f"{ANSWER}\n"),
        *(cell for cell in filled() if cell["id"] != "r6"),
    ]
    assert sources(plan(*cells))[-1] == f"{ANSWER}\n"


def test_a_grade_id_of_ours_on_a_cell_of_theirs_does_not_replace_a_locked_cell(plan):
    cells = [cell for cell in filled() if cell["id"] != "r5"]
    assert sources(plan(*cells, code("own", "pairs = 'forged'", marks("pairs")))) == FULL


def test_planning_is_quick_for_a_hostile_notebook(plan):
    import time

    cells = [code(str(n), "a\n" * 500, {}) for n in range(500)]
    began = time.process_time()  # not the clock: the machine may be busy
    plan(*cells, code("big", "b\n" * 300_000))
    assert time.process_time() - began < 20


def test_a_label_names_the_cell_as_the_student_sees_it(plan):
    labels = [cell.label for cell in plan(*filled()[:4], code("own", "x = 1"))]
    assert "cell 4 (`double`)" in labels
    assert "cell 5" in labels
    assert "a cell of the assignment (`pairs`)" in labels
