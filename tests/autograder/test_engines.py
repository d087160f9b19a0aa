"""What every engine promises, tried on each: the same results as undisturbed, whatever dies on the way."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Self

import pytest
from tiny_course import RIGHT, numpy_answers, submit, undisturbed

from autograder.course import load_course
from autograder.grading.batch import BatchRequest, Plan, plan_batch, run_batch
from autograder.grading.fingerprint import Fingerprints
from autograder.grading.job import Engine, Event, Finished, Started
from autograder.grading.local import LocalEngine
from autograder.grading.ray.engine import RayEngine
from autograder.grading.submissions import find_submissions
from autograder.results import Result, Status, read_results

SECRET = "c0ffee1234567890ab5e5e5e5e5e5e5e"
SLOW = "import time\ntime.sleep(1)\n" + RIGHT
SUBMISSIONS = {
    **{f"slow{n}": numpy_answers(SLOW) for n in range(6)},
    "wrong": numpy_answers("def double(x): return x", "answer = 43"),
    "ends-itself": numpy_answers("def double(x):\n    import os; os._exit(0)"),
}


@pytest.fixture(scope="module")
def course(built_numpy_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built course with a class of its own, some of whom handed in what is no notebook."""
    folder = tmp_path_factory.mktemp("class")
    for student, cells in SUBMISSIONS.items():
        submit(folder, student, *cells)
    submit(folder, "no-notebook", content=b"%PDF-1.4")
    submit(folder, "missing").unlink()
    submit(folder, "huge", content=b" " * (33 * 2**20))
    elsewhere = submit(folder, "linked", *numpy_answers(RIGHT)).parent
    elsewhere.rename(folder / "elsewhere")
    elsewhere.symlink_to(folder / "elsewhere")
    (built_numpy_course / "class").symlink_to(folder / "submitted")
    yield built_numpy_course
    (built_numpy_course / "class").unlink()


@pytest.fixture(scope="module")
def cluster() -> Iterator["Cluster"]:
    """A Ray cluster of one node on this machine."""
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(params=["local", "ray"])
def make_engine(request: pytest.FixtureRequest) -> Callable[[], Engine]:
    """Return what makes an engine of two workers."""
    if request.param == "local":
        return lambda: LocalEngine(workers=2)
    cluster = request.getfixturevalue("cluster")
    return lambda: RayEngine(address=cluster.address, workers=2)


class Cluster:
    """Ray, started as an operator starts it."""

    def __enter__(self) -> Self:
        from ray.cluster_utils import Cluster as RayCluster

        self._cluster = RayCluster()
        self._start_node(include_dashboard=False, no_monitor=True, include_log_monitor=False)  # what no test needs
        self.address = self._cluster.address
        return self

    def add_node(self) -> object:
        return self._start_node()

    def _start_node(self, **options: object) -> object:
        """Start a node; Ray's own limit of 15 seconds is too short where a machine is busy (its issue 65983)."""
        for _ in range(4):
            before = processes().keys()
            try:
                return self._cluster.add_node(num_cpus=2, **options)
            except Exception as failed:  # noqa: BLE001 - Ray raises nothing more special
                error = failed
            for left in processes().keys() - before:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
        raise error

    def kill_node(self, node: object) -> None:
        self._cluster.remove_node(node, allow_graceful=False)

    def kill_head(self) -> None:
        self._cluster.head_node.kill_gcs_server(check_alive=False)

    def __exit__(self, *_: object) -> None:
        self._cluster.shutdown()


def plan(course: Path, results: Path, students: tuple[str, ...] = (), submitted: Path | None = None) -> Plan:
    loaded = load_course(course)
    return plan_batch(
        BatchRequest(
            course=loaded,
            assignment=loaded.assignment("tiny"),
            submissions=find_submissions(submitted or course / "class", "tiny", students),
            results=results,
            fingerprints=Fingerprints(loaded, loaded.assignment("tiny"), SECRET, "auto"),
            device="cpu",
        )
    )


def grade(
    course: Path,
    results: Path,
    engine: Engine,
    students: tuple[str, ...] = (),
    watch: Callable[[Event], None] = lambda _: None,
) -> dict[str, Result]:
    run_batch(plan(course, results, students), engine, watch)
    return {result.student: undisturbed(result) for result in read_results(results, "tiny")}


