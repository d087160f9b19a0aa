"""Judge right answers for thousands of students by every cheap check, and the solution's training for hundreds.

    python docs/measure/many_students.py --report docs/validation/many_students.md
        [--students 10000] [--others 200] [--seeds 500] [--only mlp …]

It is the part of `autograder validate` that asks whether chance ever takes points from a right answer, alone: the
solution for so many students, every other known right answer for fewer, since what an ID draws is the same for all.
What an assignment gave is kept beside the report, as JSON, and goes into the report again: assignments can be done one
by one. Hours; the report is written as it goes, and graded seeds are kept, so that it can be interrupted.
"""

import argparse
import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

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
from autograder.validate.series_process import SeriesConfig, SeriesProcess
from autograder.validate.spread import failure_bound, spreads
from autograder.validate.trials import Trial, Trials

ROOT = Path(__file__).parents[2]
AT_A_TIME = 4
"""Series, of a hundred students each, that are judged before the report is written again."""


def cheap_checks(course: Course, name: str, students: int, others: int) -> Iterator[dict[str, object]]:
    """Yield, as it grows, how many right answers were judged for how many students, and where one lost."""
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
    tried: dict[str, int] = {}
    failed: dict[str, int] = {}
    answers: set[str] = set()
    of_the_solution: set[str] = set()
    sentences: list[str] = []
    began = time.monotonic()
    with SeriesProcess(config) as process:
        for start in range(0, len(series), AT_A_TIME):
            some = series[start : start + AT_A_TIME]
            judged = process.run([one for _, one in some])
            answers |= {answer for answer, _ in some}
            of_the_solution |= {student for answer, one in some if answer == right[0].name for student in one.students}
            for found in (one for several in judged.values() for one in several):
                tried[found.check] = tried.get(found.check, 0) + 1
                failed[found.check] = failed.get(found.check, 0) + (found.status != CheckStatus.PASSED)
            sentences += losses(candidates, judged)
            print(f"{name}: {min(start + AT_A_TIME, len(series))} of {len(series)} series", flush=True)
            yield {
                "students": len(of_the_solution),
                "others": others,
                "right_answers": len(answers),
                "seconds": round(time.monotonic() - began),
                "checks": {check: [tried[check], failed[check]] for check in tried},
                "losses": sentences,
            }


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
        for part, number, parts in (
            ("cheap", options.students, lambda name: cheap_checks(course, name, options.students, options.others)),
            ("training", options.seeds, lambda name: [training_checks(course, name, options.seeds)]),
        ):
            for judged in parts(name) if number else ():
                found.setdefault(name, {})[part] = judged
                found = {one: found[one] for one in names if one in found}
                write_atomically(kept, (json.dumps(found, indent=1) + "\n").encode())
                write_atomically(options.report, report(found).encode())


if __name__ == "__main__":
    main()
