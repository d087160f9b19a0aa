"""Say what went wrong in a student's process: an exception, a name that is not there, the end of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from autograder.answer_files import HandedInFile, definitions_in
from autograder.checks.cell_records import CellRecords
from autograder.checks.outcomes import Crashed, Ending, Missing, StudentError, TimedOut
from autograder.checks.student_errors import describe_error, undefined_name
from autograder.checks.whereabouts import Whereabouts
from autograder.notebooks import Notebook, PlannedCell
from autograder.results import Flag
from autograder.sandbox.outside.process import Died, Outcome, Raised

__all__ = ["Failures"]

_NOT_WRITTEN = "{} is not written yet: its cell still raises NotImplementedError."
_NOT_WRITTEN_IN_FILE = "{} is not written yet: it still raises NotImplementedError in {}."
_ELSEWHERE = "A name that it uses is defined in a cell that failed or does not run when grading."
"""What a hidden check tells of a name that is not defined: which one it is, is the student's process's to say."""


class Failures:
    """What goes wrong in one run of a notebook, in words, with the cell or file in which it did."""

    def __init__(
        self,
        plan: Sequence[PlannedCell],
        notebook: Notebook | None,
        files: Sequence[HandedInFile],
        questions_in_files: Collection[str],
        *,
        records: CellRecords,
        flags: set[Flag],
        memory_mb: int,
    ) -> None:
        """Look at a run's cells and files, with the records and the flags that grow with it."""
        self._plan = plan
        self._files = files
        self._questions_in_files = questions_in_files
        self._definitions: dict[str, Mapping[str, range]] = {}
        self._places = {cell.name: cell for cell in (*plan, *map(_as_cell, files))}
        self._whereabouts = Whereabouts(plan, notebook)
        self._unwritten: set[str] = set()
        self._records = records
        self._flags = flags
        self._memory_mb = memory_mb

    @property
    def sources(self) -> Sequence[str]:
        """Return the source of each cell and file in which something may be raised."""
        return [place.source for place in self._places.values()]

    def source_of(self, raised: Raised) -> str | None:
        """Return the source of the cell or file where an exception was raised, None where that is neither."""
        place = self._places.get(raised.cell)
        return place.source if place else None

    def in_cell(self, cell: PlannedCell, raised: Raised) -> StudentError:
        """Return the error that ended a cell, and remember it for what uses the cell's names."""
        if self._is_stub(raised):
            self._unwritten.add(cell.name)
        error = self._student_error(raised)
        self._whereabouts.note_cause(cell, error.cause)
        return error

    def outcome(self, raised: Raised, name: str | None) -> StudentError | Missing | Crashed:
        """Say what an exception means; `name` is the one that was asked for: what is said may be forged."""
        if raised.kind == "missing" and name is not None:
            return self._missing(name)
        if self._is_stub(raised):
            where = self._place_of(raised)
            name = f"`{where.grade_id}`" if where and where.grade_id else "This question"
            if where and where.file:
                why = next((file.problem for file in self._files if file.name == where.file), "")
                text = f"{name} is not written yet. {why}" if why else _NOT_WRITTEN_IN_FILE.format(name, where.label)
                return Missing(text, raised.message)
            return Missing(_NOT_WRITTEN.format(name), raised.message)
        if raised.kind == "unsendable":
            return Crashed(
                "The answer cannot be used: it is too large, or of a kind that cannot be looked at.",
                f"The answer cannot be used: {raised.message}.",
                public_text=f"The answer cannot be used: {raised.message[:200]}.",
            )
        return self._student_error(raised)

    def _is_stub(self, raised: Raised) -> bool:
        """Return whether a stub was called: torch raises NotImplementedError too, for a dtype that it cannot take."""
        if raised.kind != "raised" or "builtins.NotImplementedError" not in raised.types:
            return False
        where = self._place_of(raised)
        lines = where.source.splitlines() if where else []
        return not 1 <= raised.line <= len(lines) or "raise" in lines[raised.line - 1]

    def _missing(self, name: str) -> Missing:
        """Say what became of the cell that should define `name`."""
        if any(cell.grade_id == name and cell.name in self._unwritten for cell in self._plan):
            return Missing(_NOT_WRITTEN.format(f"`{name}`"))
        return Missing(self._whereabouts.missing(name, self._records.by_name))

    def _student_error(self, raised: Raised) -> StudentError:
        if "torch.OutOfMemoryError" in raised.types:
            self._flags.add(Flag.GPU_OUT_OF_MEMORY)
        name = undefined_name(raised)
        cause = self._whereabouts.cause(name, self._records.by_name) if name else ""
        return describe_error(raised, self._place_of(raised), cause, _ELSEWHERE if cause else "")

    def _place_of(self, raised: Raised) -> PlannedCell | None:
        """Return the cell or file where an exception was raised, a file with the question in it; as it says itself."""
        where = self._places.get(raised.cell)
        if where is None or not where.file:
            return where
        if where.file not in self._definitions:  # read once: a file may be long, and raise at each call
            self._definitions[where.file] = definitions_in(where.source)
        for name, lines in self._definitions[where.file].items():
            if raised.line - 1 in lines and name in self._questions_in_files:
                return replace(where, grade_id=name)
        return where

    def ending(self, died: Died, seconds: float, printed: str, where: str = "") -> Ending:
        """Return the words for a process that ended."""
        staff = f"the student process {died}{where}; it last printed: {printed[-500:]!r}"
        match died.outcome:
            case Outcome.TIMED_OUT:
                return TimedOut(f"Your code did not finish within {seconds:g} seconds{where}.", staff)
            case Outcome.CPU_TIME:
                return TimedOut(f"Your code used up its computing time{where}.", staff)
            case Outcome.OUT_OF_MEMORY:
                self._flags.add(Flag.OUT_OF_MEMORY)
                return Crashed(f"Your notebook used more than {self._memory_mb / 1024:.1f} GB{where}.", staff)
            case Outcome.EXITED:
                return Crashed(f"Your code ended its own Python process{where} (exit, quit, os._exit?).", staff)
            case Outcome.SIGNALLED:
                if died.detail == "SIGKILL":
                    self._flags.add(Flag.KILLED)
                return Crashed(f"Your Python process crashed ({died.detail}){where}.", staff)
            case Outcome.BAD_ANSWER:
                return Crashed(f"Your Python process gave an answer that cannot be used{where}.", staff)


def _as_cell(file: HandedInFile) -> PlannedCell:
    """Return what stands for a file where a text says where something was raised."""
    return PlannedCell(name=file.name, index=-1, id="", grade_id="", source=file.text, file=file.name)
