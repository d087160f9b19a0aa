"""What authors write into a source's notebook, and into files beside it, that cannot be meant."""

import json

from author_course import ANSWER, DOUBLE, Author, mistake, source_cells, tests_cell, text
from tiny_course import code, marks, notebook, skip


@mistake("a cell of nbgrader's tests")
def _(c: Author) -> None:
    c.add(tests_cell("t1", "assert double(2) == 4"))


@mistake("nbgrader's points on a solution cell")
def _(c: Author) -> None:
    metadata = marks("double", solution=True)
    metadata["nbgrader"]["points"] = 3
    c.cell("double", metadata=metadata)


@mistake("nbgrader's hidden tests in a given cell")
def _(c: Author) -> None:
    c.add(code("t1", "### BEGIN HIDDEN TESTS\nassert double(3)==6\n### END HIDDEN TESTS", marks("t1")))


@mistake("a grade_id that is there twice")
def _(c: Author) -> None:
    c.cell("answer", metadata=marks("double", solution=True))


@mistake("BEGIN SOLUTION without END")
def _(c: Author) -> None:
    c.cell("double", source=DOUBLE.replace("    ### END SOLUTION", ""))


@mistake("END SOLUTION without BEGIN")
def _(c: Author) -> None:
    c.cell("double", source=DOUBLE.replace("    ### BEGIN SOLUTION\n", ""))


@mistake("a solution region in another")
def _(c: Author) -> None:
    c.cell(
        "double", source=DOUBLE.replace("    ### BEGIN SOLUTION\n", "    ### BEGIN SOLUTION\n    ### BEGIN SOLUTION\n")
    )


@mistake("## BEGIN SOLUTION")
def _(c: Author) -> None:
    c.cell(
        "double",
        source=DOUBLE.replace("### BEGIN SOLUTION", "## BEGIN SOLUTION").replace("### END SOLUTION", "## END SOLUTION"),
    )


@mistake("# begin solution, in a given cell")
def _(c: Author) -> None:
    c.add(code("g1", "def g(x):\n    # begin solution\n    return 7\n    # end solution", marks("g1")))


@mistake("an answer in a text cell")
def _(c: Author) -> None:
    c.add(text("m1", "Why?\n### BEGIN SOLUTION\nBecause.\n### END SOLUTION"))


@mistake("an answer in a cell that is no solution cell")
def _(c: Author) -> None:
    c.add(code("g1", "def g(x):\n    ### BEGIN SOLUTION\n    return 7\n    ### END SOLUTION"))


@mistake("a text cell that is to be answered, and that nobody judges")
def _(c: Author) -> None:
    c.add(
        text(
            "m1",
            "My answer: because",
            {
                "nbgrader": {
                    "schema_version": 3,
                    "grade_id": "m1",
                    "solution": True,
                    "locked": False,
                    "grade": False,
                    "task": False,
                }
            },
        )
    )


@mistake("a solution that raises", command="grade")
def _(c: Author) -> None:
    c.cell("answer", source=ANSWER.replace("answer = 42", "answer = 42 / 0"))


@mistake("a solution that does not get its points", command="grade")
def _(c: Author) -> None:
    c.checks("student.answer == 42", "student.answer == 41")


@mistake("marks of a merge conflict")
def _(c: Author) -> None:
    c.nb.write_text(c.nb.read_text().replace('"# A week"', '\n<<<<<<< HEAD\n"# A week"\n=======\n"# B"\n>>>>>>> x\n'))


@mistake("a notebook of format 3")
def _(c: Author) -> None:
    c.nb.write_text(
        json.dumps(
            {
                "nbformat": 3,
                "nbformat_minor": 0,
                "metadata": {},
                "worksheets": [
                    {
                        "cells": [
                            {"cell_type": "code", "input": "x=1", "outputs": [], "language": "python", "metadata": {}}
                        ],
                        "metadata": {},
                    }
                ],
            }
        )
    )


@mistake("an empty file")
def _(c: Author) -> None:
    c.nb.write_text("")


@mistake("a Python file in place of the notebook")
def _(c: Author) -> None:
    c.nb.write_text("import numpy as np\n")


@mistake("a notebook without cells")
def _(c: Author) -> None:
    c.nb.write_text(json.dumps(notebook()))


@mistake("an R kernel")
def _(c: Author) -> None:
    c.meta(kernelspec={"display_name": "R", "language": "R", "name": "ir"})


@mistake("a Julia kernel")
def _(c: Author) -> None:
    c.meta(
        kernelspec={"display_name": "Julia 1.10", "language": "julia", "name": "julia-1.10"},
        language_info={"name": "julia"},
    )


@mistake("an R kernel that does not say its language")
def _(c: Author) -> None:
    c.meta(kernelspec={"display_name": "R", "name": "ir"})


@mistake("a notebook of another name")
def _(c: Author) -> None:
    c.nb.rename(c.nb.with_name("Week1.ipynb"))


@mistake("a second notebook with answers")
def _(c: Author) -> None:
    c.file("source/week/extra.ipynb", json.dumps(notebook(*source_cells())))


@mistake("a tag written otherwise")
def _(c: Author) -> None:
    c.add(code("tr", "x = 5", {"tags": ["skip_grading"]}))


@mistake("solution_only")
def _(c: Author) -> None:
    c.add(code("tr", "print('the key')", {"tags": ["solution_only"]}))


@mistake("a solution cell tagged skip-grading")
def _(c: Author) -> None:
    c.cell("answer", metadata=skip(marks("answer", solution=True)))


@mistake("grader.check of no question")
def _(c: Author) -> None:
    c.cell("check-answer", source='grader.check("anwser")')


