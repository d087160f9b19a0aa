"""Be the process that judges answers in series: cheap checks again and again, in one pytest session.

Started as `python -I -m autograder.validate.series FD` with a connection to whoever hands out the series. What checks
need is loaded once; workers are forked from here, and each runs an answer's notebook once for as many checks and
students as a series has. A grade is never made here: a station gives every submission a checks process of its own.
"""

import contextlib
import gc
import json
import multiprocessing
import os
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace

import pytest
from _pytest.runner import runtestprotocol

import autograder.checks.handles
import autograder.checks.verdict  # noqa: F401 - these are loaded here once, not in every fork
from autograder.answer_files import fill_in_files
from autograder.checks.context import CheckContext, open_check_context
from autograder.checks.marks import check_id, is_check, question_of, read_marks
from autograder.checks.plugin import CHECK_CONTEXTS
from autograder.checks.preparation import Preparation
from autograder.checks.session import with_collected_checks
from autograder.errors import AutograderError, GraderError
from autograder.own_notebooks import fill_in
from autograder.results import CheckRecord
from autograder.sandbox.outside.process import Sandbox
from autograder.sandbox.outside.zygote_process import SandboxError, ZygoteProcess
from autograder.sandbox.shared.calling_process import die_with_parent
from autograder.sandbox.shared.libraries import load_libraries
from autograder.validate.series_process import Judged, Series, SeriesConfig, SeriesDone, SeriesReady

__all__ = ["main"]

_FORK = multiprocessing.get_context("fork")
_NO_END_SECONDS = 10_000_000.0
"""Of a submission's budget, which is meant for one student's checks; each check keeps its own time."""
_VALUES = (bool, int, float, str, list, tuple)


@dataclass(frozen=True, kw_only=True)
class _Judge:
    """What a worker has at hand; there is one in each."""

    config: SeriesConfig
    preparation: Preparation
    session: pytest.Session
    sandbox: Sandbox

    def judged(self, series: Series) -> Sequence[Judged]:
        """Return what the checks say, student by student."""
        by_id = {check_id(item): item for item in self.session.items}
        items = [by_id[check] for check in series.checks]
        found: list[Judged] = []
        for context in self._contexts(series):
            records = _run(self.session, context, items)
            found += [_judged(context.student_id, record) for record in records]
        return found

    def _contexts(self, series: Series) -> Iterator[CheckContext]:
        """Yield a context for each student, on one run of the notebook, or on a new one each where it must be."""
        with tempfile.TemporaryDirectory(prefix="autograder-validate-") as folder:
            notebook = Path(folder) / f"{self.config.assignment}.ipynb"
            notebook.write_text(json.dumps(fill_in(self.config.release, series.cells)), encoding="utf-8")
            release = self.preparation.course.release_notebook(self.config.assignment).parent
            files = fill_in_files(release, self.preparation.assignment.files, series.cells)
            for name, text in files.items():
                (notebook.parent / name).write_text(text, encoding="utf-8")
            of_all: CheckContext | None = None
            for student in series.students:
                if of_all is None or series.anew:
                    context = of_all = open_check_context(self.preparation, notebook, student, sandbox=self.sandbox)
                else:
                    context = CheckContext(preparation=self.preparation, student_id=student, run=of_all.run)
                    context.reference = of_all.reference
                try:
                    yield context
                finally:
                    if series.anew or student == series.students[-1]:
                        context.run.close()


def _run(session: pytest.Session, context: CheckContext, items: Sequence[pytest.Item]) -> Sequence[CheckRecord]:
    """Run the checks in this order, without pytest's reports, which it keeps for ever."""
    session.config.stash[CHECK_CONTEXTS] = {context.preparation.assignment.name: context}
    for item, next_item in zip(items, [*items[1:], None], strict=True):
        runtestprotocol(item, log=False, nextitem=next_item)
    if context.grader_errors:
        raise GraderError(context.grader_errors[0])
    return context.records


def _judged(student: str, record: CheckRecord) -> Judged:
    return Judged(student=student, check=record.id, status=record.status, score=record.score, message=record.message)


_judges: list[_Judge] = []
"""The one of this worker."""


def _begin(judge: _Judge) -> None:
    """Go on as a worker in the forked child."""
    die_with_parent()
    _judges.append(judge)


def _work(series: Series) -> SeriesDone:
    return SeriesDone(id=series.id, judged=_judges[0].judged(series))


def _serve(config: SeriesConfig, line: Connection) -> None:
    """Judge what is sent on the line until it closes; send an error where nothing goes at all."""
    assignment = config.course.assignment(config.assignment)
    budget = replace(assignment.budget, total_seconds=_NO_END_SECONDS)
    preparation = Preparation(config.course, replace(assignment, budget=budget))
    try:
        with contextlib.ExitStack() as stack:
            sandbox_config = preparation.sandbox_config(isolated=config.isolated)
            zygote = stack.enter_context(ZygoteProcess(sandbox_config))
            load_libraries(preparation.libraries)

            def work(session: pytest.Session) -> None:
                os.chdir(stack.enter_context(preparation.working_folder()))  # workers inherit it
                fixtures = {name for item in session.items if _is_cheap(item) for name in _fixtures(item)}
                preparation.warm_up(frozenset({"reference", *fixtures}))
                gc.collect()
                gc.freeze()
                zygote.wait_until_ready()
                line.send(SeriesReady(values=_values(preparation.reference("reference"), session)))
                judge = _Judge(config=config, preparation=preparation, session=session, sandbox=zygote.sandbox())
                _hand_out(judge, line)

            with_collected_checks(config.course, config.assignment, work)
    except (AutograderError, SandboxError, BrokenProcessPool) as error:
        line.send(error if isinstance(error, AutograderError) else GraderError(str(error)))


def _is_cheap(item: pytest.Item) -> bool:
    return is_check(item) and read_marks(item).deadline is None


def _fixtures(item: pytest.Item) -> Sequence[str]:
    return getattr(item, "fixturenames", ())


def _values(reference: SimpleNamespace, session: pytest.Session) -> dict[str, str]:
    """Return the type's name of each question's solution that is a plain value."""
    solved = {
        question: getattr(reference, question, None) for question in map(question_of, filter(is_check, session.items))
    }
    return {question: type(value).__name__ for question, value in solved.items() if type(value) in _VALUES}


def _hand_out(judge: _Judge, line: Connection) -> None:
    """Have forked workers judge every series."""
    with ProcessPoolExecutor(judge.config.workers, _FORK, initializer=_begin, initargs=(judge,)) as pool:
        while True:
            try:
                wanted = line.recv()
            except (EOFError, ConnectionResetError):
                return  # nobody wants any more
            for done in as_completed([pool.submit(_work, series) for series in wanted]):
                line.send(done.result())


def main() -> None:
    """Serve on the connection whose descriptor is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for `validate` to see to
    die_with_parent()
    line = Connection(int(sys.argv[1]))
    os.set_inheritable(line.fileno(), False)
    sys.argv[1:] = []
    config = line.recv()
    assert isinstance(config, SeriesConfig), "it is the first that is sent"
    with contextlib.suppress(BrokenPipeError):  # whoever asked has gone
        _serve(config, line)
    os._exit(0)  # without the libraries' own farewells


if __name__ == "__main__":
    main()
