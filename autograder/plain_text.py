"""Make text that students wrote or printed fit to be shown: visible characters, of bounded length."""

import re
import unicodedata

__all__ = ["guarded", "plain_lines", "plain_text"]

_TERMINAL_CODE = re.compile(
    r"""
    (?:\x1b\[|\x9b) [0-?]* [ -/]* [@-~]                        # colours, cursor movements
    | (?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f]) [^\x07\x1b\x9c]*    # titles, links, device strings ...
      (?:\x07|\x1b\\|\x9c|\Z)                                  # ... up to their terminator
    | \x1b [ -/]* [0-~]                                        # everything shorter
    """,
    re.VERBOSE,
)
_JOINERS = {"\u200c", "\u200d"}
"""Invisible, but Persian, Hindi and emoji are spelled with them."""
_INVISIBLE = {"Cc", "Cf", "Cn", "Co", "Cs"}
_REPLACEMENT = "\ufffd"
_MARKS_IN_A_ROW = 4
_READ_PER_SHOWN = 8
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes a cell for a formula by, or drops before it looks."""


def plain_text(text: str, limit: int = 1_000) -> str:
    """Return `text` without what could break or forge the page, in at most `limit` characters.

    Terminal codes go; control characters, lone surrogates and bidi overrides become U+FFFD, so that they are seen;
    white space becomes single spaces. The result always encodes to UTF-8. It is not escaped: that is the template's.
    """
    head = text[: limit * _READ_PER_SHOWN]
    spaced = re.sub(r"\s+", " ", _TERMINAL_CODE.sub("", head))
    shown = _drop_mark_floods("".join(_visible(character) for character in spaced))
    if len(shown) > limit or len(head) < len(text):
        return shown[: limit - 1].rstrip() + "…"
    return shown


def plain_lines(text: str) -> str:
    """Return `text` made harmless in the same way, its lines kept apart and its length as it is.

    Of what a line overwrote by a carriage return, as progress bars do, the last state is kept.
    """
    lines = _TERMINAL_CODE.sub("", text).replace("\r\n", "\n").split("\n")
    last_states = (line.rstrip("\r").rpartition("\r")[2].expandtabs(8) for line in lines)
    return "\n".join(_drop_mark_floods("".join(map(_visible, line))) for line in last_states)


def guarded(text: str) -> str:
    """Return text for a cell of a table that no spreadsheet takes for a formula: with an apostrophe where it would."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _visible(character: str) -> str:
    if character.isascii() and character.isprintable():
        return character
    if unicodedata.category(character) in _INVISIBLE and character not in _JOINERS:
        return _REPLACEMENT
    return character


def _drop_mark_floods(text: str) -> str:
    """Leave out accents piled on one letter so high that they would cover the lines above."""
    if text.isascii():
        return text
    kept, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) or unicodedata.category(character) == "Me" else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)
