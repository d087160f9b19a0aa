"""Render the pairs worth a look as one self-contained HTML page without a script, and as rows for a spreadsheet.

All that a student can influence is cleaned and escaped: code when it is read (`works`), all else by the template.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import markupsafe

from autograder.pages import page_environment, percent, width
from autograder.plain_text import guarded, plain_text
from autograder.similar.comparison import LEAST, Comparison, Pair
from autograder.similar.side_by_side import Mark, Row, side_by_side, without_common
from autograder.similar.works import LeftOut, Work

__all__ = ["Found", "as_csv", "similar_page"]

_COLUMNS = (
    *("place", "student_1", "folder_1", "student_2", "folder_2", "rare_places", "shared_places"),
    *("rare_share", "share", "questions"),
)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What was compared, and what came of it."""

    title: str
    assignment: str
    here: Path
    also: Sequence[Path]
    works: Sequence[Work]
    left_out: Sequence[LeftOut]
    comparison: Comparison
    given: frozenset[int]
    known_answers: int
    """Right answers that are known, the solution among them."""
    elsewhere: Mapping[frozenset[str], Sequence[str]]
    """In which other assignments two students are a pair too."""
    most: int

    @property
    def shown(self) -> Sequence[Pair]:
        """Return the pairs that are shown."""
        return self.comparison.pairs[: self.most]

    def rows(self, pair: Pair) -> list[Row]:
        """Return a pair side by side."""
        return side_by_side(pair, self.comparison.weights, self.given)

    def folder(self, work: Work) -> str:
        """Return which class a work is of, "" for the one that is asked about."""
        return "" if work.folder == self.here else str(work.folder)

    def assignments(self, pair: Pair) -> list[str]:
        """Return the other assignments in which the two are a pair."""
        both = ({a, b} for a in pair.first.students for b in pair.second.students)
        return sorted({name for two in both for name in self.elsewhere.get(frozenset(two), ())})


def similar_page(found: Found, *, made_at: datetime) -> str:
    """Return the page as HTML text."""
    environment = page_environment(Path(__file__).parent)
    environment.filters |= {"clip": plain_text, "as_it_is": markupsafe.escape, "percent": _percent, "width": width}
    return environment.get_template("page.html").render(
        found=found,
        made_at=made_at,
        least=LEAST,
        together=[work.students for work in found.works if len(work.students) > 1],
        cut=[work.students[0] for work in found.works if work.cut],
        classes={mark: mark.name.lower() for mark in Mark},
        without_common=without_common,
    )


def as_csv(found: Found) -> str:
    """Return a row for each pair that is shown; text never begins a formula."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for place, pair in enumerate(found.shown, start=1):
        writer.writerow(
            [
                place,
                *(
                    guarded(text)
                    for work in (pair.first, pair.second)
                    for text in (" ".join(work.students), str(work.folder))
                ),
                f"{pair.rare:.1f}",
                pair.shared,
                f"{pair.rare_share:.3f}",
                f"{pair.share:.3f}",
                guarded(" ".join(row.question or "(own cells)" for row in found.rows(pair) if row.has_rare)),
            ]
        )
    return file.getvalue()


def _percent(share: float) -> str:
    return percent(min(share, 1.0))
