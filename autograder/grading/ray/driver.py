"""Talk to Ray for a batch: put a station on each node, hand out as many tasks as the cluster takes, pass on news.

Started as `python -P -m autograder.grading.ray.driver FD` with a connection to the batch; ends with it.
"""

import logging
import os
import secrets
import signal
import socket
import sys
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

import ray
from ray.exceptions import RayActorError, RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from autograder import __version__
from autograder.errors import AutograderError, GraderError
from autograder.grading.job import Job, lost
from autograder.grading.ray.bundle import bundle_assignment, bundle_data, pack_job
from autograder.grading.ray.engine import Drain, DriverConfig, TaskEvent
from autograder.grading.ray.node import ActorConfig, NodeStation, grade_on_node, station_name
from autograder.sandbox.shared.calling_process import die_with_parent

__all__ = ["main"]

_REMOTE: Any = ray.remote  # its types know fewer options than it takes
_LOOK_SECONDS = 1.0
_NOBODY_SECONDS = 300.0
_CONNECT_SECONDS = 10.0
_AHEAD = 2
"""Tasks handed to Ray for each that can run: the next one is there when a core becomes free."""
_RETRIES = 3
_TASK_SECONDS = 2.0
"""How long a task should take: long enough that handing it out costs little of it, short enough that little waits."""
_MANY_THREADS = 1000


class _Driver:
    """One config."""

    def __init__(self, config: DriverConfig, line: Connection) -> None:
        self._config = config
        self._line = line
        self._waiting = deque(config.jobs)
        self._running: dict[Any, list[Job]] = {}
        self._seconds_each = _TASK_SECONDS
        """What a job took in the last task that ended: the first ones go out one by one."""
        self._one_by_one = set[tuple[str, str, int]]()
        """Jobs that were in a task which was lost: by themselves, the one that ends its node harms no other."""
        self._stations: dict[str, Any] = {}
        self._usable_at = time.monotonic()
        self._namespace = ray.get_runtime_context().namespace
        assignment = config.course.assignment(config.jobs[0].assignment)
        self._share, self._files = assignment.budget.gpu_share, assignment.files
        bundles = bundle_assignment(config.course, config.jobs[0].assignment), bundle_data(config.course)
        self._actor_config = ActorConfig(
            version=__version__,
            course=config.course,
            assignment=config.jobs[0].assignment,
            isolated=config.isolated,
            secret=config.secret,
            bundles=[(bundle.digest, [ray.put(bundle.content)]) for bundle in bundles],
        )
        self._actor = _REMOTE(max_restarts=-1, num_cpus=0, max_concurrency=_MANY_THREADS)(NodeStation)
        self._task = _REMOTE(max_retries=_RETRIES, retry_exceptions=[RayActorError])(grade_on_node)

    def run(self) -> None:
        """Work until every job has its result, or those that were begun when the batch was told to drain."""
        looked_at = 0.0
        while self._waiting or self._running:
            if time.monotonic() - looked_at > _LOOK_SECONDS:
                looked_at = time.monotonic()
                room = self._update_stations()
                if self._line.poll() and isinstance(self._line.recv(), Drain):
                    self._waiting.clear()
            self._submit_tasks(room)
            if not self._running:
                time.sleep(_LOOK_SECONDS)  # no node can take any
                continue
            for task in ray.wait(list(self._running), timeout=_LOOK_SECONDS)[0]:
                jobs = self._running.pop(task)
                for job, content in self._results_of(task, jobs):
                    self._line.send(TaskEvent(job.key, content))

    def _update_stations(self) -> Mapping[str, float]:
        """See to a station on each node that can run tasks; return how many tasks of each kind the cluster can take."""
        room = {"cuda": 0.0, "cpu": 0.0}
        for node in ray.nodes():
            cores = node["Resources"].get("CPU", 0.0)
            gpus = int(node["Resources"].get("GPU", 0.0))
            if not node["Alive"] or not cores:
                continue
            room["cuda"] += min(gpus * int(1 / self._share), cores)
            room["cpu"] += cores
            if node["NodeID"] not in self._stations:
                here = NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
                options = {"name": station_name(node["NodeID"]), "scheduling_strategy": here}
                self._stations[node["NodeID"]] = self._actor.options(**options).remote(
                    self._actor_config, tuple(range(gpus)) if self._config.device != "cpu" else ()
                )
        if self._config.device == "cuda" and not room["cuda"]:
            raise AutograderError(
                "--device cuda: the Ray cluster has no GPU; use --device cpu, or add a node with one."
            )
        unwanted = {"auto": "", "cpu": "cuda", "cuda": "cpu"}[self._config.device]
        usable = {kind: tasks for kind, tasks in room.items() if tasks and kind != unwanted}
        self._cancel_unplaceable(usable)
        return usable

    def _cancel_unplaceable(self, usable: Mapping[str, float]) -> None:
        """Let the jobs wait again that no node can take any more: the last one with a GPU is gone, say."""
        if usable:
            self._usable_at = time.monotonic()
        elif time.monotonic() - self._usable_at > _NOBODY_SECONDS:
            raise AutograderError(
                f"No node of the Ray cluster has been there for {_NOBODY_SECONDS:g} seconds; once one is, the same "
                "command goes on with what is left."
            )
        for task, jobs in list(self._running.items()):
            if usable and jobs[0].device not in usable:
                del self._running[task]
                ray.cancel(task, force=True)
                self._waiting.extendleft(reversed(jobs))

    def _submit_tasks(self, room: Mapping[str, float]) -> None:
        """Hand jobs to Ray while it can take some: to GPUs first."""
        at_work = [jobs[0].device for jobs in self._running.values()]
        for kind, tasks in room.items():
            most = min(_AHEAD * tasks, self._config.workers or len(self._config.jobs))
            most = 1 if self._config.alone else most
            while self._waiting and at_work.count(kind) < most and (len(at_work) < most or not self._config.alone):
                jobs = [replace(job, device=kind) for job in self._next_jobs(max(1, int(most)))]
                gpus = {"num_gpus": 1.0 if self._config.alone else self._share} if kind == "cuda" else {}
                retries = _RETRIES if len(jobs) == 1 else 0
                inputs = [pack_job(job, self._files) for job in jobs]
                task = self._task.options(num_cpus=1, max_retries=retries, **gpus).remote(inputs, self._namespace)
                self._running[task] = jobs
                at_work.append(kind)
                for job in jobs:
                    self._line.send(TaskEvent(job.key))

    def _next_jobs(self, tasks: int) -> list[Job]:
        """Take the jobs of a task: as many as fill its seconds, and fewer towards the end, so that all end together."""
        share = len(self._waiting) // (_AHEAD * tasks)
        count = max(1, min(int(_TASK_SECONDS / self._seconds_each), share))
        jobs = [self._waiting.popleft()]
        while len(jobs) < count and not self._one_by_one & {jobs[-1].key, self._waiting[0].key}:
            jobs.append(self._waiting.popleft())
        return jobs

    def _results_of(self, task: Any, jobs: Sequence[Job]) -> Sequence[tuple[Job, bytes]]:
        """Return a task's jobs with their results; none where it was lost and they wait again, each by itself."""
        try:
            contents, seconds = ray.get(task)
        except RayTaskError as error:
            if isinstance(error.cause, AutograderError):
                raise error.cause from None
            reason = f"its node failed ({type(error.cause).__name__}); grade again"
        except RayError as error:
            reason = f"its node was lost ({type(error).__name__}); grade again"
        else:
            self._seconds_each = seconds / len(jobs)
            return list(zip(jobs, contents, strict=True))
        if len(jobs) == 1:
            return [(jobs[0], lost(jobs[0], reason).to_json())]
        self._one_by_one.update(job.key for job in jobs)
        self._waiting.extendleft(reversed(jobs))
        return []


