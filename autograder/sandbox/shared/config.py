"""State what surrounds the student's processes of one batch: isolated or not, files to see, the device."""

import json
from dataclasses import asdict, dataclass
from typing import Self

from autograder.sandbox.shared.gpu import Gpu

__all__ = ["ONE_THREAD", "STUDENT_USER", "SandboxConfig"]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""The environment in which libraries compute on one thread: the workers fill the cores already."""

STUDENT_USER = 50_000
"""The user that root runs student code as where it cannot be isolated: one that a small container knows, too."""


@dataclass(frozen=True, kw_only=True)
class SandboxConfig:
    """What the zygote is told before it loads anything; holds no check, no answer and no secret."""

    isolated: bool = True
    user: int | None = None
    """Without isolation: the user that student code runs as, for root; None: whoever grades."""
    trial: bool = False
    """Whether only to see what the host can isolate: no library is loaded then."""
    support: tuple[tuple[str, str], ...] = ()
    """Files beside the notebook: where each lies, and its path relative to the working folder."""
    data: tuple[tuple[str, str], ...] = ()
    """The course's data for students: where each file lies, and its path in `data` of the working folder."""
    private: tuple[str, ...] = ()
    """Folders and files that student code must not see, wherever they lie: the course, submissions, results."""
    libraries: tuple[str, ...] = ()
    """What is loaded before students' processes are forked, by names to import."""
    gpu: Gpu | None = None
    """What student code computes on; None: the CPU."""
    gpu_share: float = 1.0
    """Part of the GPU's memory that torch gives out to one process."""

    def to_json(self) -> str:
        """Return the text that travels to the zygote, on one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        raw = json.loads(text)
        for files in ("support", "data"):
            raw[files] = tuple((source, name) for source, name in raw[files])
        for names in ("private", "libraries"):
            raw[names] = tuple(raw[names])
        if raw["gpu"] is not None:
            raw["gpu"] = Gpu(**{**raw["gpu"], "nodes": tuple(raw["gpu"]["nodes"])})
        return cls(**raw)
