"""What authors write into checks that cannot be meant."""

import shutil

from author_course import ANSWER, CHECKS, Author, mistake
from tiny_course import marks


@mistake("mark.point")
def _(c: Author) -> None:
    c.checks("mark.points(2)", "mark.point(2)")


@mistake("mark.publik")
def _(c: Author) -> None:
    c.checks("@pytest.mark.public\ndef test_answer", "@pytest.mark.publik\ndef test_answer")


@mistake("points as a text")
def _(c: Author) -> None:
    c.checks("points(2)", 'points("2")')


@mistake("points below 0")
def _(c: Author) -> None:
    c.checks("points(2)", "points(-2)")


@mistake("a question worth 0")
def _(c: Author) -> None:
    c.checks("points(2)", "points(0)")
    c.config("points=4", "points=2")


@mistake("points without a number")
def _(c: Author) -> None:
    c.checks("points(2)", "points")


@mistake("points by name")
def _(c: Author) -> None:
    c.checks("points(2)", "points(points=2)")


@mistake("points given twice")
def _(c: Author) -> None:
    c.checks("points(2)", "points(2, 3)")


@mistake("points that are no number")
def _(c: Author) -> None:
    c.checks("points(2)", 'points(float("nan"))')


@mistake("a hidden check without points")
def _(c: Author) -> None:
    c.checks("@pytest.mark.points(1)\ndef test_double_of_h", "def test_double_of_h")
    c.config("points=4", "points=3")


@mistake("public(False)")
def _(c: Author) -> None:
    c.checks("@pytest.mark.public\ndef test_answer", "@pytest.mark.public(False)\ndef test_answer")


@mistake("question without a name")
def _(c: Author) -> None:
    c.checks('question("answer")', "question")


@mistake("a check without a question")
def _(c: Author) -> None:
    c.checks('@pytest.mark.question("answer")\n', "")


@mistake("a question that does not exist")
def _(c: Author) -> None:
    c.checks('question("answer")', 'question("anwser")')


@mistake("two questions of one check")
def _(c: Author) -> None:
    c.checks('question("answer")', 'question("answer", "double")')


@mistake("a question without a check")
def _(c: Author) -> None:
    c.t.write_text(CHECKS.split('@pytest.mark.question("answer")')[0])
    c.config("points=4", "points=2")


@mistake("a question without a public check")
def _(c: Author) -> None:
    c.checks("@pytest.mark.public\ndef test_answer", "def test_answer")


@mistake("more points than the assignment has")
def _(c: Author) -> None:
    c.config("points=4", "points=3")


@mistake("points that do not add up")
def _(c: Author) -> None:
    c.config("points=4", "points=5")


@mistake("an import that fails, in checks")
def _(c: Author) -> None:
    c.checks("import pytest", "import pytest\nimport nosuchlib")


@mistake("np without its import")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "assert np.isclose(student.answer, 42)")


@mistake("an item of the notebook's dictionary patched")
def _(c: Author) -> None:
    c.checks("def test_double_of_hidden(student,", "def test_double_of_hidden(monkeypatch, student,")
    c.checks("number = int(rng.integers(100))", 'monkeypatch.setitem(student.answer, "a", 1)\n    number = 2')


@mistake("random without its import")
def _(c: Author) -> None:
    c.checks("number = int(rng.integers(100))", "number = int(random.random())")


@mistake("no import of pytest")
def _(c: Author) -> None:
    c.checks("import pytest\n", "")


@mistake("a misspelt fixture")
def _(c: Author) -> None:
    c.checks("def test_answer(student)", "def test_answer(studnet)")


@mistake("an unknown fixture")
def _(c: Author) -> None:
    c.checks("(student, reference, rng)", "(student, solution, rng)")


@mistake("a syntax error in checks")
def _(c: Author) -> None:
    c.checks("def test_answer(student):", "def test_answer(student)")


@mistake("a wrong indentation in checks")
def _(c: Author) -> None:
    c.checks("    assert student.answer", "  assert student.answer")


@mistake("checks_week.py")
def _(c: Author) -> None:
    c.t.rename(c.t.with_name("checks_week.py"))


@mistake("Test_week.py")
def _(c: Author) -> None:
    c.t.rename(c.t.with_name("Test_week.py"))


@mistake("week_test.py")
def _(c: Author) -> None:
    c.t.rename(c.t.with_name("week_test.py"))


@mistake("test-week.py")
def _(c: Author) -> None:
    c.t.rename(c.t.with_name("test-week.py"))


@mistake("no folder of checks")
def _(c: Author) -> None:
    shutil.rmtree(c.root / "tests/week")


@mistake("an empty folder of checks")
def _(c: Author) -> None:
    c.t.unlink()


@mistake("checks in a folder of their own")
def _(c: Author) -> None:
    c.file(
        "tests/week/more/test_more.py", CHECKS.replace("def test_", "def test_more_").replace("points(", "points(0*")
    )


