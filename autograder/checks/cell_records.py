"""Keep how each cell of a notebook ended when it was first run, in a size that a result can hold."""

from collections.abc import Iterable, Mapping

from autograder.notebooks import PlannedCell
from autograder.results import CellRecord, CellStatus

__all__ = ["CellRecords"]

_MOST_RECORDS = 2_000
_LONGEST_ERROR = 2_500
_ALL_ERRORS = 250_000
"""Cells that a result tells of, and characters of their errors: so a result stays below some megabytes."""


class CellRecords:
    """The records of a submission's cells, by the cells' names."""

    def __init__(self) -> None:
        self._records: dict[str, CellRecord] = {}
        self._error_room = _ALL_ERRORS
        self.truncated = False
        """Whether a record or a part of an error was left out."""

    @property
    def by_name(self) -> Mapping[str, CellRecord]:
        """Return the records of all cells that were run, by the cells' names."""
        return self._records

    def of(self, cells: Iterable[PlannedCell]) -> tuple[CellRecord, ...]:
        """Return the records of those of the cells that were run."""
        return tuple(self._records[cell.name] for cell in cells if cell.name in self._records)

    def add(self, cell: PlannedCell, status: CellStatus, error: str = "") -> None:
        """Record how a cell ended, unless it has been recorded before."""
        if cell.name in self._records:
            return
        if len(self._records) == _MOST_RECORDS:
            self.truncated = True
            return
        kept = error[: min(_LONGEST_ERROR, self._error_room)]
        self._error_room -= len(kept)
        self.truncated = self.truncated or len(kept) < len(error)
        self._records[cell.name] = CellRecord(
            index=cell.index,
            id=cell.id,
            grade_id=cell.grade_id,
            status=status,
            error=kept,
            untouched=cell.untouched,
        )
