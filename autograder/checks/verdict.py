"""Turn how a check ended into points and into two texts: one for the student, one for staff."""

import traceback
from dataclasses import dataclass
from pathlib import Path

import pytest

from autograder.checks.expect import Mismatch, Slip
from autograder.checks.handed_to_library import advice
from autograder.checks.handles import Handle
from autograder.checks.outcomes import Ending, Partial, StudentError
from autograder.results import CheckStatus, Flag

__all__ = ["Verdict", "judge"]

_STAFF_TEXT = 4_000


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """How a check ended."""

    status: CheckStatus
    fraction: float = 0.0
    """Part of the check's points, in [0, 1]."""
    student_text: str = ""
    staff_text: str = ""
    cause: str = ""
    """What the check takes for the cause; "" where its text only says what is asked for, or what happened."""
    flag: Flag | None = None


def judge(error: BaseException | None, *, public: bool, rule: str, checks: Path, folder: Path | None = None) -> Verdict:
    """Return the verdict on a check that ended with `error` (None: it passed).

    `rule` is the check's docstring, the hint where its author wrote no other; `checks` is the folder of its file,
    `folder` the check's `tmp_path`. For a hidden check the student reads nothing that could carry a hidden input: no
    value, no message of an exception, no name of a file.
    """
    if error is None:
        return Verdict(status=CheckStatus.PASSED, fraction=1.0)
    if isinstance(error, Ending):
        fraction = error.fraction if isinstance(error, Partial) else 0.0
        text = error.public_text if public else error.student_text
        cause = text if isinstance(error, Partial) else ""
        return Verdict(
            status=error.status, fraction=fraction, student_text=text, staff_text=error.staff_text, cause=cause
        )
    staff = _staff_text(error)
    if isinstance(error, pytest.skip.Exception | pytest.xfail.Exception):
        return Verdict(
            status=CheckStatus.CHECK_RAISED,
            student_text=f"This check was not made; your instructor knows. {rule}".strip(),
            staff_text=f"the check skipped itself: {staff}",
            flag=Flag.CHECK_RAISED,
        )
    if isinstance(error, StudentError):
        text = error.public_text if public else error.student_text
        return Verdict(status=CheckStatus.ERROR, student_text=text, staff_text=error.staff_text)
    if isinstance(error, AssertionError | pytest.fail.Exception) or _misses_file(error, folder):
        if isinstance(error, OSError):
            name = f"`{Path(error.filename).name}`" if public else "that the check reads"
            hint = f"Your code has not written the file {name}. {rule}".strip()
        else:
            hint = _hint(error, public=public, checks=checks)
        return Verdict(status=CheckStatus.FAILED, student_text=hint or rule, staff_text=staff, cause=hint)
    return Verdict(
        status=CheckStatus.CHECK_RAISED,
        student_text=f"What your code returned cannot be used by this check. {rule}".strip(),
        staff_text=f"the check itself raised: {staff} {advice(error, checks)}".rstrip(),
        flag=Flag.CHECK_RAISED,
    )


def _misses_file(error: BaseException, folder: Path | None) -> bool:
    """Return whether the check looked into its `tmp_path` for a file that is not there."""
    return isinstance(error, FileNotFoundError) and folder is not None and folder in Path(str(error.filename)).parents


def _staff_text(error: BaseException) -> str:
    """Return an exception's text, without asking an object of the student's in it: the check is over."""
    if len(error.args) == 1 and isinstance(error.args[0], Handle):
        return f"{type(error).__name__}: {error.args[0]!r}"
    return "".join(traceback.format_exception_only(error)).strip()[:_STAFF_TEXT]


def _hint(error: BaseException, *, public: bool, checks: Path) -> str:
    """Return what the check's author wrote for the student, or "" where the message is somebody else's."""
    if isinstance(error, Mismatch):
        return str(error) if public else error.rule
    if isinstance(error, Slip):
        return error.hint
    frames = traceback.extract_tb(error.__traceback__)
    if not frames or Path(frames[-1].filename).parent != checks or not error.args:
        return ""
    said = error.args[0]
    if isinstance(said, Handle):  # the check is over, and what it says is the student's
        return ""
    text = str(said)
    return "" if text.startswith("assert ") else text.split("\nassert ", 1)[0].strip()
