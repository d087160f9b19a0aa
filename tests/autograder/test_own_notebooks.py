"""Marks, solution cells and solution regions of our own notebooks are read in one way."""

import pytest

from autograder.errors import NotebookError
from autograder.own_notebooks import (
    fill_in,
    grade_id_of,
    question_of,
    solution_cells,
    solution_regions,
    tags_of,
    todos,
    without_task,
)

CELL = """class answer:
    def first(self):
        # TODO: one,
        #   and no more.
        ### BEGIN SOLUTION
        # At once
        return 1
        ### END SOLUTION

    def second(self):
        # TODO: two.
        ### BEGIN SOLUTION
        return 2
        ### END SOLUTION
"""


def cell(source: object = "", grade_id: str = "", *, solution: bool = False, tags: tuple[str, ...] = ()) -> dict:
    marks = {"nbgrader": {"grade_id": grade_id, "solution": solution}} if grade_id else {}
    return {"cell_type": "code", "source": source, "metadata": {**marks, **({"tags": [*tags]} if tags else {})}}


NOTEBOOK = {"cells": [cell("import torch", "setup"), cell(["a", " = 1"], "a", solution=True), cell("print(a)")]}


def test_a_solution_cell_has_a_question_and_a_locked_one_an_id_alone():
    assert [question_of(one) for one in NOTEBOOK["cells"]] == ["", "a", ""]
    assert [grade_id_of(one) for one in NOTEBOOK["cells"]] == ["setup", "a", ""]


def test_tags_of_a_cell_without_any_are_none():
    assert tags_of(cell()) == frozenset()
    assert tags_of(cell(tags=("solution-only",))) == {"solution-only"}


def test_solution_cells_are_whole_texts_by_question():
    assert solution_cells(NOTEBOOK) == {"a": "a = 1"}


def test_answers_go_into_their_cells_and_the_release_stays_as_it_is():
    filled = fill_in(NOTEBOOK, {"a": "a = 2", "setup": "import os"})
    assert [one["source"] for one in filled["cells"]] == ["import torch", "a = 2", "print(a)"]
    assert fill_in(NOTEBOOK, {}) == NOTEBOOK


def test_a_region_is_what_lies_between_its_markers():
    first, second = solution_regions(CELL)
    assert (first.lines, first.text) == (range(5, 7), "        # At once\n        return 1")
    assert (second.lines, second.text) == (range(12, 13), "        return 2")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("### BEGIN SOLUTION\nx = 1", 1),
        ("x = 1\n### END SOLUTION", 2),
        ("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", 2),
        ("### BEGIN SOLUTION\n### END SOLUTION\n### END SOLUTION", 3),
    ],
)
def test_a_marker_without_a_partner_is_named(text, line):
    with pytest.raises(NotebookError, match=f"line {line}: `### .* SOLUTION` has no partner"):
        solution_regions(text)


def test_a_cell_without_markers_has_no_region():
    assert solution_regions("x = 1") == []


def test_a_todo_goes_as_far_as_its_comment():
    assert todos(CELL) == ["        # TODO: one,\n        #   and no more.\n", "        # TODO: two.\n"]


def test_without_its_task_a_cell_keeps_the_answer_and_its_comments():
    assert without_task(CELL).splitlines()[:4] == [
        "class answer:",
        "    def first(self):",
        "        # At once",
        "        return 1",
    ]
    assert "SOLUTION" not in without_task(CELL)
