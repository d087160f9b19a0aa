"""Write an assignment's numerical problems as a course in Open edX's OLX, which Studio imports.

The problems stand in `tests/<assignment>/edx_problems.py`, a list `PROBLEMS` of `NumberProblem` and `DrawnProblem`.
"""

import base64
import gzip
import io
import runpy
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from xml.etree import ElementTree as ET

from autograder.course import Assignment, Course
from autograder.errors import AutograderError

__all__ = ["DrawnProblem", "NumberProblem", "Variant", "olx_course", "read_problems"]

PROBLEMS_NAME = "edx_problems.py"
_RUN = "autograder"
"""The run of the course, which names its folder of policies."""
_TERM = {"start": "2020-01-01T00:00:00Z", "end": "2099-12-31T00:00:00Z"}
"""OLX asks for one; the problems have their own due date, and Studio has its own dates."""
_PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
"""A picture, since a course has to have one: PNG, one pixel."""
_JUDGE = """
import random
VARIANTS = {variants!r}
facts, steps, answer, slips = random.choice(VARIANTS)
{names}

def judge(expect, given):
    text = given.strip().replace(",", "").replace(" ", "")
    try:
        number = float(text)
    except ValueError:
        return {{"ok": False, "msg": "A whole number is asked for, such as 1234."}}
    if number == answer:
        return {{"ok": True, "msg": ""}}
    slip = slips.get(int(number)) if number == int(number) else None
    return {{"ok": False, "msg": slip or ""}}
"""


@dataclass(frozen=True, kw_only=True)
class NumberProblem:
    """A question whose answer is one number, the same for everybody."""

    name: str
    """Its url_name: letters, digits and underscores, unique in the assignment."""
    title: str
    text: str
    """What is asked, as well-formed HTML."""
    label: str
    """The question itself, in plain text: what a screen reader says of the field."""
    answer: int
    points: float
    explanation: str
    """Shown after the due date, as well-formed HTML."""
    hints: Sequence[str] = ()
    """In plain text, given one after the other to who asks."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """One student's version of a problem."""

    facts: Sequence[str]
    """What it is about, a line for each; as many in every variant."""
    steps: Sequence[str]
    """The explanation, a line for each step; as many in every variant."""
    answer: int
    slips: Mapping[int, str]
    """What to say to a number that a known slip gives."""


@dataclass(frozen=True, kw_only=True)
class DrawnProblem:
    """A question whose numbers are drawn for each student by the problem's own script."""

    name: str
    title: str
    text: str
    label: str
    points: float
    variants: Sequence[Variant]
    hints: Sequence[str] = ()


def read_problems(course: Course, assignment: Assignment) -> Sequence[NumberProblem | DrawnProblem]:
    """Return the assignment's problems; raise AutograderError that says what is wrong, and where."""
    path = course.checks_folder(assignment.name) / PROBLEMS_NAME
    where = f"tests/{assignment.name}/{PROBLEMS_NAME}"
    if not path.is_file():
        raise AutograderError(
            f"{where} is not there: edX takes problems whose answers are numbers, written down in it."
        )
    source = str(course.source_notebook(assignment.name).parent)
    sys.path.insert(0, source)
    try:
        problems = runpy.run_path(str(path)).get("PROBLEMS")
    except Exception as error:
        raise AutograderError(f"{where} raised {type(error).__name__}: {error}") from error
    finally:
        sys.path.remove(source)
    kinds = (NumberProblem, DrawnProblem)
    if not isinstance(problems, list) or not problems or not all(isinstance(one, kinds) for one in problems):
        raise AutograderError(f"{where}: PROBLEMS must be a list of NumberProblem and DrawnProblem.")
    names = [one.name for one in problems]
    if len(set(names)) < len(names) or not all(name.isascii() and name.isidentifier() for name in names):
        raise AutograderError(f"{where}: each problem needs a name of its own, of letters, digits and underscores.")
    return problems


