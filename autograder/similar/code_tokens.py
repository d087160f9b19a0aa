"""Read code as tokens that say the same after a rename, another layout, other comments: what is compared.

pygments reads them, since it goes on where Python's own tokenizer stops: at code that does not parse. The names that an
author is free to choose all become one; what libraries, Python and the assignment call something stays, and so do
numbers. Comments, docstrings, white space and what strings say are left out.
"""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from pygments.lexers import PythonLexer
from pygments.token import Token as Kind

__all__ = ["RUN", "Token", "read_tokens", "runs"]

RUN = 10
"""Tokens in a row that are compared as one: a little less than a line as `self.fc = nn.Linear(784, 500)`."""

_LEFT_OUT = (Kind.Comment, Kind.Text, Kind.Literal.String.Doc)
_KEPT_NAMES = (
    *(Kind.Name.Builtin, Kind.Name.Exception, Kind.Name.Decorator, Kind.Name.Namespace),
    *(Kind.Name.Function.Magic, Kind.Name.Variable.Magic),
)
_ANY_NAME = "name"
_ANY_STRING = "'…'"
_OWN = "self"
_NOTHING = {";", ""}


class Token(NamedTuple):
    """What a piece of code says, and where it stands in its text."""

    says: str
    start: int
    end: int


def read_tokens(text: str, known: Collection[str] = ()) -> list[Token]:
    """Return the tokens of code, broken code too; `known` are the names that its author could not choose."""
    tokens: list[Token] = []
    for start, kind, piece in PythonLexer(stripnl=False, ensurenl=False).get_tokens_unprocessed(text):
        end = start + len(piece)
        if any(kind in one for one in _LEFT_OUT) or piece in _NOTHING or piece.isspace():
            continue
        if kind in Kind.Literal.String:
            if tokens and tokens[-1].says == _ANY_STRING and tokens[-1].end == start:  # a string's next piece
                tokens[-1] = tokens[-1]._replace(end=end)
                continue
            says = _ANY_STRING
        elif kind in Kind.Name and piece not in known and not any(kind in one for one in _KEPT_NAMES):
            says = piece if _is_attribute_of_another(tokens) else _ANY_NAME
        else:
            says = piece
        tokens.append(Token(says, start, end))
    return tokens


def runs(tokens: Sequence[Token]) -> list[int]:
    """Return a number for each `RUN` tokens in a row, by the first: the same in this process where they say the same.

    All are kept, where winnowing would keep some: notebooks are short, and so what two have in common is known exactly.
    copydetect, which winnows, has no weights for what is rare, and needs matplotlib to be imported.
    """
    said = [token.says for token in tokens]
    return [hash(tuple(said[first : first + RUN])) for first in range(len(said) - RUN + 1)]


def _is_attribute_of_another(tokens: Sequence[Token]) -> bool:
    """Return whether the next name is an attribute that a library has named, as in `x.shape`, and not `self.x`."""
    behind: Iterator[Token] = reversed(tokens)
    return next(behind, _START).says == "." and next(behind, _START).says != _OWN


_START = Token("", 0, 0)
