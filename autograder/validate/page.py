"""Render what was found out about an assignment as one self-contained HTML page with pictures."""

import json
import math
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2

from autograder.validate.findings import Validation
from autograder.validate.kill_table import Row
from autograder.validate.spread import CONFIDENCE, Spread

__all__ = ["as_document", "validation_page"]

_BINS = 30
_LONGEST_NAME = 110


def validation_page(found: Validation, made_at: datetime) -> str:
    """Return the page."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["short"] = lambda text: text if len(text) <= _LONGEST_NAME else f"{text[: _LONGEST_NAME - 1]}…"
    template = environment.from_string(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    return template.render(
        found=found,
        table=found.table,
        groups=_groups(found),
        names=[check.partition("::")[2].removeprefix("test_") for check in found.table.checks],
        histograms=[_histogram(spread) for spread in found.spreads],
        confidence=CONFIDENCE,
        made_at=made_at.strftime("%Y-%m-%d %H:%M"),
    )


def _groups(found: Validation) -> list[tuple[str, list[Row]]]:
    """Return the rows as they are shown: by kind, and within it by question in the notebook's order."""
    order = {check.question: index for index, check in reversed(list(enumerate(found.checks)))}
    titles = {"right": "Right answers", "wrong": "Wrong answers, written by hand", "mutant": "Mutants of the solution"}
    return [
        (title, sorted(found.table.of_kind(kind), key=lambda row: min(order.get(q, 0) for q in row.questions)))
        for kind, title in titles.items()
    ]


def _histogram(spread: Spread) -> dict[str, Any]:
    """Return what the picture of one spread needs: bars and places, in parts of its width and height."""
    low, high = min(*spread.values, spread.at_least), max(*spread.values, spread.at_least)
    margin = 0.06 * (high - low) or 0.01
    low, high = low - margin, high + margin
    width = (high - low) / _BINS
    counts = [0] * _BINS
    for value in spread.values:
        counts[min(_BINS - 1, int((value - low) / width))] += 1
    most = max(counts)
    return {
        "spread": spread,
        "bars": [(index / _BINS, 1 / _BINS, count / most) for index, count in enumerate(counts) if count],
        "threshold": (spread.at_least - low) / (high - low),
        "mean": (spread.mean - low) / (high - low),
        "low": low,
        "high": high,
        "distance": f"{spread.distance:.1f}" if math.isfinite(spread.distance) else "∞",
    }


def as_document(found: Validation) -> str:
    """Return what was found as JSON, to be kept and compared."""
    table = found.table
    document = {
        "assignment": found.assignment.name,
        "points": found.assignment.points,
        "extent": asdict(found.extent),
        "left_out": list(found.left_out),
        "findings": found.findings,
        "solution": {"score": found.solution.score, "seconds": found.solution.seconds},
        "blank": {"score": found.blank.score},
        "in_notebook": found.passed_in_notebook,
        "answers": [
            {
                "kind": row.kind,
                "name": row.name,
                "questions": row.questions,
                "caught_by": [
                    check
                    for check, caught in zip(table.checks, row.caught, strict=True)
                    if caught in {"yes", "in part"}
                ],
                **({"harmless": row.harmless} if row.harmless else {}),
            }
            for row in table.rows
        ],
        "kill_rate": round(table.kill_rate, 4),
        "spreads": [
            {
                **asdict(spread),
                "n": len(spread.values),
                "least": min(spread.values),
                "mean": round(spread.mean, 5),
                "standard_deviation": round(spread.deviation, 5),
                "distance": round(spread.distance, 2) if math.isfinite(spread.distance) else None,
                "false_fail_rate_at_most": round(spread.bound, 5),
                "confidence": CONFIDENCE,
            }
            for spread in found.spreads
        ],
        "false_fails": [
            {**asdict(one), "false_fail_rate_at_most": round(one.bound, 6), "confidence": CONFIDENCE}
            for one in found.false_fails
        ],
        "costs": [asdict(cost) for cost in found.costs],
        "independent": dict(found.independent),
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"
