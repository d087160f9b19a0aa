"""Bring together what feedback on each student is made of: results, attempts, the notebook that was graded."""

from collections.abc import Sequence

from autograder.errors import AutograderError
from autograder.feedback.answer_cells import read_shown_cells
from autograder.feedback.feedback import Graded
from autograder.grading.attempts import Attempts
from autograder.results import read_results
from autograder.settlement import Settlement

__all__ = ["graded_students"]


def graded_students(settlement: Settlement, students: Sequence[str] = ()) -> list[Graded]:
    """Return what is known of each student, or of these alone, by name; raise AutograderError where there is none."""
    folder, assignment = settlement.results, settlement.assignment
    policy = settlement.course.attempt_policy_of(assignment)
    attempts = Attempts(folder, assignment.name, policy, settlement.of)
    results = {result.student: settlement.of(result) for result in read_results(folder, assignment.name)}
    unknown = [student for student in students if student not in results]
    if unknown or not results:
        who = f" of {unknown[0]!r}" if unknown else "s"
        raise AutograderError(
            f"{folder / assignment.name} holds no result{who}; run `autograder grade {assignment.name}` first."
        )
    graded = []
    for student, result in sorted(results.items()):
        if students and student not in students:
            continue
        notebook = attempts.kept_notebook(student, result.attempt)
        graded.append(
            Graded(
                assignment=assignment,
                result=result,
                cells=read_shown_cells(notebook, result) if notebook else (),
                attempts=attempts.results_of(student),
                earlier=attempts.earlier(student, result.attempt),
            )
        )
    return graded
