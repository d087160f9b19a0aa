"""What authors write into known answers and the configuration that cannot be meant."""

import shutil

from author_course import CONFIG, KNOWN, Author, mistake


@mistake("a syntax error in known_answers.py")
def _(c: Author) -> None:
    c.file("tests/week/known_answers.py", "ANSWERS = [\n")


@mistake("a known answer to no question")
def _(c: Author) -> None:
    c.file("tests/week/known_answers.py", KNOWN.replace('"answer"', '"anwser"'))


@mistake("an edit of what is not in the solution")
def _(c: Author) -> None:
    c.file("tests/week/known_answers.py", KNOWN.replace('"42"', '"44"'))


@mistake("known answers in a dict")
def _(c: Author) -> None:
    c.file("tests/week/known_answers.py", "ANSWERS = {}\n")


@mistake("ANSWER for ANSWERS")
def _(c: Author) -> None:
    c.file("tests/week/known_answers.py", KNOWN.replace("ANSWERS =", "ANSWER ="))


@mistake("a misspelt field of a known answer")
def _(c: Author) -> None:
    c.file("tests/week/known_answers.py", KNOWN.replace("cells=", "cell="))


@mistake("known_answer.py")
def _(c: Author) -> None:
    (c.root / "tests/week/known_answers.py").rename(c.root / "tests/week/known_answer.py")


@mistake("a misspelt field of an assignment")
def _(c: Author) -> None:
    c.config("points=4", "point=4")


@mistake("a missing comma")
def _(c: Author) -> None:
    c.config('name="Small",', 'name="Small"')


@mistake("a missing parenthesis")
def _(c: Author) -> None:
    c.config(",\n)\n", "\n")


@mistake("a due date without a time zone")
def _(c: Author) -> None:
    c.config(', tzinfo=ZoneInfo("Europe/Berlin")', "")


@mistake("a due date as a text")
def _(c: Author) -> None:
    c.config('datetime(2027, 1, 15, 18, tzinfo=ZoneInfo("Europe/Berlin"))', '"2027-01-15"')


@mistake("a time zone that does not exist")
def _(c: Author) -> None:
    c.config("Europe/Berlin", "Europe/Belin")


@mistake("a month 13")
def _(c: Author) -> None:
    c.config("datetime(2027, 1, 15", "datetime(2027, 13, 15")


@mistake("a name with a dash")
def _(c: Author) -> None:
    c.config('name="week"', 'name="week-1"')


@mistake("a name that is a keyword")
def _(c: Author) -> None:
    c.config('name="week"', 'name="class"')


@mistake("a name with a blank")
def _(c: Author) -> None:
    c.config('name="week"', 'name="week 1"')


@mistake("an assignment without a folder")
def _(c: Author) -> None:
    c.config("    ],", '        Assignment(name="week_2", title="B", points=1),\n    ],')


@mistake("a folder without an entry")
def _(c: Author) -> None:
    shutil.copytree(c.root / "source/week", c.root / "source/week_2")


@mistake("no assignments")
def _(c: Author) -> None:
    c.cfg.write_text('from autograder.course import Course\ncourse = Course(name="x", assignments=[])\n')


@mistake("no course")
def _(c: Author) -> None:
    c.config("course = ", "kurs = ")


@mistake("points of an assignment as a text")
def _(c: Author) -> None:
    c.config("points=4", "points='4'")


@mistake("no points of an assignment")
def _(c: Author) -> None:
    c.config("            points=4,\n", "")


@mistake("a name without name=")
def _(c: Author) -> None:
    c.config('name="week"', '"week"')


@mistake("a misspelt field of a budget")
def _(c: Author) -> None:
    c.config("points=4,", "points=4, budget=Budget(memory=100),")


@mistake("a misspelt library")
def _(c: Author) -> None:
    c.config('name="Small",', 'name="Small", libraries=["torhc"],')


@mistake("a library as a text")
def _(c: Author) -> None:
    c.config('name="Small",', 'name="Small", libraries="numpy",')


@mistake("a file of a dataset that is not there", command="grade")
def _(c: Author) -> None:
    c.config('name="Small",', 'name="Small", datasets=[Dataset(name="d", folder="d", files=["a.csv"])],')


@mistake("a loader that is not there", command="grade")
def _(c: Author) -> None:
    c.config(
        'name="Small",',
        'name="Small", datasets=[Dataset(name="d", folder="d", files=["a.csv"], loaders={"rows": "loading.py:rows"})],',
    )
    c.file("data/d/a.csv", "1")
    c.file("data/d/loading.py", "def row(f): return 1\n")
    c.checks(
        "def test_double_of_hidden(student, reference, rng)", "def test_double_of_hidden(student, reference, rng, rows)"
    )


@mistake("a loader that raises", command="grade")
def _(c: Author) -> None:
    c.config(
        'name="Small",',
        'name="Small", datasets=[Dataset(name="d", folder="d", files=["a.csv"], loaders={"rows": "loading.py:rows"})],',
    )
    c.file("data/d/a.csv", "1")
    c.file("data/d/loading.py", "def rows(f): return 1/0\n")
    c.checks(
        "def test_double_of_hidden(student, reference, rng)", "def test_double_of_hidden(student, reference, rng, rows)"
    )


@mistake("a misspelt import in the configuration")
def _(c: Author) -> None:
    c.config("from zoneinfo", "from zonneinfo")


@mistake("no import of Assignment")
def _(c: Author) -> None:
    c.config("Assignment, Budget", "Budget")


@mistake("a configuration that is not UTF-8")
def _(c: Author) -> None:
    c.cfg.write_bytes(CONFIG.replace("Small", "Größe").encode("latin-1"))


@mistake("a title that is no text")
def _(c: Author) -> None:
    c.config('"A week"', "None")


@mistake("sys.exit in known_answers.py")
def _(c: Author) -> None:
    c.file("tests/week/known_answers.py", "raise SystemExit(3)\n")


@mistake("sys.exit in the configuration")
def _(c: Author) -> None:
    c.config("course = Course", "exit(3)\ncourse = Course")


@mistake("a known answer's cells as a text")
def _(c: Author) -> None:
    c.file("tests/week/known_answers.py", KNOWN.replace('{"answer": Edit("42", "43")}', '"answer = 43"'))


@mistake("assignments in braces")
def _(c: Author) -> None:
    c.config("assignments=[", "assignments={")
    c.config("    ],\n)", "    },\n)")
