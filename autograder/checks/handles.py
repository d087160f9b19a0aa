"""Stand in for the student's objects: `student.MLP(784, 500, 10)` in a check happens in the student's process.

A handle is local in everything that pytest and assert do behind a check's back (repr, equality, truth, dunder
attributes); only what a check writes down itself (a call, an attribute, an index, an operator, str, len, a loop, with)
goes to the student process. Nothing is ever found equal, greater or true by code of the student's.
"""

import builtins
from collections.abc import Callable, Iterator
from typing import Any, cast

from autograder.checks.expect import Mismatch
from autograder.checks.notebook_run import NotebookRun
from autograder.sandbox.shared.protocol import ImportPath, ProtocolError, RemoteObject

__all__ = ["Handle", "Library", "Student"]

_MOST_ELEMENTS = 100_000
_OWN_NAMES = {"__name__", "__qualname__", "__annotations__", "__dict__", "__version__"}
"""Dunder names that a check asks for, and nothing else does."""
_FIRST_ELEMENTS, _MORE_ELEMENTS, _MOST_AT_ONCE = 16, 4, 4_096
"""How many elements a loop asks for at first, how many times as many the next time, and at most at a time."""


class _Line:
    """Send requests, with handles for what stays on the other side."""

    def __init__(self, run: NotebookRun) -> None:
        self._run = run

    def ask(self, operation: str, *arguments: object) -> Any:
        return self._run.request(operation, *arguments, keep=self._keep, resolve=self._resolve)

    def _keep(self, value: object) -> RemoteObject | ImportPath:
        if isinstance(value, Handle):
            epoch, reference = object.__getattribute__(value, "_identity")
            if epoch != self._run.epoch:
                raise TypeError(f"{value!r} belongs to another check; get it anew in this one")
            return cast("RemoteObject", reference)
        if isinstance(value, Library):
            return ImportPath(object.__getattribute__(value, "_path"))
        if f"{type(value).__module__}.{type(value).__name__}" == "torch.dtype":  # torch itself is not everywhere
            return ImportPath(str(value))
        raise TypeError(
            f"a {type(value).__name__} cannot be sent to the student's process; build it there with `library`"
        )

    def _resolve(self, stand_in: RemoteObject | ImportPath) -> object:
        if isinstance(stand_in, RemoteObject):
            return Handle(self, (self._run.epoch, stand_in))
        raise ProtocolError("an import path where an object should be")


