"""Run a few lines as student code, in a box like a submission's, and say what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from autograder.sandbox.outside.process import Died, Raised
from autograder.sandbox.outside.zygote_process import ZygoteProcess
from autograder.sandbox.shared.config import SandboxConfig
from autograder.sandbox.shared.gpu import Gpu
from autograder.sandbox.shared.limits import ProcessLimits

__all__ = ["LIMITS", "Probes"]

_SECONDS = 120.0
LIMITS = ProcessLimits(
    memory_bytes=3000 * 2**20,
    output_bytes=10_000,
    frame_bytes=4 * 2**20,
    cpu_seconds=120,
    file_bytes=2**20,
    open_files=1024,
    processes=256,
    disk_bytes=2**25,
)


class Probes:
    """A zygote with torch loaded; each question is answered by a fresh process."""

    def __init__(self, zygote: ZygoteProcess) -> None:
        self._zygote = zygote

    @classmethod
    @contextmanager
    def open(cls, gpu: Gpu | None, share: float = 1.0) -> Iterator["Probes"]:
        """Start a zygote for a GPU, or for the CPU; raise SandboxError where it cannot isolate."""
        with ZygoteProcess(SandboxConfig(gpu=gpu, gpu_share=share, libraries=("torch",))) as zygote:
            zygote.wait_until_ready()
            yield cls(zygote)

    def ask(self, source: str, limits: ProcessLimits = LIMITS) -> object:
        """Return the value of `result` after the lines; a `Raised` or `Died` as such, since that may be expected."""
        try:
            process = self._zygote.sandbox().start(limits, _SECONDS)
        except Died as died:
            return died
        try:
            process.request("cell", "<cell 0>", source, seconds=_SECONDS, keep=_nothing, resolve=_nothing)
            return process.request("name", "result", seconds=_SECONDS, keep=_nothing, resolve=_nothing)
        except (Raised, Died) as ending:
            return ending
        finally:
            process.close()


def _nothing(value: object) -> NoReturn:
    raise TypeError(f"a probe answers with plain data, and not {value!r}")
