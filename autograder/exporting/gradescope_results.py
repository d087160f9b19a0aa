"""Say one result as Gradescope's `results.json` says it.

Fields as in Gradescope's public documentation of its autograders ("Autograder Specifications"); it publishes no schema.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from autograder.feedback.as_text import by_people
from autograder.feedback.feedback import CheckFeedback, Feedback, QuestionFeedback
from autograder.feedback.page import STATUS_WORDS, prose
from autograder.plain_text import plain_text
from autograder.points import points_of

__all__ = ["gradescope_results"]

_TOLERANCE = 1e-6


def gradescope_results(feedback: Feedback, *, seconds: float, is_open: bool) -> Mapping[str, Any]:
    """Return the document for one student: a test for each check, or for each question where the level is `scores`.

    What a public check says is visible at once, a hidden one's after the grades are published; before `is_open`
    nothing is. No test is `hidden`: Gradescope would keep the total back.
    """
    tests = [test for place, one in enumerate(feedback.questions, start=1) for test in _tests(place, one)]
    return {
        "score": round(feedback.score, 4),
        "execution_time": round(seconds, 1),
        "output": _summary(feedback),
        "output_format": "html",
        "test_output_format": "html",
        "test_name_format": "text",
        "visibility": "visible" if is_open else "after_published",
        "stdout_visibility": "hidden",
        "tests": tests,
    }


def _summary(feedback: Feedback) -> str:
    lines = [f"{points_of(feedback.score)} of {points_of(feedback.points)} points"]
    lines += [text for text in (feedback.reason, *feedback.file_problems, feedback.lateness) if text]
    lines += [f"{one.name}: {text}" for one in feedback.questions if one.checks for text in by_people(one)]
    return "".join(f"<p>{prose(line)}</p>" for line in lines)


def _tests(place: int, question: QuestionFeedback) -> Sequence[Mapping[str, Any]]:
    if not question.checks:
        passed = question.score >= question.points - _TOLERANCE
        return [
            _test(
                number=str(place),
                name=question.name,
                score=question.score,
                points=question.points,
                passed=passed,
                output="".join(f"<p>{prose(text)}</p>" for text in by_people(question)),
                is_public=False,
            )
        ]
    return [
        _test(
            number=f"{place}.{number}",
            name=f"{question.name}: {check.name}",
            score=check.score,
            points=check.points,
            passed=check.passed,
            output=_output(check),
            is_public=check.public,
        )
        for number, check in enumerate(question.checks, start=1)
    ]


def _test(
    *, number: str, name: str, score: float, points: float, passed: bool, output: str, is_public: bool
) -> Mapping[str, Any]:
    return {
        "number": number,
        "name": plain_text(name),
        "score": round(score, 4),
        "max_score": points,
        "status": "passed" if passed else "failed",
        "output": output,
        "visibility": "visible" if is_public else "after_published",
    }


def _output(check: CheckFeedback) -> str:
    """Return the verdict, the hint and what was measured, as HTML that Gradescope cleans once more."""
    lines = [STATUS_WORDS[check.status], *([check.text] if check.text and not check.passed else [])]
    lines += [f"{of}: {value:.4g}, at least {least:g} is asked for" for of, value, least in check.measured]
    return "".join(f"<p>{prose(line)}</p>" for line in lines)
