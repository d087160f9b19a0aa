"""Stand in for the student's objects: `student.MLP(784, 500, 10)` in a check happens in the student's process.

A handle is local in everything that pytest and assert do behind a check's back (repr, comparison, truth, dunder
attributes); only what a check writes down itself (a call, an attribute, an index, len, a loop) goes to
the student process.
"""

from collections.abc import Iterator
from typing import Any, cast

from autograder.checks.notebook_run import NotebookRun
from autograder.sandbox.shared.protocol import ImportPath, ProtocolError, RemoteObject

__all__ = ["Handle", "Library", "Student"]

_MOST_ELEMENTS = 100_000


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
        """Return the attribute of the student's object; dunder names never leave this process."""
        if name.startswith("__"):
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
        """Yield the elements; nothing is asked before the first is wanted."""
        yield from self._line.ask("elements", self, _MOST_ELEMENTS)

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
