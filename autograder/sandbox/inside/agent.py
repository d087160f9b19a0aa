"""Serve a student's notebook to the checks: the only code of ours that works in the student process.

It answers one request after the other on one end of a socket pair until the socket closes. Nothing here is trusted by
the other side: student code shares this process and may change whatever it likes; all that it can reach by that is
another wrong answer.
"""

import builtins
import contextlib
import functools
import importlib
import itertools
import os
import random
import signal
import socket
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import numpy as np
from IPython.core.interactiveshell import InteractiveShell

from autograder.sandbox.inside.check_folder import CheckFolder
from autograder.sandbox.inside.check_functions import CheckFunctions, as_exception
from autograder.sandbox.inside.global_state import GlobalState
from autograder.sandbox.inside.patches import Patches
from autograder.sandbox.shared.protocol import (
    HEADER,
    CheckFunction,
    Decoder,
    Encoder,
    ImportPath,
    Limits,
    ProtocolError,
    RemoteObject,
    StandIn,
)
from autograder.sandbox.shared.protocol import pack as pack_frame
from autograder.sandbox.shared.protocol import unpack as unpack_frame

__all__ = ["Agent"]

_MAX_TEXT = 2_000
_MAX_MRO = 12


class _Missing(Exception):
    """The notebook does not define the name that a check asks for."""


@dataclass(frozen=True)
class _Made:
    """What is kept here although it could be sent."""

    object: object


class Objects:
    """Keep the objects that the checks process holds handles to."""

    def __init__(self, functions: CheckFunctions) -> None:
        self._functions = functions
        self._objects: dict[int, object] = {}
        self._numbers: dict[int, int] = {}

    def keep(self, value: object) -> RemoteObject | CheckFunction:
        if (function := self._functions.stand_in(value)) is not None:
            return function
        value = value.object if isinstance(value, _Made) else value
        number = self._numbers.setdefault(id(value), len(self._objects))
        self._objects[number] = value
        kind = type(value)
        classes = _names(value) if isinstance(value, type) else ()
        return RemoteObject(number, kind.__name__, _library_class(kind), classes, _is_equal_if_same(kind))

    def resolve(self, stand_in: StandIn) -> object:
        if isinstance(stand_in, ImportPath):
            return _import(stand_in.path)
        if isinstance(stand_in, CheckFunction):
            return self._functions.resolve(stand_in)
        return self._objects[stand_in.number]

    def forget(self) -> None:
        self._objects.clear()
        self._numbers.clear()
        self._functions.forget()


