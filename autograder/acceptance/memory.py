"""Part `memory`: caps, torch's own and from outside; who runs out is graded again alone; nothing stays behind."""

import contextlib
import os
import secrets
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from autograder.acceptance.batches import grade_folder
from autograder.acceptance.findings import Finding, Findings, Place, Verdict, not_tried
from autograder.acceptance.gpu_usage import GpuMeter
from autograder.acceptance.hostile import copy_solution, lightest
from autograder.acceptance.probes import LIMITS, Probes
from autograder.results import Flag, Status
from autograder.sandbox.outside.process import Died, Outcome, Raised
from autograder.sandbox.shared.gpu import Gpu

__all__ = ["memory"]

_SHARE = 0.1
_SECONDS = 240.0
_TOLERANCE = 64 * 2**20
_SETTLE_SECONDS = 3.0
_FILL = "blocks = b'x' * {bytes}\nresult = len(blocks)"
_BLOCK = (
    "import torch\n{before}"
    "wanted = int(torch.cuda.mem_get_info()[1] * {part})\n"
    "block = torch.empty(wanted, dtype=torch.uint8, device='cuda')\nresult = wanted"
)
_UNDONE = "torch.cuda.set_per_process_memory_fraction(1.0)\n"
_MARKED = "import torch\nblock = torch.full((50_000_000,), 12345.678, device='cuda')\nresult = 0"
_LOOK = "import torch\nresult = int((torch.empty(100_000_000, device='cuda') == 12345.678).sum())"
_KILLED = "import ctypes, time\nctypes.CDLL(None).prctl(15, b'{name}', 0, 0, 0)  # PR_SET_NAME\ntime.sleep(1.5)"
"""Says who it is, and waits to be killed from outside: by itself the first process of a namespace cannot be."""
_LOOK_SECONDS = 0.1
_ALL_OF_IT = (
    "import torch\nblocks = torch.empty(int(torch.cuda.mem_get_info()[1] * 2), dtype=torch.uint8, device='cuda')"
)
_GPU_CASES = (
    "torch's cap refuses more than the share",
    "less than the share is granted (control)",
    "a submission that undoes torch's cap is ended from outside",
    "what a submission held on the GPU is free afterwards",
    "the successor finds nothing in the memory that it gets",
)


def memory(place: Place) -> Findings:
    """Try the caps in boxes, and the second try alone in a real batch."""
    gpu = place.devices.gpus[0] if place.devices.gpus else None
    with Probes.open(None) as probes:
        found = _host_memory(probes)
    found += _on_gpu(gpu) if gpu else not_tried(*_GPU_CASES)
    found.append(_again_alone(place))
    if gpu is None:
        found += not_tried("who finds no memory on a shared GPU is graded again alone")
    return Findings(findings=found)


def _judged(what: str, seen: object, *, right: bool) -> Finding:
    return Finding(what=what, verdict=Verdict.RIGHT if right else Verdict.WRONG, seen=str(seen)[:300])


def _host_memory(probes: Probes) -> list[Finding]:
    limits = replace(LIMITS, memory_bytes=600 * 2**20)
    much, little = (probes.ask(_FILL.format(bytes=size * 2**20), limits) for size in (1200, 50))
    ended = isinstance(much, Died) and much.outcome == Outcome.OUT_OF_MEMORY
    return [
        _judged("the host's memory: more than the limit ends a submission, from outside", much, right=ended),
        _judged("the host's memory: less is granted (control)", little, right=little == 50 * 2**20),
    ]


def _on_gpu(gpu: Gpu) -> list[Finding]:
    names = iter(_GPU_CASES)
    with Probes.open(gpu, _SHARE) as probes:
        much = probes.ask(_BLOCK.format(before="", part=2 * _SHARE))
        little = probes.ask(_BLOCK.format(before="", part=_SHARE / 2))
        undone = probes.ask(_BLOCK.format(before=_UNDONE, part=3 * _SHARE))
        found = [
            _judged(
                next(names), much, right=isinstance(much, Raised) and much.types[:1] == ("torch.OutOfMemoryError",)
            ),
            _judged(next(names), little, right=isinstance(little, int)),
            _judged(next(names), undone, right=isinstance(undone, Died)),
        ]
        try:
            meter = GpuMeter(gpu)
        except OSError as error:
            found += not_tried(next(names), why=str(error))
        else:
            time.sleep(_SETTLE_SECONDS)
            before = meter.used_bytes()
            probes.ask(_MARKED)
            time.sleep(_SETTLE_SECONDS)
            left = meter.used_bytes() - before
            found.append(_judged(next(names), f"{left} bytes more than before", right=left <= _TOLERANCE))
        probes.ask(_MARKED)
        seen = probes.ask(_LOOK)
        found.append(_judged(_GPU_CASES[-1], f"{seen} of the numbers", right=seen == 0))
    return found


@contextmanager
def _killed(called: str) -> Iterator[None]:
    """Kill each process that calls itself so, as the kernel does where the host is short of memory."""
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(_LOOK_SECONDS):
            for path in Path("/proc").glob("[0-9]*/comm"):
                with contextlib.suppress(OSError):  # it may have ended meanwhile
                    if path.read_text().strip() == called:
                        os.kill(int(path.parent.name), signal.SIGKILL)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _again_alone(place: Place) -> Finding:
    """Grade one submission that finds no memory (without a GPU: that is killed) beside one that does what it should."""
    on_gpu = bool(place.devices.gpus)
    name, folder = lightest(place.course), place.work / "submitted"
    called = f"ag-{secrets.token_hex(5)}"
    copy_solution(place.course, name, folder, "greedy", _ALL_OF_IT if on_gpu else _KILLED.format(name=called))
    copy_solution(place.course, name, folder, "modest")
    with _killed(called):
        batch = grade_folder(
            *(place.course.root, name, folder, place.work / "results"),
            device=place.devices.kind,
            workers=2,
            seconds=_SECONDS,
        )
    flag = Flag.GPU_OUT_OF_MEMORY if on_gpu else Flag.KILLED
    greedy, modest = (batch.results.get(student) for student in ("greedy", "modest"))
    right = (
        Counter(batch.begun) == {"greedy": 2, "modest": 1}
        and greedy is not None
        and flag in greedy.flags
        and modest is not None
        and modest.status == Status.GRADED
        and not modest.flags
    )
    seen = f"begun: {', '.join(batch.begun)}; flags: {', '.join(greedy.flags) if greedy else 'no result'}"
    why = "who finds no memory on the GPU" if on_gpu else "who is killed, perhaps for want of memory,"
    return _judged(f"{why} is graded again alone, its neighbour once", seen, right=right)
