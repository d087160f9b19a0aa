"""Write a class that nobody is in: submissions drawn from known answers, for load tests and demonstrations."""

import json
import os
from collections.abc import Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from autograder.answer_files import answers_in_files, fill_in_files
from autograder.atomic_files import write_atomically
from autograder.course import Assignment, Course
from autograder.errors import AutograderError
from autograder.grading.submissions import TIMESTAMP
from autograder.notebooks import read_cells
from autograder.own_notebooks import fill_in
from autograder.simulate.students import Kind, Material, Simulated, Way, draw_class
from autograder.validate.answers import answered, read_answers

__all__ = ["class_file", "read_material", "simulate"]

_PRINT_OUT = b"%PDF-1.4\n"
"""How a file begins that is no notebook."""


def simulate(course: Course, assignment: Assignment, count: int, *, seed: int, output: Path) -> Sequence[Simulated]:
    """Write the submissions of `count` students as `<output>/<student>/<assignment>/`, and return what was drawn.

    What each student drew stands in `class_file` too, which is written last. Nothing that is there is overwritten:
    raise AutograderError, before anything is written, where the output holds one of the submissions already.
    """
    if count < 1:
        raise AutograderError(f"A class of {count} cannot be simulated; give a number of students of at least 1.")
    material = read_material(course, assignment)
    release = json.loads(course.release_notebook(assignment.name).read_bytes())
    students = draw_class(
        material,
        assignment.name,
        count,
        seed=seed,
        due=assignment.due,
        late_policy=course.late_policy_of(assignment),
    )
    _require_free(output, assignment.name, students)
    try:
        for student in students:
            _hand_in(output / student.id / assignment.name, assignment.name, student, release)
            if student.kind != Kind.MISSING_FILE:
                _hand_in_files(output / student.id / assignment.name, course, assignment, student)
        write_atomically(class_file(output, assignment.name), _document(assignment.name, seed, students))
    except OSError as error:
        raise AutograderError(
            f"{output} cannot be written to ({error.strerror}); mend that, or give another folder with --output."
        ) from error
    return students


def class_file(output: Path, assignment: str) -> Path:
    """Return the file that says what was drawn for each student."""
    return output / f"class-{assignment}.json"


def read_material(course: Course, assignment: Assignment) -> Material:
    """Return the answers to draw from: the solution's and the known ones; raise AutograderError without a build."""
    name = assignment.name
    built = course.release_notebook(name), course.root / "solutions" / name / f"{name}.ipynb"
    stubs, solution = (
        {c.grade_id: c.source for c in (read_cells(p) if p.is_file() else ()) if c.solution and not c.by_hand}
        for p in built
    )
    in_files = answers_in_files(course.source_notebook(name).parent, assignment.files)
    stubs |= answers_in_files(built[0].parent, assignment.files, in_files)
    solution |= answers_in_files(built[1].parent, assignment.files, in_files)
    if not stubs or stubs.keys() != solution.keys():
        raise AutograderError(
            f"Release and solutions of {name!r} are not there or differ; run `autograder build {name}`."
        )
    ways = [Way(name="the solution", cells=solution)]
    wrong: dict[str, list[tuple[str, str]]] = {question: [] for question in stubs}
    for answer in read_answers(course.checks_folder(name), solution).answers:
        cells = {question: source.strip("\n") for question, source in answered(answer, solution).items()}
        if answer.is_right:
            ways.append(Way(name=answer.name, cells={**solution, **cells}))
        elif len(cells) == 1:  # of several cells together nobody has said that each is wrong alone
            [(question, source)] = cells.items()
            wrong[question].append((answer.name, source))
    return Material(questions=list(stubs), ways=ways, wrong=wrong)


def _require_free(output: Path, assignment: str, students: Sequence[Simulated]) -> None:
    taken = [student.id for student in students if os.path.lexists(output / student.id / assignment)]
    if taken:
        what = f"{taken[0]}'s submission to {assignment!r}"
    elif os.path.lexists(class_file(output, assignment)):
        what = f"{class_file(output, assignment).name}, which explains another simulated class"
    else:
        return
    raise AutograderError(f"{output} already holds {what}; remove it, or give another folder with --output.")


def _hand_in(folder: Path, assignment: str, student: Simulated, release: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True)
    time = student.submitted_at.astimezone(UTC).replace(tzinfo=None)
    (folder / TIMESTAMP).write_bytes(f"{time.isoformat(sep=' ')} UTC\n".encode())
    if student.kind != Kind.MISSING_FILE:
        name = f"{assignment} (1).ipynb" if student.kind == Kind.RENAMED else f"{assignment}.ipynb"
        (folder / name).write_bytes(_content(student, release))


def _hand_in_files(folder: Path, course: Course, assignment: Assignment, student: Simulated) -> None:
    answers = {question: answer.source for question, answer in student.answers.items() if answer.source}
    release = course.release_notebook(assignment.name).parent
    for name, text in fill_in_files(release, assignment.files, answers).items():
        (folder / name).write_text(text, encoding="utf-8")


def _content(student: Simulated, release: Mapping[str, Any]) -> bytes:
    if student.kind == Kind.NOT_A_NOTEBOOK:
        return _PRINT_OUT
    notebook = fill_in(release, {q: answer.source for q, answer in student.answers.items() if answer.source})
    if student.kind == Kind.STRIPPED:
        notebook["cells"] = [{**cell, "metadata": {}} for cell in notebook["cells"]]
    return _as_json(notebook)


def _document(assignment: str, seed: int, students: Sequence[Simulated]) -> bytes:
    """Return the class file's content."""
    rows = [
        {
            "student": student.id,
            "kind": student.kind,
            "ability": round(student.ability, 2),
            "late_days": student.late_days,
            "submitted_at": student.submitted_at.isoformat(),
            "questions": {q: {"quality": one.quality, "answer": one.name} for q, one in student.answers.items()},
        }
        for student in students
    ]
    return _as_json({"assignment": assignment, "seed": seed, "count": len(students), "students": rows})


def _as_json(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode("utf-8")
