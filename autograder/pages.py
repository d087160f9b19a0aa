"""Make the environment that HTML pages are rendered in: what a student wrote is cleaned and escaped in all of them."""

from pathlib import Path

import jinja2
from markupsafe import Markup

from autograder.plain_text import plain_text

__all__ = ["page_environment", "percent", "width"]

_PERCENT = 100


def page_environment(folder: Path) -> jinja2.Environment:
    """Return the environment of the templates in `folder`.

    It cleans every text that a template prints before it is escaped, so that no template can forget it; what is Markup
    was cleaned when it was made.
    """
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_cleaned,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def percent(share: float) -> str:
    """Return a share as whole percent; neither 0% nor 100% unless it is exactly that."""
    exact = share * _PERCENT
    rounded = round(exact)
    if rounded == 0 < exact:
        return "<1%"
    if rounded == _PERCENT > exact:
        return "99%"
    return f"{rounded}%"


def width(share: float) -> str:
    """Return a share as the number of a CSS percentage."""
    return f"{min(max(share, 0.0), 1.0) * _PERCENT:.2f}"


def _cleaned(value: object) -> object:
    return plain_text(value) if isinstance(value, str) and not isinstance(value, Markup) else value
