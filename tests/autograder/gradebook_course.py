"""Make a graded class for gradebooks without running a notebook: a course, results, and the notebooks they are of."""

import json
from pathlib import Path

import tiny_course
from test_by_hand import by_hand, text
from tiny_course import RIGHT, answers, notebook

from autograder.cli import main
from autograder.results import CellRecord, CellStatus, CheckRecord, CheckStatus, Result, Status, kept_notebook_path
from autograder.results import write_result as write

SCRIPT = "<script>document.title='stolen'</script><img src=x onerror=\"document.title='stolen'\">"
LATE = "from datetime import datetime\nfrom autograder.course import Assignment, Budget, Course, LatePolicy\n"
HOSTILE_OUTPUTS = [
    {"output_type": "display_data", "metadata": {}, "data": {"text/html": SCRIPT, "text/plain": "a table"}},
    {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": f"<svg>{SCRIPT}</svg>"}},
    {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": "document.title='stolen'"}},
    {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": SCRIPT}},
    {"output_type": "stream", "name": "stdout", "text": f"printed {SCRIPT}"},
]


def make(root: Path) -> Path:
    """Write a course with two checked questions and one in words, 8 points, due on 1 November 2026."""
    tiny_course.make_course(root)
    cells = [*tiny_course.source_cells(), text("words", "Since 2x = x + x.", by_hand("words"))]
    (root / "source" / "tiny" / "tiny.ipynb").write_text(json.dumps(notebook(*cells)))
    config = root / "course_config.py"
    due = 'points=8,\n            due=datetime.fromisoformat("2026-11-01T12:00:00+00:00"),'
    config.write_text(
        LATE
        + config.read_text()
        .replace("from autograder.course import Assignment, Budget, Course\n", "")
        .replace("points=6,", due)
        .replace('name="Tiny",', 'name="Tiny", late_policy=LatePolicy(penalty_per_day=0.1, max_penalty=0.5),')
    )
    assert main(["build", "--course", str(root)]) == 0
    return root


def graded(
    root: Path, student: str, *, words: str = "It is doubled.", late: bool = False, hidden: float = 0.0
) -> Result:
    """Write one student's result and the notebook that it is of."""
    cells = answers(RIGHT, "answer = 41")
    cells[1]["outputs"] = HOSTILE_OUTPUTS
    kept = kept_notebook_path(root / "results", "tiny", student, 1)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(notebook(*cells, text("words", words, by_hand("words")), text("more", SCRIPT))))
    checks = [
        ("double", "test_double_of_ones", 1.0, 1.0, True),
        ("double", "test_double_of_hidden_numbers", 2.0, 2.0, False),
        ("answer", "test_answer_is_a_number", 0.0, 0.0, True),
        ("answer", "test_answer", 3.0, hidden, False),
    ]
    result = Result(
        assignment="tiny",
        student=student,
        status=Status.GRADED,
        score=3.0 + hidden,
        max_score=8.0,
        submitted_at="2026-11-02T10:00:00.123456+00:00" if late else "2026-10-30T10:00:00+00:00",
        graded_at="2026-11-03T10:00:00+00:00",
        checks=tuple(
            CheckRecord(
                id=f"test_tiny.py::{name}",
                question=question,
                points=points,
                score=score,
                public=public,
                status=CheckStatus.PASSED if score >= points else CheckStatus.FAILED,
                message="" if score >= points else f"Read the book again. {SCRIPT}",
            )
            for question, name, points, score, public in checks
        ),
        cells=tuple(
            CellRecord(index=index, id="", grade_id=name, status=CellStatus.OK)
            for index, name in enumerate(("setup", "double", "answer"))
        ),
    )
    write(root / "results", result)
    return result


def run(root: Path, *arguments: str) -> int:
    """Run the command on the course."""
    return main(["gradebook", "tiny", *arguments, "--course", str(root)])
