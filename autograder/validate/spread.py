"""Work out from many seeds how safe a training check is for a right answer."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from autograder.results import CheckStatus, Measurement, Result

__all__ = ["CONFIDENCE", "Spread", "failure_bound", "spreads"]

CONFIDENCE = 0.95


@dataclass(frozen=True, kw_only=True)
class Spread:
    """What one training check measured on the solution, over seeds."""

    check: str
    of: str
    at_least: float
    values: tuple[float, ...]
    failures: int
    """Seeds for which the check did not give its full points."""
    seconds: float
    """Median of the check's wall-clock seconds."""

    @property
    def mean(self) -> float:
        """Return the mean of the values."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        """Return the standard deviation of the values; 0 where there is one only."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    @property
    def distance(self) -> float:
        """Return how many standard deviations the threshold lies below the mean."""
        gap = self.mean - self.at_least
        return gap / self.deviation if self.deviation else math.copysign(math.inf, gap)

    @property
    def bound(self) -> float:
        """Return the rate of false failures that is not exceeded, at the confidence of this module."""
        return failure_bound(self.failures, len(self.values))


def failure_bound(failures: int, trials: int) -> float:
    """Return the upper end of the one-sided Clopper-Pearson interval for a rate: about 3/n where nothing failed.

    Source: Clopper and Pearson, Biometrika 26 (1934).
    """
    if failures >= trials:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        at_most = math.fsum(_probability(k, trials, rate) for k in range(failures + 1))
        low, high = (rate, high) if at_most > 1 - CONFIDENCE else (low, rate)
    return high


def _probability(k: int, trials: int, rate: float) -> float:
    """Return the binomial distribution at k, by logarithms: the factors of thousands of trials are no floats."""
    ways = math.lgamma(trials + 1) - math.lgamma(k + 1) - math.lgamma(trials - k + 1)
    return math.exp(ways + k * math.log(rate) + (trials - k) * math.log1p(-rate))


def spreads(results: Iterable[Result]) -> list[Spread]:
    """Return the spread of each measurement, in the order of the checks; the results are the solution's, one a seed."""
    found: dict[tuple[str, str], list[tuple[Measurement, bool, float]]] = {}
    for result in results:
        for record in result.checks:
            for measurement in record.measured:
                passed = record.status == CheckStatus.PASSED
                found.setdefault((record.id, measurement.of), []).append((measurement, passed, record.seconds))
    return [_spread(check, of, runs) for (check, of), runs in found.items()]


def _spread(check: str, of: str, runs: Sequence[tuple[Measurement, bool, float]]) -> Spread:
    return Spread(
        check=check,
        of=of,
        at_least=runs[0][0].at_least,
        values=tuple(measurement.value for measurement, _, _ in runs),
        failures=sum(not passed for _, passed, _ in runs),
        seconds=statistics.median(seconds for _, _, seconds in runs),
    )
