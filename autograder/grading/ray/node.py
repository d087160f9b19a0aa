"""Be on each node of a Ray cluster: one station, and tasks of a few submissions that wait for their results.

Ray gives each task a core, and a share of a GPU; the station on the task's node does the work, as on a single machine.
"""

import itertools
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import ActorUnavailableError, RayError

from autograder import __version__
from autograder.course import Course
from autograder.errors import AutograderError, GraderError
from autograder.grading.ray.bundle import TaskInput, unpack_course, unpack_job
from autograder.grading.station_process import StationConfig, StationLost, StationProcess, Task
from autograder.sandbox.outside.memory_cgroup import find_memory_cgroups
from autograder.sandbox.shared.gpu import Gpu

__all__ = ["ActorConfig", "NodeStation", "grade_on_node", "station_name"]

_STATION_SECONDS = 120.0
"""How long a task waits until the driver has seen its node and put a station there."""


@dataclass(frozen=True, kw_only=True)
class ActorConfig:
    """What a node needs for its station."""

    version: str
    course: Course
    assignment: str
    isolated: bool
    secret: str
    bundles: Sequence[tuple[str, Sequence[ray.ObjectRef[bytes]]]]
    """Digest and content: the assignment, the data. In a list of its own, so that Ray does not fetch it unasked."""


def station_name(node: str) -> str:
    """Return what the station on a node is called."""
    return f"station-{node}"


class NodeStation:
    """The actor that owns a node's station. Where that is lost the actor ends too, and Ray starts it anew."""

    def __init__(self, actor_config: ActorConfig, gpus: tuple[int, ...]) -> None:
        self._numbers = itertools.count()
        self._waiting: dict[int, Future[bytes]] = {}
        self._station: Future[StationProcess] = Future()
        # The thread that starts the station has to stay: the kernel ends the station with it
        threading.Thread(target=self._work, args=(actor_config, gpus), daemon=True).start()

    def wait_until_ready(self) -> None:
        """Return once the station is there; raise AutograderError where it cannot be started."""
        self._station.result()

    def grade(self, inputs: Sequence[TaskInput], gpu: int | None) -> tuple[list[bytes], float]:
        """Return the contents of the submissions' result files, and the seconds; raise AutograderError."""
        station = self._station.result()
        began = time.monotonic()
        return [self._grade(station, task_input, gpu) for task_input in inputs], time.monotonic() - began

    def _grade(self, station: StationProcess, task_input: TaskInput, gpu: int | None) -> bytes:
        with tempfile.TemporaryDirectory(prefix="autograder-") as folder:
            number, content = next(self._numbers), Future[bytes]()
            self._waiting[number] = content
            try:
                station.submit(Task(number=number, job=unpack_job(task_input, Path(folder)), gpu=gpu))
                return content.result()
            except StationLost:
                os._exit(1)
            finally:
                del self._waiting[number]

    def _work(self, actor_config: ActorConfig, gpus: tuple[int, ...]) -> None:
        try:
            with _start(actor_config, gpus) as station:
                self._station.set_result(station)
                while True:
                    number, content = station.receive()
                    self._waiting[number].set_result(content)
        except AutograderError as error:
            trouble = GraderError(f"On the node {ray.util.get_node_ip_address()}: {error}")
            futures: list[Future[Any]] = [self._station, *self._waiting.values()]
            for future in futures:
                if not future.done():
                    future.set_exception(trouble)
        except BaseException:  # noqa: BLE001 - the station is gone, or this thread would be: Ray starts another actor
            os._exit(1)


def _start(actor_config: ActorConfig, gpus: tuple[int, ...]) -> StationProcess:
    if actor_config.version != __version__:
        raise GraderError(
            f"autograder {__version__} is installed here, {actor_config.version} where the batch was started."
        )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "autograder" / "bundles"
    bundles = {digest: partial(_fetch, reference) for digest, (reference,) in actor_config.bundles}
    course = unpack_course(actor_config.course, bundles, cache)
    config = StationConfig(
        course=course,
        assignment=actor_config.assignment,
        private=(cache,),
        isolated=actor_config.isolated,
        cgroups=find_memory_cgroups() if actor_config.isolated else None,
        gpus=(None, *(Gpu(number=number) for number in gpus)),
    )
    return StationProcess(config, {"AUTOGRADER_SECRET": actor_config.secret})


def _fetch(reference: "ray.ObjectRef[bytes]") -> bytes:
    return ray.get(reference)


def grade_on_node(inputs: Sequence[TaskInput], namespace: str) -> tuple[list[bytes], float]:
    """Have submissions graded, one after the other, by the station of the node that this task runs on."""
    name = station_name(ray.get_runtime_context().get_node_id())
    ends_at = time.monotonic() + _STATION_SECONDS
    while True:
        try:
            station = ray.get_actor(name, namespace)
            break
        except ValueError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.2)
    gpus = ray.get_gpu_ids() if inputs[0].job.device == "cuda" else []
    # Not ray.get: a task that waits in it gives its core back, and Ray would start another one on it
    try:
        results: tuple[list[bytes], float]
        results = station.grade.remote(inputs, int(gpus[0]) if gpus else None).future().result()
    except ActorUnavailableError:  # Ray begins this task again, a few times: not before the station is there again
        _wait_for(station)
        raise
    return results


def _wait_for(station: Any) -> None:
    """Wait while Ray starts a station anew, and no longer where it does not."""
    ends_at = time.monotonic() + _STATION_SECONDS
    while time.monotonic() < ends_at:
        try:
            station.wait_until_ready.remote().future().result()
        except ActorUnavailableError:
            time.sleep(0.5)
        except (RayError, AutograderError):
            return  # the next to ask it for a result will be told
        else:
            return
