"""Print to the terminal: what was asked for to standard output, all else to standard error.

Names of files and what students' code said are part of much that is printed. So nothing here is markup, no `:word:`
becomes an emoji, and no character reaches the terminal that it would obey.
"""

import io
import sys
from typing import Any

from rich.console import Console
from rich.text import Text

from autograder.plain_text import plain_lines, plain_text

__all__ = ["ERR", "OUT", "PlainConsole", "one_line", "print_any_character"]


class PlainConsole(Console):
    """Print text as it is, less what could do something to the terminal."""

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn each string that is printed, alone or in a table, into harmless text."""
        return super().render_str(plain_lines(text), **options)


def one_line(text: str, style: str = "") -> Text:
    """Return text of others for a console or a table of any kind: it cannot begin a line of its own."""
    return Text(plain_text(text), style=style)


def print_any_character() -> None:
    """Let standard output show what its encoding lacks as an escape, as standard error does, instead of raising."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


OUT = PlainConsole(soft_wrap=True)
ERR = PlainConsole(stderr=True, soft_wrap=True)
