"""A public check says first what is wrong, in a notebook as in a terminal, and how much of the question it decides on."""

import inspect
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import dill
import pytest
from test_build import build, edit_source, refusal
from tiny_course import CHECKS, code, make_course

from autograder.authoring.assignment import write

pytestmark = pytest.mark.filterwarnings("ignore")  # what otter loads is full of deprecations


class Shown(HTMLParser):
    """What a page shows while nothing is unfolded, and what is folded."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.at_once, self.folded, self.code = "", "", []
        self._inside: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        if tag in ("blockquote", "details", "p", "pre") and "p" in self._inside:
            self.handle_endtag("p")  # as a browser does
        self._inside.append(tag)

    def handle_endtag(self, tag):
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data):
        if "details" in self._inside and "summary" not in self._inside:
            self.folded += data
        else:
            self.at_once += data
            self.code += [data] if self._inside[-1:] == ["code"] else []


def set_checks(root: Path, body: str, *, public_points: float = 1) -> None:
    """Give the question `answer` one public check of this body; it is worth 3 points in all."""
    head = CHECKS[: CHECKS.index('@pytest.mark.question("answer")\n@pytest.mark.public')]
    text = f'''
@pytest.mark.question("answer")
@pytest.mark.public
@pytest.mark.points({public_points})
def test_answer_is_shown(student, library):
    """The answer is what `the book` says."""
{body}


@pytest.mark.question("answer")
@pytest.mark.points({3 - public_points})
def test_answer(student, reference):
    """Read the book again."""
    assert student.answer == reference.answer
'''
    (root / "tests" / "tiny" / "test_tiny.py").write_text(head + text)


def check(tree, *answers: str, question: str = "answer", inputs: object = None):
    """Return what otter shows of the public checks after these cells were run."""
    from otter.test_files import ExceptionTestFile

    write(tree)
    path = tree.folder / "tests" / f"{question}.py"
    file = ExceptionTestFile.from_file(str(path))
    values: dict[str, object] = {}
    if inputs is not None:
        values["In"] = inputs
    for answer in answers:
        exec(answer, values)
    file.run(values)
    return file


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_course(tmp_path / "course")


def shown(file) -> Shown:
    return Shown(file._repr_html_())


def test_the_hint_comes_first_and_its_code_is_marked_as_such(root):
    set_checks(root, "    assert student.answer > 0, '`answer` is 2 < 3, **not** *less*.'")
    page = shown(check(build(root)[0], "answer = 0"))
    assert "answer is 2 < 3, not less." in page.at_once
    assert page.code == ["answer"]
    assert "Error at line" not in page.at_once
    assert "assert student.answer > 0" in page.folded


def test_in_a_terminal_the_hint_comes_first_and_is_plain(root):
    set_checks(root, "    assert student.answer > 0, '`answer` is 2 < 3, **not** *less*.'")
    text = repr(check(build(root)[0], "answer = 0"))
    assert text.splitlines()[1].strip() == "answer message: `answer` is 2 < 3, **not** *less*."
    assert "</" not in text
    assert text.index("message:") < text.index("Error at line")


def test_without_a_hint_the_rule_is_shown(root):
    set_checks(root, "    assert student.answer > 0")
    assert "answer message: The answer is what `the book` says." in repr(check(build(root)[0], "answer = 0"))


def test_where_a_library_compares_the_rule_is_shown_and_what_it_said(root):
    set_checks(root, "    library.torch.testing.assert_close(student.answer, 1.0)")
    at_once = shown(check(build(root)[0], "answer = 0.0")).at_once
    assert at_once.index("The answer is what the book says.") < at_once.index("Scalars are not close!")


def test_code_of_student_and_check_cannot_break_the_page(root):
    set_checks(root, "    assert not student.answer, f'It is {student.answer}.'")
    file = check(build(root)[0], "answer = '<b>bold</b><script>alert()</script></details>'")
    html = file._repr_html_()
    assert "<script>" not in html
    assert "<b>" not in html
    assert "<script>alert()</script>" in shown(file).at_once


@pytest.mark.parametrize(
    ("points", "says"),
    [
        (1, "1 of 3 points is checked here, the rest by hidden checks."),
        (1.5, "1.5 of 3 points are checked here, the rest by hidden checks."),
        (3, "3 of 3 points are checked here."),
        (0, "0 of 3 points are checked here, only the form of your answer; hidden checks decide on the points."),
    ],
)
@pytest.mark.parametrize("answer", [1, 0], ids=["green", "red"])
def test_how_much_is_checked_here_is_said(root, points, says, answer):
    set_checks(root, "    assert student.answer > 0, 'More.'", public_points=points)
    file = check(build(root)[0], f"answer = {answer}")
    assert file.passed_all == bool(answer)
    assert says in repr(file)
    assert says in shown(file).at_once


def test_a_stub_is_not_written_yet(root):
    file = check(build(root)[0], 'def answer():\n    raise NotImplementedError("`double` is not written yet")')
    assert file.passed_all is False  # the positive control: a function is no number
    set_checks(root, "    student.answer()")
    text = repr(check(build(root)[0], 'def answer():\n    raise NotImplementedError("`answer` is not written yet")'))
    assert "answer message: `answer` is not written yet: fill in its cell and run it." in text


def test_a_cell_that_was_not_run_is_to_be_run(root):
    assert "answer message: `answer` is not defined yet: fill in its cell and run it." in repr(check(build(root)[0]))


def test_a_name_that_an_answer_lacks_is_to_be_run_too(root):
    set_checks(root, "    student.answer()")
    text = repr(check(build(root)[0], "def answer():\n    return nn.Linear(1, 1)"))
    assert "answer message: `nn` is not defined: run the cell that defines it, then this one." in text


def test_an_exception_of_the_students_names_its_kind_and_line(root):
    set_checks(root, "    student.answer(0)")
    file = check(build(root)[0], "def answer(x):\n    y = 1\n    return y / x")
    first = repr(file).splitlines()[1]
    assert first.strip() == "answer message: Your code raised ZeroDivisionError. Line 3 of its cell, `answer`"
    assert "division by zero" in shown(file).at_once


def test_an_exception_of_the_students_names_the_cell_as_the_notebook_does(root, monkeypatch):
    import linecache

    set_checks(root, "    student.answer(0)")
    cell = "def answer(x):\n    return 1 / x"
    monkeypatch.setitem(linecache.cache, "<cell>", (len(cell), None, cell.splitlines(keepends=True), "<cell>"))
    running = f"exec(compile({cell!r}, '<cell>', 'exec'), globals())"
    file = check(build(root)[0], running, inputs=["", cell, "x = 1", cell + "\n"])
    assert "Your code raised ZeroDivisionError. In [3], line 2, `answer`: `return 1 / x`" in repr(file)


def test_an_assertion_of_the_students_is_their_exception(root):
    set_checks(root, "    student.answer()")
    text = repr(check(build(root)[0], "def answer():\n    assert False, 'mine'"))
    assert "Your code raised AssertionError. Line 2 of its cell" in text


def test_an_answer_that_cannot_be_used_says_where_and_the_rule(root):
    set_checks(root, "    student.answer(1, 2)")
    text = repr(check(build(root)[0], "def answer():\n    pass"))
    assert "TypeError where this is checked: `student.answer(1, 2)`" in text
    assert "The answer is what `the book` says." in text


TWICE = '''    student.answer()


@pytest.mark.question("answer")
@pytest.mark.public
def test_again(student):
    """The same again."""
    student.answer()'''


def test_the_same_cause_is_said_once(root):
    set_checks(root, TWICE)
    file = check(build(root)[0], "def answer():\n    return 1 / 0")
    assert len(file.test_case_results) == 2
    page = shown(file).at_once
    assert page.count("Your code raised ZeroDivisionError") == 1
    assert "The same as above." in page
    assert page.count("checked here") == 1


@pytest.mark.parametrize("answer", ["answer = 1", "answer = 0"])
def test_otters_log_keeps_a_result(root, answer):
    set_checks(root, "    assert student.answer, 'More.'")
    file = check(build(root)[0], answer)
    again = dill.loads(dill.dumps(file))
    assert again.summary() == file.summary()
    assert type(again.test_cases[0].body).__module__.startswith("otter.")
    assert again.to_dict()["score"] == file.score


def test_the_copy_in_a_test_file_is_the_module(root):
    from autograder.authoring import notebook_check

    text = build(root)[0].files[Path("tests/answer.py")].decode()
    for name in notebook_check.__all__:
        source = re.sub(r"  # (?:type: ignore|noqa).*", "", inspect.getsource(getattr(notebook_check, name)))
        assert source.strip() in text
    assert "autograder" not in text.partition("OK_FORMAT")[2]


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("`a*b*c` and `<b>`", "<code>a*b*c</code> and <code>&lt;b&gt;</code>"),
        ("2 * 3 * 4, x*y*z, a**b**c", "2 * 3 * 4, x*y*z, a**b**c"),
        ("**bold**, *so*.", "<strong>bold</strong>, <em>so</em>."),
        ("one ` alone & more", "one ` alone &amp; more"),
        ("two\nlines", "two<br>lines"),
    ],
)
def test_markdown_becomes_html_and_the_rest_stays_text(text, html):
    from autograder.authoring.notebook_check import as_html

    assert as_html(text) == html


# The student's ID


def with_id(root: Path, source: str) -> None:
    """Put a cell with the student's ID before the question `answer`, and behind `double`."""
    cell = code("who", source, {"tags": ["student-id"]})
    edit_source(root, lambda content: content["cells"].insert(5, cell))