@mistake("a later cell that defines the answer's name")
def _(c: Author) -> None:
    c.add(code("g1", "def double(x):\n    return 2*x", marks("g1")))


@mistake("a solution cell without a TODO")
def _(c: Author) -> None:
    c.cell("answer", source=ANSWER.replace("# TODO: the answer to everything.\n", ""))


@mistake("no answer between the markers")
def _(c: Author) -> None:
    c.cell("answer", source="answer = 42\n# TODO: x\n### BEGIN SOLUTION\n### END SOLUTION")


@mistake("a question tagged bonus")
def _(c: Author) -> None:
    c.cell("answer", metadata={**marks("answer", solution=True), "tags": ["bonus"]})


@mistake("a grade_id that the cell does not define")
def _(c: Author) -> None:
    c.cell("answer", source=ANSWER.replace("answer = 42", "result = 42"))


@mistake("a syntax error in a solution")
def _(c: Author) -> None:
    c.cell("answer", source=ANSWER.replace("answer = 42", "answer = = 42"))


@mistake("a syntax error in a given cell")
def _(c: Author) -> None:
    c.cell("setup", source="from helpers import helper\nif True print(1)")


@mistake("input() in a given cell")
def _(c: Author) -> None:
    c.add(code("g1", "name = input('Your name? ')", marks("g1")))


@mistake("input() in a solution")
def _(c: Author) -> None:
    c.cell("answer", source=ANSWER.replace("answer = 42", "answer = int(input())"))


@mistake("!pip install")
def _(c: Author) -> None:
    c.add(code("g1", "!pip install pandas", marks("g1")))


@mistake("%pip install")
def _(c: Author) -> None:
    c.add(code("g1", "%pip install pandas", marks("g1")))


@mistake("!wget")
def _(c: Author) -> None:
    c.add(code("g1", "!wget https://example.org/data.csv", marks("g1")))


@mistake("urlretrieve")
def _(c: Author) -> None:
    c.add(
        code(
            "g1",
            "from urllib.request import urlretrieve\nurlretrieve('https://example.org/x.csv','x.csv')",
            marks("g1"),
        )
    )


@mistake("read_csv of an address")
def _(c: Author) -> None:
    c.add(code("g1", "import pandas as pd\ndf = pd.read_csv('https://example.org/x.csv')", marks("g1")))


@mistake("an absolute path")
def _(c: Author) -> None:
    c.add(code("g1", "rows = open('/home/me/data.csv').read()", marks("g1")))


@mistake("a path of Windows")
def _(c: Author) -> None:
    c.add(code("g1", "rows = open(r'C:\\Users\\me\\data.csv').read()", marks("g1")))


@mistake("a path with ../")
def _(c: Author) -> None:
    c.add(code("g1", "rows = open('../data.csv').read()", marks("g1")))


@mistake("a data file that is not there", command="grade")
def _(c: Author) -> None:
    c.add(code("g1", "rows = open('data.csv').read()", marks("g1")))


@mistake("a helper file that is not there")
def _(c: Author) -> None:
    (c.root / "source/week/helpers.py").unlink()


@mistake("a library that is not installed")
def _(c: Author) -> None:
    c.cell("setup", source="from helpers import helper\nimport nosuchlib", metadata=marks("setup"))


@mistake("a solution in helpers.py")
def _(c: Author) -> None:
    c.file("source/week/helpers.py", "def helper(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION\n")


@mistake("a syntax error in helpers.py")
def _(c: Author) -> None:
    c.file("source/week/helpers.py", "def helper(x)\n    return 2 * x\n")


@mistake("a helper file called like a module of Python's")
def _(c: Author) -> None:
    c.file("source/week/random.py", "def helper(x):\n    return 2 * x\n")


@mistake("a link that leads nowhere")
def _(c: Author) -> None:
    (c.root / "source/week/lost.csv").symlink_to("../nowhere.csv")


@mistake("a folder tests/ beside the notebook")
def _(c: Author) -> None:
    c.file("source/week/tests/x.py", "")


@mistake("a file hand_in.py beside the notebook")
def _(c: Author) -> None:
    c.file("source/week/hand_in.py", "")


@mistake("sys.exit in a given cell", command="grade")
def _(c: Author) -> None:
    c.add(code("end", "import sys\nsys.exit(0)", marks("end")))


@mistake("an answer in a raw cell")
def _(c: Author) -> None:
    c.add({**text("raw", "### BEGIN SOLUTION\n42\n### END SOLUTION"), "cell_type": "raw"})


@mistake("metadata that are no metadata")
def _(c: Author) -> None:
    c.file("source/week/week.ipynb", json.dumps({**notebook(*source_cells()), "metadata": []}))


@mistake("nbgrader's metadata of an old version")
def _(c: Author) -> None:
    metadata = marks("setup")
    metadata["nbgrader"]["schema_version"] = 1
    c.cell("setup", metadata=metadata)


@mistake("a given cell above an answer that defines its name")
def _(c: Author) -> None:
    cells = json.loads(c.nb.read_text())
    cells["cells"].insert(2, code("before", "answer = 42", marks("before")))
    c.nb.write_text(json.dumps(cells))


@mistake("a cell that is not run, and writes a file that an answer reads")
def _(c: Author) -> None:
    cells = json.loads(c.nb.read_text())
    cells["cells"].insert(3, code("write", 'with open("a.txt", "w") as f:\n    f.write("42")', skip(marks("write"))))
    c.nb.write_text(json.dumps(cells))
    c.cell("answer", source=ANSWER.replace("answer = 42", 'answer = int(open("a.txt").read())  # 42'))
