"""Write feedback as Markdown and as plain HTML, for comment fields, and as JSON, for portals."""

import json
from dataclasses import asdict

from markupsafe import Markup

from autograder.feedback.feedback import CheckFeedback, Feedback, QuestionFeedback
from autograder.feedback.learning_curve import curve_in_words
from autograder.feedback.page import STATUS_WORDS, prose
from autograder.plain_text import plain_text
from autograder.points import points_of

__all__ = ["as_html", "as_json", "as_markdown", "by_people"]


def as_markdown(feedback: Feedback) -> str:
    """Return the feedback without cells as Markdown that reads well as plain text."""
    lines = [
        f"# {plain_text(feedback.title)}",
        "",
        f"{points_of(feedback.score)} of {points_of(feedback.points)} points",
        *filter(None, [plain_text(feedback.reason), *feedback.file_problems, feedback.lateness]),
    ]
    lines += [*feedback.attempts]
    if feedback.changes:
        lines += ["", "## What changed since the last grading", "", *(f"- {change}" for change in feedback.changes)]
    for question in feedback.questions:
        lines += ["", f"## {question.name}: {points_of(question.score)} of {points_of(question.points)} points", ""]
        lines += [one for one in (question.by_hand, question.waiting) if one]
        lines += [f"> {plain_text(comment, 4_000)}" for comment in question.comments]
        if question.by_hand or question.waiting or question.comments:
            lines.append("")
        if question.hint and not question.is_right:
            lines += [plain_text(question.hint, 2_500), ""]
        for check in question.checks:
            lines.append(f"- {_verdict(check)}")
            lines += [f"  - {measured}" for measured in _measured(check)]
            lines += [f"  - {curve_in_words(curve)}" for curve in check.curves]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip() + "\n"


def as_html(feedback: Feedback) -> str:
    """Return the same as HTML in one line, without styles, scripts, or anything that a student wrote unescaped."""
    paragraph, item, heading = Markup("<p>{}</p>"), Markup("<li>{}</li>"), Markup("<p><strong>{}</strong></p>")
    parts = [
        heading.format(f"{points_of(feedback.score)} of {points_of(feedback.points)} points"),
        *(paragraph.format(prose(text)) for text in _of_the_whole(feedback) if text),
    ]
    if feedback.changes:
        parts += [paragraph.format("What changed since the last grading:"), Markup("<ul>")]
        parts += [*(item.format(prose(change)) for change in feedback.changes), Markup("</ul>")]
    for question in feedback.questions:
        points = f"{points_of(question.score)} of {points_of(question.points)} points"
        parts.append(heading.format(plain_text(f"{question.name}: {points}")))
        parts += [paragraph.format(prose(text)) for text in by_people(question)]
        if question.hint and not question.is_right:
            parts.append(paragraph.format(prose(question.hint)))
        if question.checks:
            verdicts = ("; ".join([_verdict(check), *_measured(check)]) for check in question.checks)
            parts += [Markup("<ul>"), *(item.format(plain_text(verdict)) for verdict in verdicts), Markup("</ul>")]
    return str(Markup("").join(parts))


def _of_the_whole(feedback: Feedback) -> list[str]:
    return [feedback.reason, *feedback.file_problems, feedback.lateness, *feedback.attempts]


def by_people(question: QuestionFeedback) -> list[str]:
    """Return what people gave and say, and whether one is waited for, each as a sentence or two."""
    return [text for text in (question.by_hand, question.waiting, *question.comments) if text]


def _verdict(check: CheckFeedback) -> str:
    worth = f" ({points_of(check.score)} of {points_of(check.points)})" if check.points else ""
    return f"{check.name}: {STATUS_WORDS[check.status]}{worth}"


def _measured(check: CheckFeedback) -> list[str]:
    return [f"{of}: {value:.4g}, at least {least:g} is asked for" for of, value, least in check.measured]


def as_json(feedback: Feedback) -> str:
    """Return the feedback without cells as JSON."""
    fields = asdict(feedback)
    del fields["other_cells"]
    for question in fields["questions"]:
        del question["cells"]
    return json.dumps(fields, indent=1, ensure_ascii=False) + "\n"
