"""Let result files follow what people gave, without grading anything again."""

from collections.abc import Iterable

from autograder.errors import AutograderError
from autograder.grading.attempts import Attempts
from autograder.grading.lock import locked
from autograder.settlement import Settlement

__all__ = ["settle_again"]


def settle_again(settlement: Settlement, students: Iterable[str]) -> str:
    """Write the results of students again, with what they are worth now.

    Return a sentence that says why they could not be written, "" where they were: what was given is noted all the same.
    """
    assignment = settlement.assignment
    policy = settlement.course.attempt_policy_of(assignment)
    attempts = Attempts(settlement.results, assignment.name, policy, settlement.of)
    try:
        with locked(settlement.results):
            for student in dict.fromkeys(students):
                attempts.settle(student)
    except AutograderError as error:
        return f"Noted; the result files follow with the next `autograder grade`, for {error}"
    return ""
