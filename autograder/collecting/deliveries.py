"""What one student, or one group, handed in at one time, as the system says it: whose it is has still to be found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from autograder.collecting.files import File
from autograder.roster import Field

__all__ = ["Delivery", "Who"]


@dataclass(frozen=True, kw_only=True)
class Who:
    """What the system calls a student or a group."""

    shown: str
    """For people."""
    values: Mapping[Field, str] = field(default_factory=dict)
    """What names one person, the surest first."""
    names: Sequence[str] = ()
    """What may be a person's name, or any of the roster's fields, or a group's name."""
    tokens: Sequence[str] = ()
    """Parts of a name, one of which may be what the roster says, where `names` are nobody's."""
    squashed: str = ""
    """A name, as Canvas writes it: last name first, in lower case, nothing but letters and digits."""
    is_doubtful: bool = False
    """Whether a number alone is not enough: the name has to agree with it, where the roster has one."""
    id: str = ""
    """The student's ID where there is no roster; "" where the system gives none."""


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One submission."""

    source: str
    """The system that it comes from."""
    who: Sequence[Who]
    """Several where the system says that they handed it in together."""
    files: Sequence[File]
    """With their paths inside the submission."""
    beside: Sequence[File] = ()
    """What the system has put beside them, or the student typed in beside: it is not kept."""
    time: datetime | None = None
    late: bool = False
    """Whether the system calls it late without saying when it came."""
    order: tuple[int, ...] = ()
    """What tells the newest of several of one source without times."""
    notes: Sequence[str] = ()

    @property
    def seen(self) -> str:
        """Where it is, for people."""
        return self.files[0].seen if self.files else self.who[0].shown
