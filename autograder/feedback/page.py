"""Write feedback as one self-contained HTML page: for a phone and a laptop, in the dark and on paper."""

import re
from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.feedback.answer_cells import Picture, ShownCell
from autograder.feedback.feedback import CheckFeedback, Feedback
from autograder.feedback.learning_curve import curve_in_words, curve_svg, how_it_was_made
from autograder.pages import page_environment
from autograder.plain_text import plain_text
from autograder.points import points_of
from autograder.results import CheckStatus

__all__ = ["STATUS_WORDS", "feedback_page", "prose"]

STATUS_WORDS = {
    CheckStatus.PASSED: "right",
    CheckStatus.FAILED: "not yet",
    CheckStatus.PARTIAL: "in part",
    CheckStatus.ERROR: "raised an exception",
    CheckStatus.TIMEOUT: "took too long",
    CheckStatus.CRASHED: "ended the process",
    CheckStatus.MISSING: "not written",
    CheckStatus.CHECK_RAISED: "could not be judged; your instructor knows",
}


def feedback_page(feedback: Feedback) -> str:
    """Return the page; it needs no other file, and no script is in it."""
    return _template().render(feedback=feedback)


@cache
def _template() -> jinja2.Template:
    environment = page_environment(Path(__file__).parent)
    environment.filters |= {"prose": prose, "points": points_of, "code": _code, "text": _text}
    environment.tests |= {"picture": lambda value: isinstance(value, Picture)}
    environment.globals |= {"status_words": STATUS_WORDS, "scale": _scale}
    environment.globals |= {
        "curve_in_words": curve_in_words,
        "curve_svg": curve_svg,
        "how_it_was_made": how_it_was_made,
    }
    return environment.get_template("page.html")


def prose(text: str) -> Markup:
    """Return a hint with what stands between backticks as code."""
    parts = re.split(r"`([^`]+)`", plain_text(text, 2_500))
    shown = [Markup("<code>{}</code>").format(part) if n % 2 else escape(part) for n, part in enumerate(parts)]
    return Markup("").join(shown)


def _text(text: str) -> Markup:
    """Return text that was cleaned line by line already."""
    return escape(text)


def _code(cell: ShownCell) -> Markup:
    """Return a cell's code in colours, the lines that failed marked."""
    formatter = HtmlFormatter(nowrap=True, hl_lines=list(cell.failed_lines))
    return Markup(highlight(cell.source, PythonLexer(stripnl=False), formatter))  # noqa: S704 - pygments escapes


def _scale(check: CheckFeedback) -> list[dict[str, float | str]]:
    """Return what the picture of each measurement needs: places in percent of its width."""
    pictures: list[dict[str, float | str]] = []
    for of, value, least in check.measured:
        high = 1.0 if min(value, least) >= 0 and max(value, least) <= 1 else 1.25 * max(value, least, 1e-9)
        low = min(0.0, value, least)
        places = {name: 100 * (x - low) / (high - low) for name, x in (("value", value), ("least", least))}
        pictures.append({"of": of, "shown": f"{value:.4g}", "asked": f"{least:g}", **places})
    return pictures
