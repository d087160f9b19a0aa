"""Declare the options of a command as a typed dataclass, and read them off the command line.

Each field is `name: Annotated[type, Argument(…)]` where it is given by its place, `Option(…)` where by its name. Its
type and its default say the rest: `bool` is a switch, `Literal` a choice, a tuple takes any number of values, and what
is None by default may be left out.
"""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from autograder.course import Course, find_course, load_course

__all__ = [
    "Argument",
    "CommonOptions",
    "Device",
    "Option",
    "Sandbox",
    "add_arguments",
    "folder",
    "not_negative",
    "positive",
    "read_options",
]

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
Sandbox: TypeAlias = Literal["auto", "none"]


@dataclass(frozen=True, kw_only=True)
class Argument:
    """How a value is given by its place; where this says None, argparse decides."""

    help: str | None = None
    metavar: str | None = None
    parse: Callable[[str], object] | None = None
    """What reads the value; None: the field's type."""
    nargs: Literal["*", "+"] = "*"
    """How many values a tuple takes: any number, or one at least."""
    only_one_of: str | None = None
    """A group whose members exclude each other."""

    def names(self, field: str) -> Sequence[str]:
        """Return what argparse is to call it."""
        return [field]


@dataclass(frozen=True, kw_only=True)
class Option(Argument):
    """How a value is given by its name: the field `dry_run` as `--dry-run`, `import_` as `--import`."""

    short: str | None = None
    """A second name, as `-v`."""

    def names(self, field: str) -> Sequence[str]:
        """Return what argparse is to call it."""
        return [*([self.short] if self.short else []), f"--{field.removesuffix('_').replace('_', '-')}"]


def folder(name: str, text: str) -> Option:
    """Return the option for a folder that stands in the course where nothing else is said."""
    return Option(metavar="DIR", help=f"{text} (default: {name}/ in the course)")


def positive(text: str) -> int:
    """Read a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is not a whole number above 0")
    return int(text)


def not_negative(text: str) -> int:
    """Read a whole number of at least 0."""
    if not text.isdecimal():
        raise ArgumentTypeError(f"{text!r} is not a whole number of at least 0")
    return int(text)


@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """What every command is told; its own options extend this."""

    course: Annotated[Path | None, Option(metavar="DIR", help="default: at or above the current folder")] = None
    verbose: Annotated[bool, Option(short="-v", help="show a traceback with an error")] = False

    def load_course(self) -> Course:
        """Load the course that is meant; raise ConfigError where there is none."""
        return load_course(self.course or find_course(Path.cwd()))


_O = TypeVar("_O", bound=CommonOptions)


def add_arguments(parser: ArgumentParser, options: type[CommonOptions]) -> None:
    """Add each field of the options to a command's parser; one without a default has to be given."""
    hints = get_type_hints(options, include_extras=True)
    groups = defaultdict[str, Any](parser.add_mutually_exclusive_group)
    for field in fields(options):
        kind, argument = get_args(hints[field.name])
        settings = _settings(kind, argument)
        if field.default is not MISSING:
            settings["default"] = field.default
        elif isinstance(argument, Option):
            settings["required"] = True
        if isinstance(argument, Option):
            settings["dest"] = field.name
        elif field.default is None:
            settings["nargs"] = "?"
        group = groups[argument.only_one_of] if argument.only_one_of else parser
        group.add_argument(*argument.names(field.name), **settings)


def read_options(options: type[_O], parsed: Namespace) -> _O:
    """Return the options as argparse has read them."""
    values: dict[str, Any] = {}
    for field in fields(options):
        value = getattr(parsed, field.name)
        values[field.name] = tuple(value) if isinstance(value, list) else value
    return options(**values)


def _settings(kind: Any, argument: Argument) -> dict[str, Any]:
    """Return what argparse is to know of a value of this type."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (UnionType, Union):  # the first is of `Path | None`, the second of `Literal["a"] | None`
        [kind] = [one for one in inner if one is not NoneType]
        return _settings(kind, argument)
    if origin is tuple:
        return {**_settings(inner[0], argument), "nargs": argument.nargs}
    if kind is bool:
        return {"action": "store_true", "help": argument.help}
    how = {"choices": inner} if origin is Literal else {"type": argument.parse or kind}
    return {**how, "metavar": argument.metavar, "help": argument.help}