@mistake("checks in a class that pytest does not collect")
def _(c: Author) -> None:
    c.more(
        '\n\nclass AnswerChecks:\n    @pytest.mark.question("answer")\n    @pytest.mark.points(1)\n    def test_it(self, student):\n        """Doc."""\n        assert student.answer == 42\n'
    )


@mistake("a class of unittest")
def _(c: Author) -> None:
    c.more(
        '\n\nimport unittest\n@pytest.mark.question("answer")\nclass MoreTest(unittest.TestCase):\n    def test_it(self):\n        """Doc."""\n        self.assertEqual(1, 1)\n'
    )


@mistake("a check called check_answer")
def _(c: Author) -> None:
    c.checks("def test_answer", "def check_answer")


@mistake("a check called check_more, with pytestmark")
def _(c: Author) -> None:
    c.file(
        "tests/week/test_more.py",
        'import pytest\npytestmark = pytest.mark.question("answer")\n\n@pytest.mark.points(0)\ndef check_more(student):\n    """Doc."""\n    assert student.answer == 42\n',
    )


@mistake("two checks of one name")
def _(c: Author) -> None:
    c.more(
        CHECKS.split("import pytest\n")[1].split('@pytest.mark.question("double")')[0]
        + '\n@pytest.mark.question("answer")\ndef test_answer(student):\n    """Doc."""\n    assert student.answer == 42\n'
    )


@mistake("a check without a docstring")
def _(c: Author) -> None:
    c.checks('    """Read the book again."""\n', "")


@mistake("assert True")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "assert True")


@mistake("a comparison without assert")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "student.answer == 42")


@mistake("return instead of assert")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "return student.answer == 42")


@mistake("an assert of a tuple")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "assert (student.answer == 42, 'no')")


@mistake("an assert whose failure is caught")
def _(c: Author) -> None:
    c.checks(
        "    assert student.answer == 42", "    try:\n        assert student.answer == 42\n    except:\n        pass"
    )


@mistake("a check that prints")
def _(c: Author) -> None:
    c.checks("    assert student.answer == 42", "    print('the answer is 42')\n    assert student.answer == 42")


@mistake("a hidden check that tells what it expects")
def _(c: Author) -> None:
    c.checks(
        "    assert student.double(number) == reference.double(number)",
        "    expected = reference.double(number)\n    assert student.double(number) == expected, f'expected {expected}'",
    )


@mistake("a deadline of 0")
def _(c: Author) -> None:
    c.checks("@pytest.mark.points(2)", "@pytest.mark.points(2)\n@pytest.mark.deadline(0)")


@mistake("a deadline as a text")
def _(c: Author) -> None:
    c.checks("@pytest.mark.points(2)", "@pytest.mark.points(2)\n@pytest.mark.deadline('9s')")


@mistake("a deadline without a number")
def _(c: Author) -> None:
    c.checks("@pytest.mark.points(2)", "@pytest.mark.points(2)\n@pytest.mark.deadline")


@mistake("a deadline beyond the submission's time")
def _(c: Author) -> None:
    c.checks("@pytest.mark.points(2)", "@pytest.mark.points(2)\n@pytest.mark.deadline(90000)")


@mistake("a deadline that the solution does not keep", command="grade")
def _(c: Author) -> None:
    c.checks("@pytest.mark.points(2)", "@pytest.mark.points(2)\n@pytest.mark.deadline(0.001)")
    c.cell(
        "answer",
        source=ANSWER.replace(
            "answer = 42",
            "import time\nclass A:\n    @property\n    def v(self):\n        time.sleep(.5); return 42\nanswer = A()",
        ),
    )
    c.checks("student.answer", "student.answer.v")


@mistake("checks that import the notebook")
def _(c: Author) -> None:
    c.checks("import pytest", "import pytest\nfrom week import double")


@mistake("checks that import a helper file")
def _(c: Author) -> None:
    c.checks("import pytest", "import pytest\nfrom helpers import helper")


@mistake("a public check with a hidden fixture")
def _(c: Author) -> None:
    c.checks(
        "@pytest.mark.points(1)\ndef test_double_of_h",
        "@pytest.mark.points(1)\n@pytest.mark.public\ndef test_double_of_h",
    )


@mistake("a public check that reads a file beside it")
def _(c: Author) -> None:
    c.checks(
        "    assert student.answer == 42",
        "    from pathlib import Path\n    expected = int(Path(__file__).with_name('expected.txt').read_text())\n    assert student.answer == expected",
    )
    c.file("tests/week/expected.txt", "42")


@mistake("a conftest.py that raises")
def _(c: Author) -> None:
    c.file("tests/week/conftest.py", "raise ValueError('boom')\n")


@mistake("a syntax error in conftest.py")
def _(c: Author) -> None:
    c.file("tests/week/conftest.py", "def x(:\n")


@mistake("mark.skip")
def _(c: Author) -> None:
    c.checks("@pytest.mark.points(2)", "@pytest.mark.points(2)\n@pytest.mark.skip")


