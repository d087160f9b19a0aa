"""Judge right answers for thousands of students by every cheap check, and the solution's training for hundreds.

    python docs/measure/many_students.py --report docs/validation/many_students.md
        [--students 10000] [--others 200] [--seeds 500] [--only mlp …]

It is the part of `autograder validate` that asks whether chance ever takes points from a right answer, alone: the
solution for so many students, every other known right answer for fewer, since what an ID draws is the same for all.
What an assignment gave is kept beside the report, as JSON, and goes into the report again: assignments can be done one
by one. Hours; it can be interrupted: the report is written as it goes, graded seeds are kept, and students who were
judged by the same checks of the same notebook are not judged again.
"""

import argparse
import json
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from autograder.atomic_files import write_atomically
from autograder.authoring.assignment import build_trees
from autograder.checks.catalogue import collect_checks
from autograder.checks.secret import read_secret
from autograder.course import Course, load_course
from autograder.datasets import prepare_data
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.local import LocalEngine
from autograder.notebooks import Tag
from autograder.own_notebooks import solution_cells, tags_of
from autograder.results import CheckStatus
from autograder.validate.answers import read_answers
from autograder.validate.candidates import candidates_of
from autograder.validate.many_students import losses, series_of_students
from autograder.validate.series_process import Series, SeriesConfig, SeriesProcess
from autograder.validate.spread import failure_bound, spreads
from autograder.validate.trials import Trial, Trials

ROOT = Path(__file__).parents[2]
AT_A_TIME = 4
"""Series, of a hundred students each, that are judged before the report is written again."""


def cheap_checks(
    course: Course, name: str, students: int, others: int, before: Mapping[str, Any]
) -> Iterator[dict[str, object]]:
    """Yield, as it grows, how many right answers were judged for how many students, and where one lost.

    `before` is what was yielded last, of an earlier run.
    """
    assignment = course.assignment(name)
    release, solutions = build_trees(course, assignment)
    checks = list(collect_checks(course.checks_folder(name)))
    solution = solution_cells(json.loads(solutions.files[Path(f"{name}.ipynb")]))
    source = json.loads(course.source_notebook(name).read_text())
    places = [number for number, cell in enumerate(source["cells"]) if Tag.STUDENT_ID in tags_of(cell)]
    personal = frozenset(solution_cells({"cells": source["cells"][places[0] :]})) if places else frozenset()
    candidates = candidates_of(solution, read_answers(course.checks_folder(name), solution), frozenset())
    config = SeriesConfig(
        course=course,
        assignment=name,
        release=json.loads(release.files[Path(f"{name}.ipynb")]),
        isolated=True,
        workers=len(os.sched_getaffinity(0)),
    )
    right = [one for one in candidates if one.must_pass]
    series = [
        (candidate.name, one)
        for candidate, number in ((candidate, others if known else students) for known, candidate in enumerate(right))
        for one in series_of_students([candidate], checks, personal, number)
    ]
    judged_by = _digest(name)
    known = before if before.get("judged_by") == judged_by else {}
    done: set[str] = set(known.get("done", ()))
    checks_tried: dict[str, list[int]] = dict(known.get("checks", {}))
    sentences: list[str] = list(known.get("losses", ()))
    spent, began = float(known.get("seconds", 0)), time.monotonic()
    waiting = [one for _, one in series if _key(one) not in done]
    with SeriesProcess(config) as process:
        for start in range(0, len(waiting), AT_A_TIME):
            some = waiting[start : start + AT_A_TIME]
            judged = process.run(some)
            done |= {_key(one) for one in some}
            for found in (one for several in judged.values() for one in several):
                tried, failed = checks_tried.get(found.check, (0, 0))
                checks_tried[found.check] = [tried + 1, failed + (found.status != CheckStatus.PASSED)]
            sentences += losses(candidates, judged)
            print(f"{name}: {len(done)} of {len(series)} series", flush=True)
            finished = [(answer, one) for answer, one in series if _key(one) in done]
            yield {
                "students": len({who for answer, one in finished if answer == right[0].name for who in one.students}),
                "others": others,
                "right_answers": len({answer for answer, _ in finished}),
                "seconds": round(spent + time.monotonic() - began),
                "checks": checks_tried,
                "losses": sentences,
                "judged_by": judged_by,
                "done": sorted(done),
            }


def _key(series: Series) -> str:
    return f"{series.id}: {len(series.students)}"