class Handle:
    """An object of the student's that is not data."""

    __slots__ = ("_identity", "_line")
    _identity: tuple[int, RemoteObject]
    _line: _Line

    def __init__(self, line: _Line, identity: tuple[int, RemoteObject]) -> None:
        object.__setattr__(self, "_line", line)
        object.__setattr__(self, "_identity", identity)

    def __getattr__(self, name: str) -> Any:
        """Return the attribute of the student's object; most dunder names never leave this process."""
        if name.startswith("__") and name not in _OWN_NAMES:
            raise AttributeError(name)
        return self._line.ask("attribute", self, name)

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: an assignment that did nothing would be hard to find."""
        raise TypeError(
            f"use library.builtins.setattr(handle, {name!r}, …) to set an attribute of the student's object"
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the student's object with plain data, handles and library objects."""
        return self._line.ask("call", self, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        """Return the student's `object[key]`."""
        return self._line.ask("item", self, key)

    def __len__(self) -> int:
        """Return what the student's object says of its length."""
        return cast("int", self._line.ask("length", self))

    def __iter__(self) -> Iterator[Any]:
        """Yield the elements: of an iterator one by one, as it would be used up here; of all else some at a time."""
        elements, is_iterator = self._line.ask("iterator", self)
        wanted, left = 1 if is_iterator else _FIRST_ELEMENTS, _MOST_ELEMENTS
        while found := self._line.ask("elements", elements, wanted):
            yield from found
            if len(found) < wanted:
                return
            left -= wanted
            if left <= 0:
                raise Mismatch(f"There must be an end: at most {_MOST_ELEMENTS:,} elements are looked at.", "longer")
            wanted = 1 if is_iterator else min(_MORE_ELEMENTS * wanted, _MOST_AT_ONCE)

    def __next__(self) -> Any:
        """Return the next element of the student's iterator."""
        for element in self._line.ask("elements", self, 1):
            return element
        raise StopIteration

    def __enter__(self) -> Any:
        """Enter the student's context manager; the block itself runs here."""
        return self._line.ask("attribute", self, "__enter__")()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> bool:
        """Leave it; an exception of the block is told by its kind, Python's nearest, and its message."""
        leave = self._line.ask("attribute", self, "__exit__")
        if kind is None or not issubclass(kind, Exception):
            return leave(None, None, None) is True
        name = getattr(error, "type_name", kind.__name__)
        raised = Library(self._line, f"builtins.{name if _is_exception(name) else 'RuntimeError'}")
        return leave(raised, raised(getattr(error, "message", str(error))), None) is True

    def __str__(self) -> str:
        """Return what the student's object says of itself, in full: no text for a hint."""
        said = Library(self._line, "builtins.str")(self)
        if isinstance(said, Handle):  # a kind of text of the student's own
            said = Library(self._line, "builtins.str.__str__")(said)
        if type(said) is not str:
            raise TypeError(f"str() of {self!r} is no text")
        return said

    def __format__(self, _: str) -> str:
        """Name the type, as repr does: what a check writes into a hint is not the student's to choose."""
        return repr(self)

    def __bool__(self) -> bool:
        """Be true, as an object is, without asking."""
        return True

    def __eq__(self, other: object) -> bool:
        """Compare by identity in the student process; no code of the student's has a say."""
        return isinstance(other, Handle) and self._identity == other._identity

    def __hash__(self) -> int:
        """Hash by identity."""
        return hash(self._identity)

    def __repr__(self) -> str:
        """Name the type, as the student process reported it, without asking again."""
        return f"<a {self._identity[1].type_name} of the student's>"


class Elementwise(Handle):
    """What comparing the student's object with `<` and the like gave: neither true nor false as a whole."""

    __slots__ = ()

    def __bool__(self) -> bool:
        """Refuse: the student's own object would decide."""
        raise TypeError(_NO_VERDICT)


_NO_VERDICT = (
    "comparing with < and the like asks the student's own object, which could say anything: insist on a number first, "
    "as expect.number does, or take float(…) of it"
)


def _is_exception(name: object) -> bool:
    found = getattr(builtins, name, None) if isinstance(name, str) else None
    return isinstance(found, type) and issubclass(found, Exception)


def _operator(name: str, *, reflected: bool = False) -> Callable[..., Any]:
    """Return the method that has Python's operator of that name work on the student's object."""

    def operate(self: Handle, *others: Any) -> Any:
        values = (*others, self) if reflected else (self, *others)
        return Library(self._line, f"operator.{name}")(*values)

    return operate


def _comparison(name: str) -> Callable[[Handle, Any], Handle]:
    """Return the method that compares element by element, as tables and columns do."""

    def compare(self: Handle, other: Any) -> Handle:
        found = Library(self._line, f"operator.{name}")(self, other)
        if not isinstance(found, Handle):
            raise TypeError(_NO_VERDICT)
        return Elementwise(self._line, object.__getattribute__(found, "_identity"))

    return compare


def _conversion(kind: type) -> Callable[[Handle], Any]:
    """Return the method that has Python's own kind of number made of the student's object, as data."""

    def convert(self: Handle) -> Any:
        found = Library(self._line, f"builtins.{kind.__name__}")(self)
        if type(found) is not kind:
            raise TypeError(f"{kind.__name__}() of {self!r} is no {kind.__name__}")
        return found

    return convert


for _name in (
    "add",
    "sub",
    "mul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "matmul",
    "and_",
    "or_",
    "xor",
    "lshift",
    "rshift",
):
    setattr(Handle, f"__{_name.strip('_')}__", _operator(_name))
    setattr(Handle, f"__r{_name.strip('_')}__", _operator(_name, reflected=True))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Handle, f"__{_name}__", _operator(_name))
for _name in ("lt", "le", "gt", "ge"):
    setattr(Handle, f"__{_name}__", _comparison(_name))
for _kind in (int, float, complex):
    setattr(Handle, f"__{_kind.__name__}__", _conversion(_kind))


class Student:
    """The student's notebook: each attribute is a name that it defines."""

    def __init__(self, run: NotebookRun) -> None:
        self._ask = _Line(run).ask

    def __getattr__(self, name: str) -> Any:
        """Return the object of that name, by value where it is data."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self._ask("name", name)


class Library:
    """Library objects in the student's process, by import path: `library.torch.optim.SGD(…)`."""

    __slots__ = ("_line", "_path")
    _line: _Line
    _path: str

    def __init__(self, run: NotebookRun | _Line, path: str = "") -> None:
        object.__setattr__(self, "_line", run if isinstance(run, _Line) else _Line(run))
        object.__setattr__(self, "_path", path)

    def __getattr__(self, name: str) -> "Library":
        """Return the path one step further; nothing is asked yet."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Library(self._line, f"{self._path}.{name}".lstrip("."))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call what stands at the path."""
        return self._line.ask("call", self, args, kwargs)

    def __repr__(self) -> str:
        """Return the path."""
        return f"<library {self._path}>"