class Agent:
    """Run cells and answer requests about what they defined."""

    def __init__(self, connection: socket.socket, limits: Limits, shell: InteractiveShell) -> None:
        self._connection = connection
        self._limits = limits
        self._functions = CheckFunctions(self._ask_check)
        self._objects = Objects(self._functions)
        self._patches = Patches(shell.user_ns)
        self._folder = CheckFolder()
        self._request = b""
        self._in_cell = False
        self._files: set[str] = set()
        self._shell = shell
        self._state = GlobalState()

    def serve(self) -> None:
        """Announce readiness, then answer requests until the other side hangs up."""
        signal.signal(signal.SIGINT, self._on_interrupt)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):
                stream.reconfigure(line_buffering=True)  # what was printed before a crash is known afterwards
        self._send({"id": b"ready"})
        while (body := _receive(self._connection)) is not None:
            self._serve(unpack_frame(body, self._limits))

    def _serve(self, request: dict[str, Any]) -> None:
        outer, self._request = self._request, request["id"]
        try:
            self._connection.sendall(self._answer(request))
        finally:
            self._request = outer

    def _ask_check(self, number: int, args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        """Have the check call a function of its own; answer what it asks meanwhile."""
        if self._in_cell or not self._request:
            raise EOFError("EOF when reading a line") if number == CheckFunction.INPUT else RuntimeError("no check")
        given = Encoder(self._limits, self._objects.keep).encode((args, kwargs))
        self._flush()
        self._send({"id": self._request, "call": number, "args": given})
        while (body := _receive(self._connection)) is not None:
            message = unpack_frame(body, self._limits)
            if "op" in message:
                self._serve(message)
            elif "raised" in message:
                names, text, which = message["raised"]
                error = as_exception(names, text)
                error.__check_error__ = which  # type: ignore[attr-defined]
                raise error
            else:
                return Decoder(self._limits, self._objects.resolve, Path).decode(message["returned"])
        raise SystemExit  # the other side hung up

    def _send(self, document: dict[str, Any]) -> None:
        self._connection.sendall(pack_frame(document, self._limits))

    def _answer(self, request: dict[str, Any]) -> bytes:
        """Return the frame that answers a request."""
        try:
            arguments = Decoder(self._limits, self._objects.resolve, Path).decode(request["args"])
            operation: Callable[..., object] = getattr(self, f"do_{request['op']}")
            value = Encoder(self._limits, self._objects.keep).encode(operation(*arguments))
            return pack_frame({"id": request["id"], "value": value}, self._limits)
        except BaseException as error:  # noqa: BLE001 - the process edge: whatever student code raises becomes data
            described = describe(error, self._files) | self._kept(error, request["op"])
            return pack_frame({"id": request["id"], "error": described}, self._limits)
        finally:
            self._flush()

    def _kept(self, error: BaseException, operation: str) -> dict[str, Any]:
        """Return what lets a check look at an exception's own attributes; of a cell's there is no check to do it."""
        if operation == "cell":
            return {}
        error.__traceback__ = None  # what its frames hold is not to live as long
        return {"object": Encoder(self._limits, self._objects.keep).encode(error)}

    @staticmethod
    def _flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(BaseException):  # they may be the student's own by now
                stream.flush()

    def _on_interrupt(self, _signal: int, _frame: FrameType | None) -> None:
        if self._in_cell:
            raise KeyboardInterrupt

    def do_seed(self, seed: int) -> None:
        """Make ready for a check: state put back, every generator seeded, all kept objects let go."""
        self._state.put_back()
        self._patches.put_back()
        builtins.input = self._functions.input
        random.seed(seed)
        np.random.seed([seed >> shift & 0xFFFFFFFF for shift in range(0, 128, 32)])  # noqa: NPY002 - used unasked
        if (tensors := sys.modules.get("autograder.sandbox.shared.tensors")) is not None:
            tensors.seed(seed)
        self._objects.forget()

    def do_cell(self, name: str, source: str, keeps_state: bool = False) -> None:  # noqa: FBT001, FBT002 - from a frame
        """Run one cell; keep, or put back, what it changes for the whole process."""
        compiler: Any = self._shell.compile
        compiler.cell = name
        self._in_cell = True
        try:
            result = self._shell.run_cell(source, store_history=False)
        finally:
            self._in_cell = False
            compiler.cell = ""
            if keeps_state:
                self._state.keep()
            else:
                self._state.put_back()
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            raise error

    def do_file(self, name: str, content: bytes) -> None:
        """Write a file that was handed in beside the notebook, in the place of the release's."""
        path = Path.cwd() / name
        path.write_bytes(content)
        self._files.add(str(path))

    def do_name(self, name: str) -> object:
        """Return what the notebook calls `name`."""
        if name not in self._shell.user_ns:
            raise _Missing(name)
        return self._shell.user_ns[name]

    def do_put_files(self, folder: str, files: dict[str, bytes], folders: list[str], removed: list[str]) -> None:
        """Have the files of the check's folder here."""
        self._folder.put(Path(folder), files, folders, removed)

    def do_changed_files(self, folder: str) -> tuple[list[str], dict[str, bytes]]:
        """Return the files of the check's folder."""
        return self._folder.changed(Path(folder))

    def do_set_name(self, name: str, value: object) -> None:
        """Have the notebook call something else `name`, until the check is over."""
        self._patches.set_name(name, value)

    def do_put_back_name(self, name: str) -> None:
        """Have the notebook call `name` what it did before the check."""
        self._patches.put_back_name(name)

    def do_attribute(self, target: object, name: str) -> object:
        """Return an attribute."""
        return getattr(target, name)

    def do_call(self, target: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        """Call an object."""
        return target(*args, **kwargs)

    def do_make(self, target: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
        """Call what a check named by its import path; keep here what it made of a class, that is to be changed here."""
        made = target(*args, **kwargs)
        return _Made(made) if type(made) is target and _changes(target) else made

    def do_value(self, target: object) -> object:
        """Return an object by value, where it is data."""
        return target

    def do_call_in_place(
        self, target: Callable[..., object], args: tuple[Any, ...], kwargs: dict[str, Any], places: list[Any]
    ) -> tuple[object, dict[Any, Any], object]:
        """Call an object; return with its answer the arguments that it changed, and which of them the answer is."""
        watched = {place: args[place] if isinstance(place, int) else kwargs[place] for place in places}
        encode = Encoder(self._limits, self._objects.keep).encode
        before = {place: encode(value) for place, value in watched.items()}
        answer = target(*args, **kwargs)
        encode = Encoder(self._limits, self._objects.keep).encode
        changed = {place: value for place, value in watched.items() if encode(value) != before[place]}
        same = next((place for place, value in watched.items() if value is answer), None)
        return None if same is not None else answer, changed, same

    def do_set_attribute(self, target: object, name: str, value: object) -> None:
        """Set an attribute until the check is over."""
        self._patches.set_attribute(target, name, value)

    def do_set_variable(self, name: str, value: str | None) -> None:
        """Set an environment variable until the check is over, or take it away."""
        self._patches.set_variable(name, value)

    def do_change_folder(self, folder: str) -> None:
        """Work in another folder until the check is over."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        os.chdir(folder)

    def do_put_back(self) -> None:
        """Undo what the check has set."""
        self._patches.put_back()

    def do_item(self, target: Any, key: Any) -> object:
        """Return `target[key]`."""
        return target[key]

    def do_length(self, target: Any) -> int:
        """Return the length."""
        return len(target)

    def do_elements(self, target: Any, most: int) -> list[Any]:
        """Return the first elements."""
        return list(itertools.islice(target, most))

    def do_iterator(self, target: Any) -> tuple[object, bool]:
        """Return an iterator over the elements, and whether it is the object itself, which a loop uses up."""
        elements = iter(target)
        return elements, elements is target


def describe(error: BaseException, files: Collection[str] = ()) -> dict[str, Any]:
    """Return an exception as data: kinds of exception, most special first; message; the student's own cell and line.

    `files` are the student's own beside the notebook: of one its name stands for the cell.
    """
    try:
        message = str(error)[:_MAX_TEXT]
    except BaseException:  # noqa: BLE001 - a student's __str__ may do anything
        message = ""
    kind = "raised"
    if isinstance(error, _Missing):
        kind = "missing"
    elif isinstance(error, ProtocolError):
        kind = "unsendable"
    elif isinstance(error, KeyboardInterrupt):
        kind = "interrupted"
    cell, line = _place(error, files)
    names = list(_names(type(error)))
    which = getattr(error, "__check_error__", -1)
    return {
        "kind": kind,
        "types": names,
        "message": message,
        "cell": cell,
        "line": line,
        "of_check": which if type(which) is int else -1,
    }


def _names(kind: type) -> tuple[str, ...]:
    """Return the names of a class and of what it derives from, most special first."""
    return tuple(
        f"{one.__module__}.{one.__qualname__}"[:200] for one in type.__dict__["__mro__"].__get__(kind)[:_MAX_MRO]
    )


def _library_class(kind: type) -> str:
    """Return the import path of the nearest class that no notebook defines, "" where that is `object`."""
    for one in type.__dict__["__mro__"].__get__(kind):
        if one is not object and one.__module__ != "__main__":
            return f"{one.__module__}.{one.__qualname__}"
    return ""


def _is_equal_if_same(kind: type) -> bool:
    """Return whether none but `object` says what instances are equal to."""
    mro = type.__dict__["__mro__"].__get__(kind)
    return next(one for one in mro if "__eq__" in type.__dict__["__dict__"].__get__(one)) is object


def _changes(kind: type) -> bool:
    """Return whether it is a collection or a table, not one of Python's plain kinds, whose instances can be changed."""
    return kind.__module__.partition(".")[0] in ("collections", "pandas") and kind.__hash__ is None


def _place(error: BaseException, files: Collection[str]) -> tuple[str, int]:
    """Return the cell or file, and the line, where the student's own code was last at work, or ("", 0)."""
    if isinstance(error, SyntaxError) and _is_own(error.filename or "", files):
        return Path(str(error.filename)).name, int(error.lineno or 0)
    place = ("", 0)
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if _is_own(trace.tb_frame.f_code.co_filename, files):
            place = (Path(trace.tb_frame.f_code.co_filename).name, trace.tb_lineno)
        trace = trace.tb_next
    return place


def _is_own(name: str, files: Collection[str]) -> bool:
    return name.startswith("<cell ") or name in files


@functools.cache
def _import(path: str) -> object:
    """Return the object at an import path: the longest prefix that is a module, then attributes."""
    parts = path.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        return functools.reduce(getattr, parts[end:], found)
    raise ModuleNotFoundError(path)


def _receive(connection: socket.socket) -> bytearray | None:
    """Return the next frame's body, or None where the other side hung up."""
    header = _read(connection, HEADER.size)
    return header and _read(connection, HEADER.unpack(header)[0])


def _read(connection: socket.socket, size: int) -> bytearray | None:
    content = bytearray(size)
    view = memoryview(content)
    while view:
        count = connection.recv_into(view)
        if not count:
            return None
        view = view[count:]
    return content