def _digest(name: str) -> str:
    """Return what git calls the state of an assignment's checks and of its notebook."""
    said = subprocess.run(
        ["git", "rev-parse", f"HEAD:tests/{name}", f"HEAD:source/{name}"],  # noqa: S607 - wherever git is
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    return " ".join(said.stdout.split())


def training_checks(course: Course, name: str, seeds: int) -> list[dict[str, object]]:
    """Return what each training check measured on the solution, with the hidden inputs of so many students."""
    assignment = course.assignment(name)
    release, solutions = build_trees(course, assignment)
    solution = solution_cells(json.loads(solutions.files[Path(f"{name}.ipynb")]))
    slow = frozenset(c.question for c in collect_checks(course.checks_folder(name)) if c.deadline is not None)
    trials = Trials(
        course=course,
        assignment=assignment,
        release=json.loads(release.files[Path(f"{name}.ipynb")]),
        fingerprints=Fingerprints(course, assignment, read_secret(course), "auto"),
        device="cpu",
        engine=LocalEngine(),
        kept=course.root / "results" / "validation" / "trials",
    )
    repetitions = [Trial(id=f"seed-{number:03}", cells=solution, questions=slow) for number in range(seeds)]
    results = trials.run(
        repetitions,
        lambda done, whole: print(f"{name}: {done} of {whole} seeds", flush=True) if done % 10 == 0 else None,
    )
    return [
        {
            "check": one.check,
            "of": one.of,
            "at_least": one.at_least,
            "seeds": len(one.values),
            "failures": one.failures,
            "least": min(one.values),
            "mean": one.mean,
            "deviation": one.deviation,
        }
        for one in spreads(results.values())
    ]


def report(found: Mapping[str, Mapping[str, object]]) -> str:
    """Return the two tables as Markdown."""
    lines = [
        "# Right answers, thousands of students",
        "",
        "Made by `python docs/measure/many_students.py --report docs/validation/many_students.md`; on how, see there.",
        "The bound is one-sided Clopper-Pearson, 95 % confidence, of the check that was tried least or lost most.",
        "Students: with whose hidden inputs the solution was judged.",
        "",
        "| assignment | students | other right answers | of each | checks | verdicts | lost | rate at most | min |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, both in found.items():
        cheap = both.get("cheap")
        if isinstance(cheap, dict):
            checks = cheap["checks"].values()
            bound = max(failure_bound(lost, tried) for tried, lost in checks)
            lines.append(
                f"| {name} | {cheap['students']:,} | {cheap['right_answers'] - 1} | {cheap['others']:,} | "
                f"{len(checks)} | {sum(tried for tried, _ in checks):,} | {sum(lost for _, lost in checks)} | "
                f"{bound:.3%} | {cheap['seconds'] / 60:.0f} |"
            )
            lines += [f"\n- {sentence}" for sentence in cheap["losses"]]
    lines += [
        "",
        "The solution's training, each time with another student's hidden inputs and seed:",
        "",
        "| check | measured | students | lost | rate at most | least seen | mean | deviation | full points from |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for both in found.values():
        training = both.get("training", ())
        assert isinstance(training, list | tuple)
        for one in training:
            lines.append(
                f"| {one['check']} | {one['of']} | {one['seeds']} | {one['failures']} | "
                f"{failure_bound(one['failures'], one['seeds']):.2%} | {one['least']:.4g} | {one['mean']:.4g} | "
                f"{one['deviation']:.2g} | {one['at_least']:.4g} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Judge what is asked for, and write the report with what is known by now."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--report", type=Path, required=True)
    parser.add_argument("--students", type=int, default=10_000)
    parser.add_argument("--others", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=500)
    parser.add_argument("--only", nargs="+")
    options = parser.parse_args()
    course = load_course(ROOT)
    prepare_data(course)
    kept = options.report.with_suffix(".json")
    found = json.loads(kept.read_text()) if kept.exists() else {}
    names = [assignment.name for assignment in course.assignments]
    for name in options.only or names:
        parts = found.setdefault(name, {})
        if options.students:
            for judged in cheap_checks(course, name, options.students, options.others, parts.get("cheap", {})):
                parts["cheap"] = judged
                _write(options.report, {one: found[one] for one in names if one in found})
        if options.seeds:
            parts["training"] = training_checks(course, name, options.seeds)
            _write(options.report, {one: found[one] for one in names if one in found})


def _write(path: Path, found: Mapping[str, Mapping[str, object]]) -> None:
    write_atomically(path.with_suffix(".json"), (json.dumps(found, indent=1) + "\n").encode())
    write_atomically(path, report(found).encode())


if __name__ == "__main__":
    main()