@mistake("mark.xfail")
def _(c: Author) -> None:
    c.checks("@pytest.mark.points(2)", "@pytest.mark.points(2)\n@pytest.mark.xfail")


@mistake("an async check")
def _(c: Author) -> None:
    c.checks("def test_answer(", "async def test_answer(")


@mistake("a check that yields")
def _(c: Author) -> None:
    c.checks("    assert student.answer == 42", "    yield\n    assert student.answer == 42")


@mistake("student.anwser")
def _(c: Author) -> None:
    c.checks("student.answer == 42", "student.anwser == 42")


@mistake("reference.dobule")
def _(c: Author) -> None:
    c.checks("reference.double", "reference.dobule")


@mistake("partial of 50 percent")
def _(c: Author) -> None:
    c.checks("import pytest", "import pytest\n\nfrom autograder.checks import partial")
    c.checks(
        "    assert student.answer == 42",
        "    if student.answer == 41:\n        partial(50, 'Off by one.')\n    assert student.answer == 42",
    )


@mistake("an assert of a function")
def _(c: Author) -> None:
    c.checks("assert student.double(1) == 2", "assert student.double")


@mistake("an assert of the notebook")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "assert student")


@mistake("sys.exit in checks")
def _(c: Author) -> None:
    c.more("\nimport sys\n\nsys.exit(1)\n")


@mistake("sys.exit in conftest.py")
def _(c: Author) -> None:
    c.file("tests/week/conftest.py", "import sys\n\nsys.exit(2)\n")


@mistake("points without end")
def _(c: Author) -> None:
    c.checks("points(2)", "points(10**400)")


@mistake("a file of checks that imports another")
def _(c: Author) -> None:
    c.checks("import pytest", "import pytest\nfrom common import limit")
    c.file("tests/week/common.py", "limit = 3\n")


@mistake("a mark for extra credit")
def _(c: Author) -> None:
    c.checks("@pytest.mark.points(2)", "@pytest.mark.bonus(1)\n@pytest.mark.points(2)")


@mistake("a fixture of conftest.py that raises", command="grade")
def _(c: Author) -> None:
    c.file("tests/week/conftest.py", "import pytest\n\n\n@pytest.fixture\ndef table():\n    raise ValueError('boom')\n")
    c.checks("(student, reference, rng)", "(student, reference, rng, table)")


@mistake("a check that reads a file that is not where it runs", command="grade")
def _(c: Author) -> None:
    c.checks("number = int(rng.integers(100))", "number = int(open('numbers.txt').read())")
    c.file("tests/week/numbers.txt", "3")


@mistake("a check of a question that a person judges")
def _(c: Author) -> None:
    metadata = marks("answer", solution=True)
    metadata["nbgrader"] |= {"grade": True, "points": 2}
    c.cell("answer", metadata=metadata)


@mistake("a check that asks the student nothing")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "expected = 42\n    assert expected == 42")


@mistake("an assert of a generator")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "assert (student.answer == n for n in [42])")


@mistake("an assert of a lambda")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "assert lambda: student.answer == 42")


@mistake("an assert of a list")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "assert [student.answer == 42]")


@mistake("an assert of an f-string")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", 'assert f"{student.answer} is 42"')


@mistake("an assert with or True")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "assert student.answer == 42 or True")


@mistake("isinstance of object")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "assert isinstance(student.answer, object)")


@mistake("allclose without assert")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "import numpy as np\n    np.allclose(student.answer, 42)")


@mistake("isinstance without assert")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", "isinstance(student.answer, int)")


@mistake("startswith without assert")
def _(c: Author) -> None:
    c.checks("assert student.answer == 42", 'str(student.answer).startswith("4")')


@mistake("called_once_with of a mock")
def _(c: Author) -> None:
    c.checks(
        "assert student.double(number) == reference.double(number)",
        "from unittest import mock\n    fake = mock.Mock()\n    student.double(fake)\n    fake.called_once_with(number)",
    )


@mistake("a generator that is seeded by the system")
def _(c: Author) -> None:
    c.checks("int(rng.integers(100))", "int(__import__('numpy').random.default_rng().integers(100))")


@mistake("a key that is an object of the student's", command="grade")
def _(c: Author) -> None:
    c.checks("assert student.double(number) == reference.double(number)", "assert {number: 1}[student.double] == 1")


@mistake("an object of the student's in place of a message", command="grade")
def _(c: Author) -> None:
    c.checks("assert student.double(number) == reference.double(number)", "assert number < 0, student.double")


@mistake("a fixture that asks the student", command="grade")
def _(c: Author) -> None:
    c.checks("import pytest\n", "import pytest\n\n\n@pytest.fixture\ndef two(student):\n    return student.double(1)\n")
    c.checks("test_double_of_hidden(student,", "test_double_of_hidden(two, student,")


@mistake("one parametrize without values")
def _(c: Author) -> None:
    c.checks('@pytest.mark.question("double")', '@pytest.mark.parametrize("n", [])\n@pytest.mark.question("double")')
    c.checks("test_double_of_one(student)", "test_double_of_one(student, n)")