def _connect(config: DriverConfig) -> None:
    try:
        if config.address:
            _require_reachable(config.address)  # where nobody answers, Ray would end this process without a word
        namespace = f"batch-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        ray.init(address=config.address, log_to_driver=False, logging_level=logging.ERROR, namespace=namespace)
    except (ConnectionError, RayError, ValueError, RuntimeError, OSError) as error:
        where = f"at {config.address}" if config.address else "on this machine"
        raise AutograderError(f"There is no Ray cluster {where} ({str(error).splitlines()[0]}).") from error


def _require_reachable(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not port.isdecimal() or "/" in host:
        raise ValueError("give the head's host and port, as in 10.0.0.1:6379")
    socket.create_connection((host, int(port)), timeout=_CONNECT_SECONDS).close()


def main() -> None:
    """Serve on the connection whose descriptor is the first argument."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the batch to see to
    die_with_parent()
    line = Connection(int(sys.argv[1]))
    os.set_inheritable(line.fileno(), False)
    sys.argv[1:] = []
    config = line.recv()
    assert isinstance(config, DriverConfig), "it is the first that is sent"
    try:
        _connect(config)
        _Driver(config, line).run()
        line.send(None)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # the batch is gone, or wants no more
    except AutograderError as error:
        line.send(error)
    except (RayError, ConnectionError) as error:
        line.send(
            GraderError(f"The Ray cluster failed ({type(error).__name__}); the same command goes on with what is left.")
        )
    finally:
        ray.shutdown()


if __name__ == "__main__":
    main()
