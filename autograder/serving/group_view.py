"""Make of a group of answers what its page shows: texts, pictures, verdicts, what stands, and whose it is."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.adjustments import Kind
from autograder.feedback.answer_cells import Picture
from autograder.points import points_of, signed_points
from autograder.results import CheckRecord, kept_notebook_path
from autograder.reviewing.class_answers import read_shown_answer
from autograder.reviewing.groups import Group, Judged, State
from autograder.settlement import Settlement

__all__ = ["GroupView"]

_MOST_VARIANTS = 12


@dataclass(frozen=True, kw_only=True)
class _Cell:
    place: str
    """The cell's number, or the file's name, in words."""
    text: Markup
    is_code: bool
    pictures: Sequence[str]
    """PNG, in base64."""
    printed: Sequence[Markup]


@dataclass(frozen=True, kw_only=True)
class _Variant:
    """Answers that are letter by letter the same."""

    cells: Sequence[_Cell]
    labels: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    """What checks say of some of the answers."""

    checks: Sequence[CheckRecord]
    labels: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class _Member:
    """One student's answer."""

    key: str
    label: str
    student: str
    """"" where names are hidden."""
    judged: Judged


@dataclass(frozen=True, kw_only=True)
class _Standing:
    """The same, given to some of the answers."""

    what: str
    who: str
    comment: str
    is_stale: bool
    answers: int


class GroupView:
    """One group on its page."""

    def __init__(self, settlement: Settlement, group: Group, key: Callable[[str], str], *, names_shown: bool) -> None:
        self._settlement = settlement
        self._group = group
        self._key = key
        self.names_shown = names_shown

    @cached_property
    def members(self) -> Sequence[_Member]:
        """Whose answers they are: by name, or in an order that says nothing of names."""
        keyed = [(self._key(one.student), one) for one in self._group.judged]
        keyed.sort(key=lambda pair: pair[1].student if self.names_shown else pair[0])
        return [
            _Member(
                key=key,
                label=one.student if self.names_shown else f"no. {number}",
                student=one.student if self.names_shown else "",
                judged=one,
            )
            for number, (key, one) in enumerate(keyed, start=1)
        ]

    @cached_property
    def variants(self) -> Sequence[_Variant]:
        """The answers that differ in something: the one of most first."""
        return [
            _Variant(cells=self._cells(several[0]), labels=self._labels(several))
            for several in self._group.variants[:_MOST_VARIANTS]
        ]

    @property
    def variants_left_out(self) -> int:
        """Return how many variants are not shown."""
        return max(0, len(self._group.variants) - _MOST_VARIANTS)

    @cached_property
    def verdicts(self) -> Sequence[_Verdict]:
        """What checks say, by those of whom they say the same; those of most first."""
        found: dict[object, list[Judged]] = {}
        for one in self._group.judged:
            said = tuple((check.id, check.status, check.score, check.message) for check in one.checks)
            found.setdefault(said, []).append(one)
        return [
            _Verdict(checks=several[0].checks, labels=self._labels(several))
            for several in sorted(found.values(), key=len, reverse=True)
            if several[0].checks
        ]

    @cached_property
    def standing(self) -> Sequence[_Standing]:
        """What people have given to these answers, in the order in which they did."""
        found: Counter[tuple[str, str, str, bool]] = Counter()
        lines = sorted((line.line, line, line.line in one.stale) for one in self._group.judged for line in one.given)
        for _, line, stale in lines:
            amounts = {Kind.POINTS: f"= {points_of(line.points)}", Kind.CORRECTION: signed_points(line.points)}
            found[amounts.get(line.kind, "a comment"), line.who, line.comment, stale] += 1
        return [
            _Standing(what=what, who=who, comment=comment, is_stale=stale, answers=answers)
            for (what, who, comment, stale), answers in found.items()
        ]

    @property
    def looks_again(self) -> bool:
        """Say whether something was given for earlier answers."""
        return bool(self._group.progress.states.get(State.LOOK_AGAIN))

    def _labels(self, several: Sequence[Judged]) -> Sequence[str]:
        students = {one.student for one in several}
        return [one.label for one in self.members if one.judged.student in students]

    def _cells(self, judged: Judged) -> Sequence[_Cell]:
        settlement = self._settlement
        kept = kept_notebook_path(settlement.results, settlement.assignment.name, judged.student, judged.attempt)
        return [
            _Cell(
                place=cell.file or f"Cell {cell.number}",
                text=_code(cell.text) if cell.is_code else escape(cell.text),
                is_code=cell.is_code,
                pictures=[one.base64 for one in cell.outputs if isinstance(one, Picture)],
                printed=[escape(one) for one in cell.outputs if isinstance(one, str)],
            )
            for cell in read_shown_answer(kept, judged.answer.cells)
        ]


def _code(text: str) -> Markup:
    """Return code in colours; it was made harmless line by line."""
    return Markup(highlight(text, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)))  # noqa: S704 - pygments escapes
