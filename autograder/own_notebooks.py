"""Read the notebooks that we make ourselves, as JSON or as nbformat has them: source, release and solutions.

What students hand in is read by `notebooks`, which trusts nothing. Here a malformed cell is our own slip, and raises.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from autograder.errors import NotebookError

__all__ = [
    "SolutionRegion",
    "fill_in",
    "grade_id_of",
    "is_solution",
    "question_of",
    "solution_cells",
    "solution_regions",
    "tags_of",
    "todos",
    "without_task",
]

_MARKER = re.compile(r"### (BEGIN|END) SOLUTION")
_MARKER_LINE = re.compile(rf"^[ \t]*{_MARKER.pattern}[ \t]*\n?", re.MULTILINE)
_TODO = re.compile(rf"^[ \t]*# TODO:.*\n(?:[ \t]*(?!{_MARKER.pattern})#(?! TODO:).*\n)*", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class SolutionRegion:
    """One answer inside a solution cell: what lies between `### BEGIN SOLUTION` and `### END SOLUTION`."""

    lines: range
    """The numbers of its lines in the cell, from 0, without the markers'."""
    text: str


def grade_id_of(cell: Mapping[str, Any]) -> str:
    """Return nbgrader's ID of a cell, "" where it has none."""
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def question_of(cell: Mapping[str, Any]) -> str:
    """Return the question that a cell holds the answer to, "" where it is no solution cell that checks judge."""
    return grade_id_of(cell) if is_solution(cell) and not cell["metadata"]["nbgrader"].get("grade") else ""


def is_solution(cell: Mapping[str, Any]) -> bool:
    """Return whether students fill in a cell, whoever judges it."""
    return bool(cell["metadata"].get("nbgrader", {}).get("solution"))


def tags_of(cell: Mapping[str, Any]) -> frozenset[str]:
    """Return the tags of a cell."""
    return frozenset(cell["metadata"].get("tags", ()))


def solution_cells(notebook: Mapping[str, Any]) -> dict[str, str]:
    """Return the sources of a notebook's solution cells, by question."""
    return {question: "".join(cell["source"]) for cell in notebook["cells"] if (question := question_of(cell))}


def fill_in(release: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:
    """Return the release's notebook with the answers by question; a question that is left out keeps its stub."""
    cells = [
        {**cell, "source": answers[question]} if (question := question_of(cell)) in answers else cell
        for cell in release["cells"]
    ]
    return {**release, "cells": cells}


def solution_regions(source: str) -> list[SolutionRegion]:
    """Return the solution regions of a cell; raise NotebookError where a marker has no partner."""
    regions, begin = [], None
    lines = source.splitlines()
    for number, line in enumerate(lines):
        marker = _MARKER.search(line)
        if marker is None:
            continue
        if (marker[1] == "BEGIN") != (begin is None):
            raise NotebookError(f"line {number + 1}: `{line.strip()}` has no partner.")
        if begin is None:
            begin = number
        else:
            inside = range(begin + 1, number)
            regions.append(SolutionRegion(lines=inside, text="\n".join(lines[inside.start : inside.stop])))
            begin = None
    if begin is not None:
        raise NotebookError(f"line {begin + 1}: `{lines[begin].strip()}` has no partner.")
    return regions


def todos(source: str) -> list[str]:
    """Return the comments that say what is to be written: each `# TODO:` with the comment lines that follow it."""
    return [found[0] for found in _TODO.finditer(source)]


def without_task(source: str) -> str:
    """Return a solution cell as it is handed out after the deadline: without its TODOs and markers."""
    return _MARKER_LINE.sub("", _TODO.sub("", source)).rstrip("\n")
