"""Parts `sharing-…`: so many submissions at a time on one device: how fast, how busy, what CUDA's start costs."""

import os
import threading
import time
from collections.abc import Mapping
from typing import Any

from autograder.acceptance.batches import grade_folder
from autograder.acceptance.findings import Finding, Findings, Place, Verdict, not_tried
from autograder.acceptance.gpu_usage import GpuMeter, Watched
from autograder.acceptance.hostile import copy_solution
from autograder.acceptance.probes import Probes
from autograder.sandbox.shared.gpu import Gpu

__all__ = ["sharing"]

_AT_A_TIME = (1, 4, 16, 32)
_SECONDS = 115.0
"""For each of them: four fit into nine minutes, with the starts."""

_START = (
    "import time\nbegan = time.monotonic()\nimport torch\n"
    "x = torch.ones(64, 64, device='{kind}')\nfloat((x @ x).sum())\n"
    "result = time.monotonic() - began"
)
_COLUMNS = (
    *("at a time", "graded", "a minute", "seconds of wall", "CPU, % of all cores"),
    *("GPU, %", "GPU memory, GB at most", "seconds of CUDA start"),
)


def sharing(place: Place, assignment: str) -> Findings:
    """Grade copies of the solution, more and more of them at a time, on the first GPU alone or on the CPU."""
    gpu = place.devices.gpus[0] if place.devices.gpus else None
    meter, why = _meter(gpu)
    found, rows = [], []
    for workers in [number for number in _AT_A_TIME if place.most is None or number <= place.most]:
        row, wrong = _row(place, assignment, workers, gpu, meter)
        rows.append(row)
        what = f"{assignment}, {workers} at a time: each that was graded has all points"
        found.append(Finding(what=what, verdict=Verdict.WRONG if wrong else Verdict.RIGHT, seen=wrong))
    if why:
        found += not_tried("utilisation and memory of the GPU", why=why)
    if gpu is None:
        found += not_tried("seconds of CUDA start")
    return Findings(findings=found, columns=_COLUMNS, rows=rows)


def _meter(gpu: Gpu | None) -> tuple[GpuMeter | None, str]:
    if gpu is None:
        return None, "no GPU"
    try:
        return GpuMeter(gpu), ""
    except OSError as error:
        return None, str(error)


def _row(
    place: Place, assignment: str, workers: int, gpu: Gpu | None, meter: GpuMeter | None
) -> tuple[Mapping[str, Any], str]:
    folder = place.work / f"{workers}"
    for number in range(max(2, 2 * workers)):
        copy_solution(place.course, assignment, folder / "submitted", f"s{number:02d}")
    seconds = _start_seconds(gpu, workers) if gpu else None
    with Watched(meter) as watched:
        batch = grade_folder(
            *(place.course.root, assignment, folder / "submitted", folder / "results"),
            device=place.devices.kind,
            workers=workers,
            seconds=_SECONDS,
        )
    cores = len(os.sched_getaffinity(0))
    row: dict[str, Any] = {"at a time": workers, "graded": len(batch.results), "a minute": batch.per_minute}
    row |= {"seconds of wall": batch.wall_seconds, "GPU, %": watched.busy_percent, "seconds of CUDA start": seconds}
    row["CPU, % of all cores"] = 100 * batch.cpu_seconds / batch.wall_seconds / cores
    row["GPU memory, GB at most"] = watched.peak_bytes / 1e9 if watched.peak_bytes is not None else None
    lost = {student: one for student, one in batch.results.items() if one.score != one.max_score}
    wrong = "; ".join(f"{student}: {one.status}, {one.score:g} of {one.max_score:g}" for student, one in lost.items())
    return row, wrong or ("" if batch.results else f"none was done in {_SECONDS:g} seconds")


def _start_seconds(gpu: Gpu, together: int) -> float | None:
    """Return what the first computation takes in a fresh process, in the mean over so many that begin together."""
    seconds: list[float] = []
    with Probes.open(gpu, share=1 / together) as probes:

        def ask() -> None:
            seen = probes.ask(_START.format(kind="cuda"))
            seconds.extend([seen] if isinstance(seen, float) else [])

        threads = [threading.Thread(target=ask) for _ in range(together)]
        for thread in threads:
            thread.start()
            time.sleep(0.01)
        for thread in threads:
            thread.join()
    return sum(seconds) / len(seconds) if seconds else None
