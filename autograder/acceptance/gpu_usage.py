"""Ask NVIDIA's driver, from outside, what a GPU does: by NVML, through nvidia-ml-py (extra `gpu`)."""

import threading
from importlib import import_module
from typing import Any, Self

from autograder.sandbox.shared.gpu import Gpu

__all__ = ["GpuMeter", "Watched"]

_EVERY_SECONDS = 0.2


class GpuMeter:
    """One GPU, by its UUID."""

    def __init__(self, gpu: Gpu) -> None:
        """Open it; raise OSError where NVML or the binding is not there."""
        try:
            self._nvml: Any = import_module("pynvml")
        except ImportError as error:
            raise OSError("nvidia-ml-py is not installed") from error
        try:
            self._nvml.nvmlInit()
            self._handle = self._nvml.nvmlDeviceGetHandleByUUID(gpu.uuid)
        except self._nvml.NVMLError as error:
            raise OSError(f"NVML: {error}") from error

    def used_bytes(self) -> int:
        """Return what all processes hold of its memory."""
        return int(self._nvml.nvmlDeviceGetMemoryInfo(self._handle).used)

    def busy_percent(self) -> float | None:
        """Return the part of the last moments in which it computed; None where it does not say, as with MIG."""
        try:
            return float(self._nvml.nvmlDeviceGetUtilizationRates(self._handle).gpu)
        except self._nvml.NVMLError:
            return None

    def processes(self) -> dict[int, int | None]:
        """Return the bytes that each process holds, as the driver numbers processes; None where it does not say."""
        return {one.pid: one.usedGpuMemory for one in self._nvml.nvmlDeviceGetComputeRunningProcesses(self._handle)}


class Watched(threading.Thread):
    """Sample a GPU for as long as the block runs."""

    def __init__(self, meter: GpuMeter | None) -> None:
        super().__init__(daemon=True)
        self._meter = meter
        self._ended = threading.Event()
        self._busy: list[float] = []
        self.peak_bytes: int | None = None

    def run(self) -> None:
        """Sample until the end; without a meter do nothing."""
        while self._meter is not None and not self._ended.wait(_EVERY_SECONDS):
            self.peak_bytes = max(self.peak_bytes or 0, self._meter.used_bytes())
            busy = self._meter.busy_percent()
            self._busy += [] if busy is None else [busy]

    @property
    def busy_percent(self) -> float | None:
        """Return the mean; None where nothing was seen."""
        return sum(self._busy) / len(self._busy) if self._busy else None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()