@pytest.mark.parametrize("values", ['STUDENT_ID = "your-id"', "", 'STUDENT_ID = " "'])
def test_while_the_id_is_not_set_what_depends_on_it_is_red(root, values):
    with_id(root, 'STUDENT_ID = "your-id"')
    release, _ = build(root)
    file = check(release, values, "answer = 42")
    assert not file.passed_all
    assert "Set `STUDENT_ID` first: write your ID into the cell `STUDENT_ID = 'your-id'`" in repr(file)
    assert check(release, 'STUDENT_ID = "ada"', "answer = 42").passed_all
    assert check(release, values, "def double(x): return 2 * x", question="double").passed_all


def test_the_id_that_is_asked_for_is_read_from_the_release(root):
    with_id(root, 'STUDENT_ID: str = ""  # e.g. "your-id"')
    release, _ = build(root)
    assert not check(release, 'STUDENT_ID = ""', "answer = 42").passed_all
    assert check(release, 'STUDENT_ID = "your-id"', "answer = 42").passed_all


@pytest.mark.parametrize("source", ["STUDENT_ID = input()", "WHO = 'your-id'"])
def test_a_cell_for_the_id_must_set_it(root, source):
    with_id(root, source)
    assert "cell 6: it is tagged student-id; it must read STUDENT_ID = " in refusal(root)


