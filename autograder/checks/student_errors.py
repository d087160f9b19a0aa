"""Put an exception of a student's code into words: what, where, and what to do where the cause is known."""

import builtins
import re
import sys
from collections.abc import Sequence

from autograder.checks.error_classes import error_class, new_error
from autograder.checks.outcomes import StudentError
from autograder.notebooks import PlannedCell
from autograder.sandbox.outside.process import Raised

__all__ = ["describe_error", "undefined_name"]

_TORCH_ERRORS = {"torch.OutOfMemoryError", "torch.AcceleratorError", "numpy.linalg.LinAlgError"}
_OWN_FILE = re.compile(r" \(<cell \d+>, line \d+\)$")
_UNDEFINED = re.compile(r"name '(\w+)' is not defined")
_MODULE = re.compile(r"No module named '(\w+)")
_NO_MODULE = (
    "Grading offers no package {} (docs/students.md lists what there is), and of your files it takes only those that "
    "are to be handed in."
)
_NO_GPU = (
    "Your code asks for a GPU; the grader may have none: use the `device` that is given, or "
    "`torch.device('cuda' if torch.cuda.is_available() else 'cpu')`."
)
_GPU_MESSAGE = re.compile(
    r"NVIDIA driver|not compiled with CUDA|No CUDA GPUs|CUDA driver version|deserialize object on a CUDA device"
    r"|linked with support for mps|MPS backend|not compiled with XPU|invalid device ordinal"
)
_FSTRING = "In the Python of grading ({}) no quotes of an f-string's own kind can stand between its braces."
_FSTRINGS_NEST = (3, 12)


def undefined_name(raised: Raised) -> str:
    """Return the name that code used and nobody has defined, by what the exception says; "" for another exception."""
    found = _UNDEFINED.match(raised.message) if "builtins.NameError" in raised.types else None
    return found[1] if found else ""


def describe_error(raised: Raised, cell: PlannedCell | None, cause: str = "", advice: str = "") -> StudentError:
    """Return the error as checks and people read it.

    `cause` says why a name is not defined; `advice` is what may be said of that in a hidden check.
    """
    lines = cell.source.splitlines() if cell else []
    source_line = lines[raised.line - 1].strip() if 1 <= raised.line <= len(lines) else ""
    is_code = bool(source_line) and not source_line.startswith("#")
    known = _known_cause(raised)
    without_gpu = known == _NO_GPU  # torch says what is wrong with "your system", which is the grader's
    module = _MODULE.match(raised.message)
    type_name = _known_type(raised.types)
    return new_error(
        error_class(raised.types),
        type_name=type_name,
        message="" if without_gpu else _OWN_FILE.sub("", raised.message),
        cell=cell.label if cell else "",
        line=raised.line if is_code else 0,
        source_line=source_line[:200] if is_code else "",
        question=cell.grade_id if cell else "",
        cause=known.format(f"`{module[1]}`" if module else "of that name") if known else cause,
        advice=known.format("of that name") if known else advice,
        value=raised.value,
    )


def _known_cause(raised: Raised) -> str:
    """Return a sentence of ours on what to do; which one it is, is all that the student's process can choose."""
    if "builtins.ModuleNotFoundError" in raised.types:
        return _NO_MODULE
    if _GPU_MESSAGE.search(raised.message):
        return _NO_GPU
    if "builtins.SyntaxError" in raised.types and "f-string" in raised.message and sys.version_info < _FSTRINGS_NEST:
        return _FSTRING.format(f"{sys.version_info.major}.{sys.version_info.minor}")
    return ""


def _known_type(types: Sequence[str]) -> str:
    """Return the most special class that Python or torch defines, since a student's class may be named anything."""
    for name in types:
        if name in _TORCH_ERRORS:
            return name
        short = name.removeprefix("builtins.")
        found = getattr(builtins, short, None)
        if name != short and isinstance(found, type) and issubclass(found, BaseException):
            return short
    return "an exception"
