"""Find the pairs of works that share what few others have.

What two works have in common is weighed by how rare it is, as a search engine weighs words: answers that follow from
the assignment's few right ways are everybody's, and say nothing of two who both have them.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from autograder.similar.works import Work

__all__ = ["LEAST", "Comparison", "Pair", "compare"]

LEAST = 10.0
"""Rare places that a pair has at least: a line or two that nobody else wrote."""

_KNOWN_SHARE = 0.25
"""The part of the class that a known right answer is taken to be that of, beside those who have it."""
_NOTHING = 0.1
"""Weights below count as 0, so that two long notebooks of what everybody writes do not add up to a rare line."""
_AT_A_TIME = 4_096


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two works, and what they have in common; a place is a run of tokens, which begins at one of them."""

    first: Work
    second: Work
    rare: float
    """Places in both, each by its weight: 1 where nobody else has it, 0 where all have."""
    shared: int
    """Places in both, each as 1."""
    places: tuple[int, int]
    """In each of the two, without what was given."""

    @property
    def share(self) -> float:
        """Return how much of the shorter work is in both."""
        return self.shared / max(min(self.places), 1)

    @property
    def rare_share(self) -> float:
        """Return how much of the shorter work is in both and rare."""
        return self.rare / max(min(self.places), 1)


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What comparing a class found."""

    pairs: Sequence[Pair]
    """Those worth a look, the one first that shares most of what is rare."""
    weights: Mapping[int, float]
    """Of each run that two people have, in [0, 1]."""
    people: int
    """Who are compared; a group that handed in together is one."""


def compare(
    works: Sequence[Work], *, here: Path, given: Collection[int], known: Collection[int], least: float = LEAST
) -> Comparison:
    """Return the pairs of works that share at least so much of what is rare, with one of the folder `here` in each.

    `given` are the runs of what everybody was given, which count for nothing; `known` those of known right answers,
    which count as if many had written them. Works that have a student in common are no pair.
    """
    authors = _authors(works)
    people = len(set(authors))
    own = [frozenset(run for part in work.parts for run in part.runs).difference(given) for work in works]
    holders: dict[int, list[int]] = defaultdict(list)
    for number, runs in enumerate(own):
        for run in runs:
            holders[run].append(number)
    weights: dict[int, float] = {}
    for run, numbers in holders.items():
        count = len({authors[number] for number in numbers})
        if count > 1:
            weights[run] = _weight(count - 2 + (_KNOWN_SHARE * people if run in known else 0), people - 2)
    rare, shared = _in_common(holders, weights, len(works))
    pairs = [
        Pair(
            first=works[a],
            second=works[b],
            rare=round(float(rare[a, b]), 3),
            shared=round(float(shared[a, b])),
            places=(len(own[a]), len(own[b])),
        )
        for a, b in np.argwhere(np.triu(rare, 1) >= least).tolist()
        if authors[a] != authors[b] and here in {works[a].folder, works[b].folder}
    ]
    pairs.sort(key=lambda pair: (-pair.rare, pair.first.students, pair.second.students))
    return Comparison(pairs=pairs, weights=weights, people=people)


def _weight(others: float, all_others: int) -> float:
    """Return what a run that two share is worth when so many of all others have it too.

    It is squared, as in the cosine of tf-idf: otherwise a long answer of a fifth of the class outweighs a rare line.
    """
    if others <= 0:
        return 1.0
    weight = max(1 - math.log1p(others) / math.log1p(max(all_others, 1)), 0.0) ** 2
    return weight if weight >= _NOTHING else 0.0


def _in_common(
    holders: Mapping[int, Sequence[int]], weights: Mapping[int, float], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each two works the sum of the weights of the runs in both, and their number."""
    rare, shared = np.zeros((count, count)), np.zeros((count, count))
    waiting = iter(weights.items())
    while some := list(islice(waiting, _AT_A_TIME)):
        has = np.zeros((count, len(some)), dtype=np.float32)
        for column, (run, _) in enumerate(some):
            has[holders[run], column] = 1
        worth = np.array([weight for _, weight in some], dtype=np.float32)
        rare += (has * worth) @ has.T
        shared += has @ has.T
    return rare, shared


def _authors(works: Sequence[Work]) -> list[int]:
    """Return a number for each work, the same for works that have a student in common, directly or by others."""
    leader = list(range(len(works)))
    first: dict[str, int] = {}
    for number, work in enumerate(works):
        for student in work.students:
            met = first.setdefault(student, number)
            leader[_root(leader, number)] = _root(leader, met)
    return [_root(leader, number) for number in range(len(works))]


def _root(leader: Sequence[int], number: int) -> int:
    return number if leader[number] == number else _root(leader, leader[number])
