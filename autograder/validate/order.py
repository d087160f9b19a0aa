"""Judge an answer by its checks in other orders: each must say alone, or after others, what it says in the batch."""

import random
from collections.abc import Iterator, Mapping, Sequence

from autograder.validate.candidates import Candidate
from autograder.validate.many_students import student_id
from autograder.validate.series_process import Judged, Series

__all__ = ["differences_of_order", "in_the_batch", "independent_checks", "series_of_orders"]

_BATCH = "in the batch's order"
_REVERSED = "in the reverse order"
_SHUFFLED = "in a random order"
_ALONE = "alone"


def series_of_orders(candidate: Candidate, checks: Sequence[str], *, thorough: bool) -> list[Series]:
    """Return the orders to judge it in, each with a notebook of its own; without `thorough` the two ends alone."""
    orders = {_BATCH: checks, _REVERSED: checks[::-1]}
    if thorough:
        shuffled = random.Random(candidate.name).sample(checks, len(checks))  # noqa: S311 - an order is no secret
        orders |= {_SHUFFLED: shuffled, **{f"{_ALONE}: {check}": [check] for check in checks}}
    return [
        Series(id=f"{candidate.name}, {name}", cells=candidate.cells, students=(student_id(0),), checks=tuple(order))
        for name, order in orders.items()
        if name == _BATCH or tuple(order) != tuple(checks)
    ]


def in_the_batch(candidate: Candidate, judged: Mapping[str, Sequence[Judged]]) -> Mapping[str, Judged]:
    """Return what was judged in the batch's order, by check."""
    return {one.check: one for one in judged.get(f"{candidate.name}, {_BATCH}", ())}


def differences_of_order(candidates: Sequence[Candidate], judged: Mapping[str, Sequence[Judged]]) -> Iterator[str]:
    """Yield a sentence for each check of each answer that the order has a say in; the first order that shows it."""
    for candidate in candidates:
        batch, told = in_the_batch(candidate, judged), set()
        for name, series in judged.items():
            if not name.startswith(f"{candidate.name}, "):
                continue
            order = name.removeprefix(f"{candidate.name}, ").partition(":")[0]
            for one in series:
                if one.verdict != batch[one.check].verdict and one.check not in told:
                    told.add(one.check)
                    yield (
                        f"{one.check} depends on the checks before it: of {candidate.name} it says "
                        f"{_said(batch[one.check])} {_BATCH}, and {order} {_said(one)}"
                    )


def independent_checks(candidates: Sequence[Candidate], judged: Mapping[str, Sequence[Judged]]) -> frozenset[str]:
    """Return the checks that were judged alone; none where one depends on others, which may be any of them."""
    if any(differences_of_order(candidates, judged)):
        return frozenset()
    return frozenset(series[0].check for name, series in judged.items() if f", {_ALONE}: " in name)


def _said(one: Judged) -> str:
    return f"`{one.status}`" + (f" ({one.message})" if one.message else "")