@pytest.fixture(scope="module")
def expected(course: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """The results of a batch that nothing disturbs."""
    return grade(course, tmp_path_factory.mktemp("expected"), LocalEngine(workers=2))


def processes() -> dict[int, tuple[int, str]]:
    """Return the processes that this one has started, or those have, with their parents and commands."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace")
                stat = (entry / "stat").read_text()
            except OSError:
                continue
            found[int(entry.name)] = (int(stat.rpartition(")")[2].split()[1]), command)
    ours = {os.getpid()}
    while more := {pid for pid, (parent, _) in found.items() if parent in ours} - ours:
        ours |= more
    return {pid: found[pid] for pid in ours}


def workers() -> list[int]:
    """Return the processes T that are at work: forked from a station."""
    return [worker for worker, _ in _at_work(processes())]


def stations() -> list[int]:
    """Return the stations themselves, once they are at work."""
    return [station for _, station in _at_work(processes())]


def zygotes() -> list[int]:
    """Return the zygotes of stations that are at work."""
    found = processes()
    at_work = {station for _, station in _at_work(found)}
    return [pid for pid, (parent, command) in found.items() if "sandbox.inside.zygote" in command and parent in at_work]


def student_processes() -> list[int]:
    """Return the processes S at work: forked from a zygote, inside the one that waits outside for it."""
    found = processes()
    zygotes = {pid: parent for pid, (parent, command) in found.items() if "sandbox.inside.zygote" in command}
    return [pid for pid, parent in zygotes.items() if parent in zygotes and zygotes[parent] in zygotes]


def _at_work(found: Mapping[int, tuple[int, str]]) -> list[tuple[int, int]]:
    """Return the workers with their stations."""
    known = {pid: parent for pid, (parent, command) in found.items() if "autograder.grading.station" in command}
    return [(pid, parent) for pid, parent in known.items() if parent in known]


def kill_in_turn(victims: Sequence[Callable[[], list[int]]]) -> threading.Thread:
    """Kill the first process of each kind that can be found, one after the other, as soon as there is one."""

    def wait_and_kill() -> None:
        for find in victims:
            seen, grown, deadline = dict[int, float](), list[int](), time.monotonic() + 250
            while not grown and time.monotonic() < deadline:
                time.sleep(0.1)
                now = time.monotonic()
                seen = {pid: seen.get(pid, now) for pid in find()}
                grown = [pid for pid, since in seen.items() if now - since >= 0.3]  # in the middle of its work
            assert grown, f"{find.__name__}: none were found in 250 seconds"
            os.kill(grown[0], signal.SIGKILL)

    thread = threading.Thread(target=wait_and_kill)
    thread.start()
    return thread


def test_each_job_gets_its_result_and_the_same_from_each_engine(course, make_engine, expected, tmp_path):
    assert expected["slow0"].score == 6.0
    assert expected["wrong"].score == 1.5
    assert {student for student, result in expected.items() if result.status == Status.INVALID} == {
        *("no-notebook", "missing", "huge", "linked")
    }
    assert "symbolic link" in expected["linked"].reason
    assert "33 MB" in expected["huge"].reason
    planned = plan(course, tmp_path)
    events = list(make_engine().run(planned.jobs))
    begun, found = set(), {}
    for event in events:
        if isinstance(event, Started):
            begun.add(event.job.key)
        else:
            assert event.job.key in begun
            assert event.job.key not in found
            found[event.job.key] = undisturbed(event.result)
    assert {result.student: result for result in found.values()} == expected
    assert list(make_engine().run([])) == []


@pytest.mark.parametrize(
    ("make_engine", "victims"),
    [
        ("local", (stations, workers)),
        ("local", (zygotes, student_processes)),
        ("ray", (stations, workers)),  # the others are the station's, the same for both
    ],
    indirect=["make_engine"],
)
def test_processes_that_are_killed_change_no_result(course, make_engine, expected, tmp_path, victims):
    students = (*(f"slow{n}" for n in range(6)), "wrong")
    events: list[Event] = []
    killer = kill_in_turn(victims)
    results = grade(course, tmp_path, make_engine(), students, events.append)
    killer.join()
    assert results == {student: expected[student] for student in students}
    lost = [one for one in events if isinstance(one, Finished) and one.result.status == Status.FAILED]
    assert len(lost) <= 1, "what dies with a station is begun again with the next, not given up one after the other"


def test_a_drained_engine_finishes_what_it_has_begun(course, make_engine, tmp_path):
    engine = make_engine()
    begun, finished = set(), set()
    for event in engine.run(plan(course, tmp_path, tuple(f"slow{n}" for n in range(6))).jobs):
        if isinstance(event, Finished):
            assert event.result.score == 6.0
            finished.add(event.job.key)
            engine.drain()
        else:
            begun.add(event.job.key)
    assert begun == finished
    assert 0 < len(finished) < 6
    assert list(engine.run(plan(course, tmp_path).jobs)) == []


def test_closing_an_engine_ends_its_workers(course, make_engine, tmp_path):
    events = make_engine().run(plan(course, tmp_path, ("slow0", "slow1", "slow2")).jobs)
    assert isinstance(next(events), Started)
    deadline = time.monotonic() + 120
    while not workers() and time.monotonic() < deadline:
        time.sleep(0.05)
    events.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 30
    while (left := workers()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not left
    assert list(events) == []


# Ray alone


def test_a_lost_node_changes_no_result(course, cluster, expected, tmp_path):
    node = cluster.add_node()
    students = tuple(f"slow{n}" for n in range(6))

    def kill_node() -> None:
        deadline = time.monotonic() + 120
        while len(set(stations())) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
        cluster.kill_node(node)

    killer = threading.Thread(target=kill_node)
    killer.start()
    engine = RayEngine(address=cluster.address)
    assert grade(course, tmp_path, engine, students) == {student: expected[student] for student in students}
    killer.join()


def test_light_jobs_share_a_task_and_each_has_its_result_where_that_is_lost(course, cluster, tmp_path):
    answers = {f"right{n}": RIGHT for n in range(30)} | {f"wrong{n}": "def double(x): return x" for n in range(30)}
    for student, answer in answers.items():
        submit(tmp_path, student, *numpy_answers(answer))
    batch = plan(course, tmp_path / "results", submitted=tmp_path / "submitted")
    at_work, most, killed = set(), 0, []
    for event in RayEngine(address=cluster.address, workers=2).run(batch.jobs):
        if isinstance(event, Started):
            at_work.add(event.job.key)
            most = max(most, len(at_work))
        else:
            at_work.remove(event.job.key)
            assert event.result.score == (6.0 if "right" in event.job.student else 3.0), event.result.reason
            del answers[event.job.student]
        if most > 4 and not killed:
            while not (killed := stations()):
                time.sleep(0.01)
            os.kill(killed[0], signal.SIGKILL)
    assert killed, "two tasks at a time, and never more than four jobs in them"
    assert not answers


def command(course: Path, results: Path, *options: str) -> subprocess.Popen[str]:
    """Start `autograder grade` as from a terminal."""
    return subprocess.Popen(
        [
            *(sys.executable, "-m", "autograder", "grade", "tiny", "--course", str(course)),
            *("--submissions", str(course / "class"), "--results", str(results), "--log", "json", *options),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **os.environ,
            "AUTOGRADER_SECRET": SECRET,
            "RAY_gcs_rpc_server_reconnect_timeout_s": "5",
        },
    )


def test_where_the_head_is_lost_the_batch_says_so_and_goes_on_with_another(course, expected, tmp_path):
    students = ["--student", *(f"slow{n}" for n in range(6))]
    with Cluster() as doomed:
        batch = command(course, tmp_path, "--engine", "ray", "--address", doomed.address, *students)
        while '"finished"' not in batch.stdout.readline():
            assert batch.poll() is None
        doomed.kill_head()
        _, said = batch.communicate(timeout=120)
    assert batch.returncode == 2
    assert "the same command goes on" in said
    kept = len(list((tmp_path / "tiny").glob("*.json")))
    assert 0 < kept < 6
    printed, _ = command(course, tmp_path, *students).communicate(timeout=120)
    assert json.loads(printed.splitlines()[-1])["reused"] == kept
    for result in read_results(tmp_path, "tiny"):
        assert undisturbed(result) == expected[result.student]


@pytest.mark.parametrize(("address", "why"), [("127.0.0.1:1", "refused"), ("ray://head:10001", "host and port")])
def test_a_cluster_that_is_not_there_is_one_sentence(course, tmp_path, address, why):
    batch = command(course, tmp_path, "--engine", "ray", "--address", address)
    _, said = batch.communicate(timeout=120)
    assert batch.returncode == 2
    assert f"There is no Ray cluster at {address}" in said
    assert why in said
    assert "Traceback" not in said