def olx_course(course: Course, assignment: Assignment) -> bytes:
    """Return the course as the tar.gz that Studio imports; the same problems give the same bytes."""
    problems = read_problems(course, assignment)
    name = assignment.name
    try:
        files: dict[str, ET.Element] = {f"problem/{one.name}.xml": _problem(one) for one in problems}
    except ET.ParseError as error:
        raise AutograderError(
            f"tests/{name}/{PROBLEMS_NAME}: a text or explanation is no well-formed HTML ({error})."
        ) from error
    vertical = ET.Element("vertical", display_name=assignment.title)
    for one in problems:
        ET.SubElement(vertical, "problem", url_name=one.name)
    sequential = ET.Element("sequential", display_name=assignment.title, format="Homework", graded="true")
    if assignment.due is not None:
        sequential.set("due", f"{assignment.due.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
    ET.SubElement(sequential, "vertical", url_name=f"{name}_questions")
    chapter = ET.Element("chapter", display_name=assignment.title)
    ET.SubElement(chapter, "sequential", url_name=f"{name}_homework")
    run = ET.Element("course", _TERM | {"display_name": course.name, "language": "en", "course_image": "course.png"})
    ET.SubElement(run, "chapter", url_name=name)
    files |= {
        "course.xml": ET.Element("course", url_name=_RUN, org="Autograder", course=name),
        f"course/{_RUN}.xml": run,
        f"chapter/{name}.xml": chapter,
        f"sequential/{name}_homework.xml": sequential,
        f"vertical/{name}_questions.xml": vertical,
    }
    texts = {path: ET.tostring(element, encoding="utf-8") + b"\n" for path, element in files.items()}
    texts |= {f"policies/{_RUN}/policy.json": b"{}\n", f"policies/{_RUN}/grading_policy.json": _GRADING}
    texts["static/course.png"] = base64.b64decode(_PIXEL)
    return _tar_gz(texts)


_GRADING = b"""{
    "GRADER": [{"type": "Homework", "short_label": "HW", "min_count": 1, "drop_count": 0, "weight": 1.0}],
    "GRADE_CUTOFFS": {"Pass": 0.5}
}
"""


def _problem(one: NumberProblem | DrawnProblem) -> ET.Element:
    drawn = isinstance(one, DrawnProblem)
    problem = ET.Element(
        "problem",
        display_name=one.title,
        weight=f"{one.points:g}",
        max_attempts="5",
        showanswer="past_due",
        rerandomize="per_student" if drawn else "never",
    )
    if isinstance(one, NumberProblem):
        problem.append(_html(f"<div>{one.text}</div>"))
        response = ET.SubElement(problem, "numericalresponse", answer=str(one.answer))
        ET.SubElement(response, "label").text = one.label
        ET.SubElement(response, "responseparam", type="tolerance", default="0")
        ET.SubElement(response, "formulaequationinput")
        response.append(_solution(f"<div>{one.explanation}</div>"))
    else:
        facts, steps = (len(several) for several in (one.variants[0].facts, one.variants[0].steps))
        script = ET.SubElement(problem, "script", type="loncapa/python")
        script.text = _JUDGE.format(
            variants=[(list(v.facts), list(v.steps), v.answer, dict(v.slips)) for v in one.variants],
            names="\n".join(
                [f"fact_{n} = facts[{n}]" for n in range(facts)] + [f"step_{n} = steps[{n}]" for n in range(steps)]
            ),
        )
        shown = "".join(f"<li>$fact_{n}</li>" for n in range(facts))
        problem.append(_html(f"<div>{one.text}<ul>{shown}</ul></div>"))
        response = ET.SubElement(problem, "customresponse", cfn="judge", expect="$answer")
        ET.SubElement(response, "label").text = one.label
        ET.SubElement(response, "textline", size="12")
        shown = "".join(f"<li>$step_{n}</li>" for n in range(steps))
        response.append(_solution(f"<ul>{shown}</ul>"))
    if one.hints:
        demand = ET.SubElement(problem, "demandhint")
        for hint in one.hints:
            ET.SubElement(demand, "hint").text = hint
    return problem


def _html(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own course's text


def _solution(text: str) -> ET.Element:
    solution = ET.Element("solution")
    detailed = ET.SubElement(solution, "div", {"class": "detailed-solution"})
    ET.SubElement(detailed, "p").text = "Explanation"
    detailed.append(_html(text))
    return solution


def _tar_gz(files: Mapping[str, bytes]) -> bytes:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path, content in sorted(files.items()):
            member = tarfile.TarInfo(f"course/{path}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(tar.getvalue(), mtime=0)