def test_validation_sets_an_id_as_grading_does(root):
    with_id(root, 'STUDENT_ID = "your-id"')
    _, solutions = build(root)
    write(solutions)
    request = {
        "notebook": str(solutions.folder / "tiny.ipynb"),
        "student": "solution",
        "libraries": [],
        "workers": 1,
        "answers": [{"id": "a", "cells": {}, "questions": ["double", "answer"], "seconds": 60, "files_in": ""}],
    }
    command = [sys.executable, "-I", "-m", "autograder.validate.in_notebook"]
    ran = subprocess.run(command, input=json.dumps(request), capture_output=True, text=True, check=True)
    passed = json.loads(ran.stdout)["passed"]
    assert passed.keys() == {"double", "answer"}
    assert all(all(checks.values()) for checks in passed.values())


def test_a_notebooks_grader_reads_the_files_and_adds_up_points(root):
    """By `grader.check` in a process of its own."""
    release, solutions = build(root)
    write(release)
    write(solutions)
    script = """
import json, os, sys, otter
from otter.check.notebook import Notebook
from otter.test_files import GradingResults
os.chdir(sys.argv[1])
values = {}
exec("import torch\\ndef double(x): return x + x", values)
grader = Notebook(tests_dir="tests")
files = [grader.check(question, global_env=values) for question in ("double", "answer")]
results = GradingResults(files)
print(json.dumps([results.total, results.possible, results.summary()]))
"""
    ran = subprocess.run(
        [sys.executable, "-c", script, str(release.folder)], capture_output=True, text=True, check=True
    )
    assert "`answer` is not defined yet" in ran.stdout
