"""The numerical problems for Open edX: what olxcleaner says, that answers are right, that slips are named."""

import io
import random
import tarfile
from xml.etree import ElementTree as ET

import olxcleaner
import pytest
from tiny_course import REPOSITORY, make_course

from autograder.cli import main
from autograder.course import load_course
from autograder.exporting.olx import olx_course, read_problems

PROBLEMS = """
from autograder.exporting.olx import NumberProblem

PROBLEMS = [NumberProblem(name={name!r}, title="T", text={text!r}, label="How many?", answer=6, points=1, explanation="")]
"""


@pytest.fixture(scope="module")
def packed():
    course = load_course(REPOSITORY)
    assignment = course.assignment("parameter_counting")
    content = olx_course(course, assignment)
    assert olx_course(course, assignment) == content, "the same problems give the same bytes"
    return content


def problem(packed, name) -> ET.Element:
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        return ET.fromstring(archive.extractfile(f"course/problem/{name}.xml").read())


def judged(element, seed, answer):
    """Run the problem's script as edX does, with the seed of a student; return its judge's word on an answer."""
    script = element.findtext("script")
    random.seed(seed)
    values = {}
    exec(script, values)
    number = values["answer"] if answer is None else answer(values)
    return values, values["judge"](None, str(number))


def test_olxcleaner_finds_nothing(packed, tmp_path):
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(tmp_path, filter="data")
    _, errors, _ = olxcleaner.validate(str(tmp_path / "course" / "course.xml"))
    assert [f"{one.filename}: {one.description}" for one in errors.errors] == []
    (tmp_path / "course" / "problem" / "cnn_total.xml").unlink()
    _, errors, _ = olxcleaner.validate(str(tmp_path / "course" / "course.xml"))
    assert errors.errors, "what is missing is found"


def test_the_answers_are_those_of_the_assignment(packed):
    found = {name: problem(packed, name).find("numericalresponse").get("answer") for name in ("mlp_total", "cnn_total")}
    assert found == {"mlp_total": "648010", "cnn_total": "28938"}
    assert "16 × (5·5) + 16 biases = 416" in "".join(problem(packed, "cnn_total").find(".//solution").itertext())


def test_every_student_has_a_network_and_is_told_the_slip(packed):
    element = problem(packed, "own_network")
    answers = set()
    for seed in range(200):
        values, right = judged(element, seed, None)
        assert right == {"ok": True, "msg": ""}
        answers.add(values["answer"])
        slip = min(values["slips"])
        _, wrong = judged(element, seed, lambda _, slip=slip: slip)
        assert not wrong["ok"]
        assert wrong["msg"] == values["slips"][slip] != ""
        assert values["fact_0"].startswith("input: ")
        assert f"= {values['answer']}" in values[f"step_{len(values['steps']) - 1}"]
    assert len(answers) == 24
    _, other = judged(element, 0, lambda _: "twelve")
    assert "A whole number" in other["msg"]
    values, with_commas = judged(element, 0, lambda values: f"{values['answer']:,}")
    assert with_commas["ok"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "edx_problems.py is not there"),
        ("PROBLEMS = 3", "PROBLEMS must be a list of NumberProblem"),
        ("1 / 0", "raised ZeroDivisionError"),
        (PROBLEMS.format(name="a b", text="<p>x</p>"), "letters, digits and underscores"),
        (PROBLEMS.format(name="ab", text="<p>x"), "no well-formed HTML"),
    ],
)
def test_what_cannot_be_packed_is_one_sentence(tmp_path, capsys, text, said):
    root = make_course(tmp_path / "course")
    if text is not None:
        (root / "tests" / "tiny" / "edx_problems.py").write_text(text)
    assert main(["export", "olx", "tiny", "--course", str(root)]) == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_due_date_goes_along(packed):
    course = load_course(REPOSITORY)
    assert len(read_problems(course, course.assignment("parameter_counting"))) == 3
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        text = archive.extractfile("course/sequential/parameter_counting_homework.xml").read()
    assert (ET.fromstring(text).get("due") is not None) is (course.assignment("parameter_counting").due is not None)
