"""Write the sample class: right answers from the solutions, changed as `students.py` says, in nbgrader's layout.

    python examples/make_class.py [--check]

`--check` writes nothing; exit code 1 where a file of examples/class is not what would be written.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from students import STUDENTS, Student

from autograder.own_notebooks import fill_in, solution_cells

ROOT = Path(__file__).parent.parent
CLASS = Path(__file__).parent / "class"
PICTURE = re.compile(r"data:image/[\w.+-]+;base64,[\w+/=]+")
"""What the release holds in its text, and the sample class does without: 20 MB in all."""


def main() -> int:
    """Write or compare every file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check: bool = parser.parse_args().check
    stale = []
    for student in STUDENTS:
        for path, content in files(student):
            if path.is_file() and path.read_bytes() == content:
                continue
            stale.append(path)
            if not check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    for path in stale:
        print(f"{path.relative_to(ROOT)}: {'out of date' if check else 'written'}")
    return 1 if check and stale else 0


def files(student: Student) -> Iterator[tuple[Path, bytes]]:
    """Yield path and content of what one student handed in, and of the verdict expected."""
    folder = CLASS / student.name / student.assignment
    if student.content is not None:
        yield folder / f"{student.assignment}.ipynb", student.content
    elif student.hands_in:
        text = json.dumps(notebook(student), indent=1, ensure_ascii=False, sort_keys=True)
        yield folder / f"{student.assignment}.ipynb", (text + "\n").encode("utf-8")
    if student.submitted_at:
        yield folder / "timestamp.txt", f"{student.submitted_at}\n".encode()
    expected = {
        "what": student.what,
        "status": student.status,
        "score": student.score,
        "lost": student.lost,
        **({"hint": student.hint} if student.hint else {}),
    }
    yield folder / "expected.json", (json.dumps(expected, indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def notebook(student: Student) -> dict[str, Any]:
    """Return the release notebook with the student's answers in it."""
    name = student.assignment
    release = json.loads((ROOT / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    solution = json.loads((ROOT / "solutions" / name / f"{name}.ipynb").read_text(encoding="utf-8"))
    right = {} if student.blank else solution_cells(solution)
    filled = fill_in(release, {**right, **{q: source.strip("\n") for q, source in student.answers.items()}})
    texts = [PICTURE.sub("", "".join(cell["source"])) for cell in filled["cells"]]
    cells = [
        {**cell, "source": text.splitlines(keepends=True)} for cell, text in zip(filled["cells"], texts, strict=True)
    ]
    student.disturb(cells)
    return {**filled, "cells": cells}


if __name__ == "__main__":
    sys.exit(main())
