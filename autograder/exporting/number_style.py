"""Read and write scores as a downloaded file writes its own: with a decimal point or comma, and as many decimals."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

__all__ = ["NumberStyle", "number_of"]

_NUMBER = re.compile(r"(?P<whole>-?\d[\d.,]*?)(?:(?P<sign>[.,])(?P<decimals>\d*))?", re.ASCII)
_SHOWN = 2
"""Decimals that students read on their pages, that Canvas shows, and that scores are rounded to."""


@dataclass(frozen=True, kw_only=True)
class NumberStyle:
    """How a file writes numbers."""

    sign: str = "."
    decimals: int = 0
    """The least; there are more, up to two, where a score needs them."""

    @classmethod
    def of(cls, samples: Iterable[str]) -> Self:
        """Return the style of the first sample that has decimals; a point and none where no sample has any."""
        for sample in samples:
            found = _NUMBER.fullmatch(sample.strip())
            if found and found["sign"]:
                return cls(sign=found["sign"], decimals=len(found["decimals"]))
        return cls()

    def written(self, score: float) -> str:
        """Return a score as the file would write it."""
        whole, _, decimals = f"{score:.{_SHOWN}f}".partition(".")
        decimals = decimals.rstrip("0").ljust(self.decimals, "0")
        return f"{whole}{self.sign}{decimals}" if decimals else whole


def number_of(text: str) -> float | None:
    """Return the number that a cell says, with point or comma; None for none. Of several signs the last one counts."""
    found = _NUMBER.fullmatch(text.strip())
    if found is None:
        return None
    whole = re.sub(r"[.,]", "", found["whole"])
    return float(f"{whole}.{found['decimals'] or 0}")
