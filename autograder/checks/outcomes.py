"""Define every way in which a student's code can fail a check.

    StudentError(Exception)        the student's code raised; a check may expect that
    Ending(BaseException)          the check is over; not an Exception, so that no `pytest.raises(Exception)` and no
    ├── Missing                    `except Exception` of a check can take it for an answer
    ├── TimedOut
    ├── Crashed
    └── Partial                    a fraction of the points, with the reason

Every one has three texts: `student_text` for feedback on a hidden check, `public_text` on a public one, `staff_text`
for staff. The first may carry nothing that the student's process says at will: it has seen hidden inputs.
"""

from typing import Any, NoReturn

from autograder.errors import GraderError
from autograder.results import CheckStatus

__all__ = ["Crashed", "Ending", "Missing", "OutsideCheck", "Partial", "StudentError", "TimedOut", "partial"]


class OutsideCheck(GraderError):
    """Something is asked of the student's process while no check is at work."""


class StudentError(Exception):
    """The student's code raised an exception, and is one of Python's usual kinds too where that was.

    `type_name` is the nearest kind of exception that Python or torch defines, since a name of the student's own making
    could carry a hidden input; `cell` names the notebook's cell ("" where none was at work) and `line` counts from 1 (0
    where it is no line of code); `cause` says what to do. They come from the student's process, which can choose among
    what there is: a hidden check shows `question` instead, the cell's if it is one of the assignment's, and `advice`, a
    sentence of ours that holds nothing of the process's. Its own attributes are those of `value`, a handle.
    """

    def __init__(
        self,
        *,
        type_name: str,
        message: str,
        cell: str,
        line: int,
        source_line: str,
        question: str = "",
        cause: str = "",
        advice: str = "",
        value: object = None,
    ) -> None:
        self.type_name = type_name
        self.message = message
        self.cell = cell
        self.line = line
        self.source_line = source_line
        self.question = question
        self.cause = cause
        self.advice = advice
        self.value = value
        Exception.__init__(self, message)  # a library's own kind may want more, or do something
        if isinstance(self, SyntaxError):
            self.msg = message
        if place := self._place.strip():
            self.add_note(f"raised {place}")

    def __str__(self) -> str:
        """Return the message, for whichever of Python's own kinds it is, too."""
        return self.message or self.type_name

    __repr__ = Exception.__repr__

    def __getattr__(self, name: str) -> Any:
        """Return what the student's exception has of that name."""
        if name.startswith("_") or vars(self).get("value") is None:
            raise AttributeError(name)
        try:
            return getattr(self.value, name)
        except OutsideCheck:  # whoever prints it after the check looks for what Python's own kinds have
            raise AttributeError(name) from None

    @property
    def _place(self) -> str:
        if not self.cell:
            return ""
        shown = f": `{self.source_line}`" if self.source_line else ""
        line = f", line {self.line}" if self.line else ""
        return f" in {self.cell}{line}{shown}"

    @property
    def public_text(self) -> str:
        """Return what the student reads of a public check: kind of exception, their own line, message."""
        message = f" ({self.message})" if self.message else ""
        return f"Your code raised {self.type_name}{self._place}.{message} {self.cause}".rstrip()

    @property
    def student_text(self) -> str:
        """Return what the student reads of a hidden check: the kind of exception, and which answer raised it."""
        elsewhere = " in another cell" if self.cell else ""
        said = f"Your code raised {self.type_name}{f' in `{self.question}`' if self.question else elsewhere}."
        return f"{said} {self.advice}".rstrip()

    @property
    def staff_text(self) -> str:
        """Return the whole of it."""
        what = f"{self.type_name}: {self.message}" if self.message else self.type_name
        return f"{what}{self._place}{f'. {self.cause}' if self.cause else ''}"


class Ending(BaseException):
    """End a check for a reason that the check itself cannot see past."""

    status: CheckStatus

    def __init__(self, student_text: str, staff_text: str = "", *, public_text: str = "") -> None:
        self.student_text = student_text
        self.public_text = public_text or student_text
        self.staff_text = staff_text or student_text
        super().__init__(self.staff_text)


class Missing(Ending):
    """The name is not there, or its stub is not filled in."""

    status = CheckStatus.MISSING


class TimedOut(Ending):
    """The student's code took longer than the check allows."""

    status = CheckStatus.TIMEOUT


class Crashed(Ending):
    """The student's process died, or answered with something that is not an answer."""

    status = CheckStatus.CRASHED


class Partial(Ending):
    """The answer is worth a fraction of the points."""

    status = CheckStatus.PARTIAL

    def __init__(self, fraction: float, hint: str) -> None:
        if not 0 < fraction < 1:
            raise ValueError(f"partial: the fraction is {fraction}; it must lie between 0 and 1, both excluded")
        self.fraction = fraction
        super().__init__(hint)


def partial(fraction: float, hint: str) -> NoReturn:
    """End the check here, with this fraction of its points and this hint."""
    raise Partial(fraction, hint)
