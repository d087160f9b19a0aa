"""Choose what reaches the processes that checks run in: what the course holds, little of the operator's surroundings.

An environment is chosen, variable by variable, rather than cleaned of what is known to do harm: the next variable that
a library listens to is unknown here, and so does not arrive. `docs/operators.md` has the same list.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from autograder.course import Course
from autograder.sandbox.shared.config import ONE_THREAD

__all__ = ["UMASK", "checks_environment", "chosen_environment", "ignored_surroundings", "notebook_environment"]

_KEPT = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LD_LIBRARY_PATH"),
        *("XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS"),
        "AUTOGRADER_SECRET",
    }
)
_KEPT_PREFIXES = ("CUDA_", "NVIDIA_")
_OURS: Mapping[str, str] = {"LANG": "C.UTF-8", "MATPLOTLIBRC": os.devnull}
"""What is the same everywhere: one encoding, figures in nobody's style."""
UMASK = 0o022

_MEANT_FOR_CHECKS = frozenset(
    {
        *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONHASHSEED"),
        "LD_PRELOAD",
    }
)
_MEANT_FOR_CHECKS_PREFIXES = ("PYTEST_", "OMP_", "MKL_", "OPENBLAS_", "CUBLAS_", "TORCH", "PYTORCH_")
_SET_BY_PYTEST = ("PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_")


def chosen_environment(around: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that checks or our own notebooks run in, from that of this process."""
    kept = {name: value for name, value in around.items() if name in _KEPT or name.startswith(_KEPT_PREFIXES)}
    return {**kept, **_OURS}


def checks_environment(around: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a process that runs checks: on one thread, with figures that need no window.

    It sees no GPU: the reference would start CUDA (`torch.cuda.is_available()`), and be forked no more.
    """
    return {**chosen_environment(around), "MPLBACKEND": "agg", "CUDA_VISIBLE_DEVICES": "", **ONE_THREAD}


def notebook_environment(around: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return the environment of a kernel for a notebook of ours, with a profile of IPython's that starts nothing."""
    return {**chosen_environment(around), "IPYTHONDIR": str(folder / "ipython")}


def ignored_surroundings(course: Course, assignments: Iterable[str], around: Mapping[str, str]) -> str:
    """Return a sentence on what somebody may think that checks obey, "" where there is nothing of the kind."""
    ignored = [*_ignored_variables(around), *_ignored_files(course, assignments)]
    if not ignored:
        return ""
    return f"Only what the course holds takes part in checks; ignored: {', '.join(ignored)}."


def _ignored_variables(around: Mapping[str, str]) -> Sequence[str]:
    return sorted(
        name
        for name, value in around.items()
        if value
        and not name.startswith(_SET_BY_PYTEST)
        and (name in _MEANT_FOR_CHECKS or name.startswith(_MEANT_FOR_CHECKS_PREFIXES))
    )


def _ignored_files(course: Course, assignments: Iterable[str]) -> Sequence[str]:
    """Return each `conftest.py` above the checks: what lies there no fingerprint knows and no other machine gets."""
    above = {folder / "conftest.py" for name in assignments for folder in course.checks_folder(name).parents}
    return sorted(str(path) for path in above if path.is_file())
