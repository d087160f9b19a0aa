"""Put scores into one column of a downloaded file, and say of everybody who got none why."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.exporting.csv_text import CsvText
from autograder.exporting.matching import Matches
from autograder.exporting.number_style import NumberStyle, number_of
from autograder.plain_text import plain_text
from autograder.question_scores import question_scores
from autograder.results import Result, Status

__all__ = ["Column", "Filled", "fill_scores"]

_NO_SCORE = {"", "-"}
_SAME = 0.005


@dataclass(frozen=True, kw_only=True)
class Column:
    """Where the scores go."""

    place: int
    style: NumberStyle
    fixed: frozenset[str] = frozenset()
    """What a cell may say that is never replaced: it is no score."""


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What is to be changed in a file, and what a person should know of it."""

    changes: Mapping[tuple[int, int], str]
    """New texts by row and column."""
    placed: Mapping[str, int]
    """The rows of the students whose score stands in the file, now or already."""
    new: int
    """How many of these scores were not there before."""
    strangers: Sequence[str] = field(default=())
    """Who stands in the file and is known to nobody here."""
    problems: Sequence[str] = field(default=())
    """Results that did not get where they belong."""
    notes: Sequence[str] = field(default=())
    """What is as it should be, and worth knowing."""


def fill_scores(file: CsvText, column: Column, results: Sequence[Result], matches: Matches, *, replace: bool) -> Filled:
    """Return the cells to change.

    A result that `failed` is no score and changes nothing; a score that is there already and differs stays, unless it
    is to be replaced.
    """
    changes, placed = dict[tuple[int, int], str](), dict[str, int]()
    unplaced, failed, kept, invalid = list[str](), list[str](), list[str](), list[str]()
    for result in results:
        student = result.student
        if result.status == Status.FAILED:
            failed.append(student)
            continue
        row = matches.rows.get(student)
        if row is None:
            why = matches.doubtful.get(student)
            unplaced.append(f"{student} ({plain_text(why, 200)})" if why else student)
            continue
        invalid += [student] if result.status == Status.INVALID else []
        score, there = column.style.written(result.score), file.value(row, column.place).strip()
        is_same = _is_same(there, score)
        if not is_same and (there in column.fixed or (there not in _NO_SCORE and not replace)):
            kept.append(f"{student} ({plain_text(there, 20)}, here {score})")
            continue
        placed[student] = row
        if not is_same:
            changes[row, column.place] = score
    waiting = [one.student for one in results if one.student in placed and _needs_person(one)]
    with_result = {result.student for result in results}
    without = sorted(student for student in matches.rows if student not in with_result)
    return Filled(
        changes=changes,
        placed=placed,
        new=len(changes),
        strangers=matches.strangers,
        problems=[
            *_sentence("Not found in the file, so that nothing was written", unplaced),
            *_sentence("Without a score, since grading itself failed; grade again", failed),
            *_sentence("Something else stands there and was kept; --replace replaces scores", kept),
        ],
        notes=[
            *_sentence("0 points, since nothing could be graded", invalid),
            *_sentence("A person is still needed; `autograder adjust --list` says for what", waiting),
            *_sentence("In the file, without a result", without),
            *_sentence("In the file, and known to nobody here", [plain_text(one, 80) for one in matches.strangers]),
        ],
    )


def _needs_person(result: Result) -> bool:
    return any(one.needs_person or one.look_again for one in question_scores(result).values())


def _is_same(there: str, score: str) -> bool:
    old, new = number_of(there), number_of(score)
    return old is not None and new is not None and abs(old - new) < _SAME


def _sentence(what: str, who: Sequence[str]) -> Iterator[str]:
    if who:
        yield f"{what} ({len(who)}): {', '.join(who)}"
