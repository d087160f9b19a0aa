"""Stand in for the student's objects: `student.MLP(784, 500, 10)` in a check happens in the student's process.

A handle is local in everything that pytest and assert do behind a check's back (repr, equality, truth, dunder
attributes); only what a check writes down itself (a call, an attribute, an index, an operator, str, len, a loop, with)
goes to the student process. Nothing is ever found equal or greater by code of the student's.
"""

import builtins
import functools
import operator
from collections.abc import Callable, Iterator
from typing import Any, NoReturn, cast

from autograder.checks.arguments_in_place import change_in_place, is_changeable
from autograder.checks.compared_text import CONTAINS_OF_THEIRS, NO_VERDICT, OF_THEIRS, Incomparable, Named
from autograder.checks.error_classes import StudentErrorClass, error_class
from autograder.checks.expect import Mismatch
from autograder.checks.loaded_classes import stand_in_class
from autograder.checks.notebook_run import NotebookRun
from autograder.checks.signatures import SIGNATURE, as_class, plain_class, signature
from autograder.sandbox.shared.protocol import CheckFunction, ImportPath, ProtocolError, RemoteObject, StandIn

__all__ = ["Handle", "Library", "Line", "Student"]

_MOST_ELEMENTS = 100_000
_CLASSES = ("__bases__", "__mro__")
_OWN_NAMES = {
    *("__name__", "__qualname__", "__annotations__", "__dict__", "__version__", "__signature__"),
    *("__abstractmethods__", "__members__", "__defaults__", "__kwdefaults__", "__closure__", "__code__", *_CLASSES),
    *("__cause__", "__context__", "__notes__", "__dataclass_fields__", "__flags__"),
}
"""Dunder names that a check asks for, and nothing else does."""
_CONTAINS_OF_THEIRS = "lambda x: getattr(getattr(type(x), '__contains__', None), '__module__', '') == '__main__'"
_OF_DATA = ("collections.", "pandas.")
"""Where kinds come from that are data, and stay in the student's process where a check has them made there."""
_FIRST_ELEMENTS, _MORE_ELEMENTS, _MOST_AT_ONCE = 16, 4, 4_096
"""How many elements a loop asks for at first, how many times as many the next time, and at most at a time."""


class Line:
    """Send requests, with handles for what stays on the other side."""

    def __init__(self, run: NotebookRun) -> None:
        self._run = run
        self._made_in = run.epoch
        self.told_length: tuple[object, int] | None = None
        """Whose length was asked for last, and what it is said to be; None once anything else was asked."""

    def length_of(self, identity: object) -> int:
        """Return the length that this object was said to have just before, 0 where it was not asked."""
        return self.told_length[1] if self.told_length is not None and self.told_length[0] == identity else 0

    def ask(self, operation: str, *arguments: object) -> Any:
        """Return the answer to a request."""
        if operation not in ("iterator", "elements"):
            self.told_length = None
        return self._run.request(operation, *arguments, keep=self._keep, resolve=self._resolve)

    def call(self, target: object, args: tuple[Any, ...], kwargs: dict[str, Any], *, how: str = "call") -> Any:
        """Call something there; change arguments as it does where the check is marked `in_place`."""
        places = {place: value for place, value in (*enumerate(args), *kwargs.items()) if is_changeable(value)}
        if not (self._run.check.in_place and places):
            return self.ask(how, target, args, kwargs)
        match self.ask("call_in_place", target, args, kwargs, list(places)):
            case (returned, dict(changed), int() | str() | None as same):
                change_in_place(args, kwargs, changed)
                return places.get(same, returned)
        raise Mismatch("A call returns a value.", "none")

    def set_name(self, name: str, value: object) -> None:
        """Have the notebook call something else `name` until the check is over; after that, nothing is left to do."""
        if not self._is_over:
            self.ask("set_name", name, value)

    def put_back_name(self, name: str) -> None:
        """Have the notebook call `name` what it did before the check."""
        if not self._is_over:
            self.ask("put_back_name", name)

    @property
    def _is_over(self) -> bool:
        return not self._run.in_check and self._run.epoch != self._made_in

    def _keep(self, value: object) -> StandIn:
        if isinstance(value, Handle):
            epoch, reference = object.__getattribute__(value, "_identity")
            if epoch != self._run.epoch:
                raise TypeError(f"{value!r} belongs to another check; get it anew in this one")
            return cast("RemoteObject", reference)
        if isinstance(value, StudentErrorClass) and value.handle is not None:
            return self._keep(value.handle)
        if isinstance(value, Library):
            return ImportPath(object.__getattribute__(value, "_path"))
        if (stand_in := self._run.check.functions.stand_in(value)) is not None:
            return stand_in
        raise TypeError(
            f"a {type(value).__name__} cannot be sent to the student's process: where it is a library's, build it "
            "there with `library`, as library.types.SimpleNamespace(name=function); of the check's own, functions can "
            "be sent, mocks, and objects all of whose classes are written beside the checks"
        )

    def _resolve(self, stand_in: StandIn) -> object:
        if isinstance(stand_in, CheckFunction):
            return self._run.check.functions.resolve(stand_in)
        if isinstance(stand_in, RemoteObject):
            if (handle := self._run.check.handles.get(stand_in)) is None:  # the same object is the same here
                handle = _handle_class(stand_in.type_name)(self, (self._run.epoch, stand_in))
                self._run.check.handles[stand_in] = handle
            return _error_class_of(handle, stand_in.classes)
        raise ProtocolError("an import path where an object should be")


_SPECIAL_METHODS = {
    *("__len__", "__iter__", "__next__", "__call__", "__getitem__", "__setitem__", "__delitem__", "__contains__"),
    *("__enter__", "__exit__", "__reversed__", "__int__", "__float__", "__complex__", "__bool__"),
    *("__add__", "__sub__", "__mul__", "__truediv__", "__floordiv__", "__mod__", "__pow__", "__matmul__"),
    *("__radd__", "__rsub__", "__rmul__", "__iadd__", "__neg__", "__pos__", "__abs__", "__invert__"),
    *("__lt__", "__le__", "__gt__", "__ge__"),
}
"""Those that handles have for all, and a check may ask whether the student's object has them."""


class Handle:
    """An object of the student's that is not data."""

    __slots__ = ("_identity", "_line")
    _identity: tuple[int, RemoteObject]
    _line: Line

    def __init__(self, line: Line, identity: tuple[int, RemoteObject]) -> None:
        object.__setattr__(self, "_line", line)
        object.__setattr__(self, "_identity", identity)

    @property  # type: ignore[misc]  # an object's class can be set, a handle's cannot
    def __class__(self) -> type:
        """Say for isinstance of which library's class it is, by what the student's process says; of no kind of data."""
        reference = self._identity[1]
        return stand_in_class(reference.type_name, reference.kind) or type(self)

    @property
    def __doc__(self) -> Any:  # type: ignore[override]
        """Return the docstring of the student's object."""
        return self._line.ask("attribute", self, "__doc__")

    def __getattribute__(self, name: str) -> Any:
        """Ask, where a check writes down a special method itself, as in `hasattr(student.Vector, "__add__")`."""
        if name in _SPECIAL_METHODS:
            return object.__getattribute__(self, "_line").ask("attribute", self, name)
        return object.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        """Return the attribute of the student's object; most dunder names never leave this process."""
        if name.startswith("__") and name not in _OWN_NAMES:
            raise AttributeError(name)
        if name in _CLASSES:
            return self._classes(name)
        if name == "__signature__":
            return signature(Library(self._line, "builtins.eval")(SIGNATURE)(self))
        found = self._line.ask("attribute", self, name)
        if name == "__annotations__" and type(found) is dict:
            return {key: plain_class(value) for key, value in found.items()}
        return found

    def _classes(self, name: str) -> tuple[Any, ...]:
        """Return the bases of a class: those of libraries as this process has them."""
        if not self._identity[1].classes:
            raise AttributeError(name)
        found = self._line.ask("attribute", self, name)
        return tuple(as_class(one) for one in found) if type(found) is tuple else ()

    def __setattr__(self, name: str, value: object) -> None:
        """Set the attribute of the student's object."""
        self._python("builtins.setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        """Delete the attribute of the student's object."""
        self._python("builtins.delattr", self, name)

    def _python(self, path: str, *arguments: Any) -> Any:
        """Call a function of Python's in the student's process."""
        return Library(self._line, path)(*arguments)

    def __mro_entries__(self, _: object) -> NoReturn:
        """Refuse to be derived from."""
        raise TypeError(
            f"a class of the check's cannot derive from {self!r}: have one made there, "
            "library.builtins.type('Name', (student.Base,), {'method': function}), which takes functions of the check's"
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the student's object with plain data, handles and library objects."""
        return self._line.call(self, args, kwargs)

    def __getitem__(self, key: Any) -> Any:
        """Return the student's `object[key]`."""
        return self._line.ask("item", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        """Do the student's `object[key] = value`."""
        self._python("operator.setitem", self, key, value)

    def __delitem__(self, key: Any) -> None:
        """Do the student's `del object[key]`."""
        self._python("operator.delitem", self, key)

    def __contains__(self, value: object) -> bool:
        """Look among the elements; refuse to ask a `__contains__` that the notebook defines for what is not there."""
        if not self._python("builtins.eval", _CONTAINS_OF_THEIRS)(self):
            return any(one is value or one == value for one in self)
        if self._python("builtins.hasattr", self, "__iter__") is True and any(
            one is value or one == value for one in self
        ):
            return True
        raise TypeError(CONTAINS_OF_THEIRS)

    def __reversed__(self) -> Iterator[Any]:
        """Yield the elements in the order that the student's object has for `reversed`."""
        return iter(self._python("builtins.reversed", self))

    def __copy__(self) -> Any:
        """Return a copy that is made in the student's process."""
        return self._python("copy.copy", self)

    def __deepcopy__(self, _: object) -> Any:
        """Return a copy that is made in the student's process."""
        return self._python("copy.deepcopy", self)

    def __reduce_ex__(self, _: object) -> NoReturn:
        """Refuse to be pickled."""
        raise TypeError(f"{self!r} stays in the student's process; pickle it there: library.pickle.dumps(…)")

    def __instancecheck__(self, instance: object) -> bool:
        """Return whether the student's process says that `instance` is one of this class of theirs."""
        return self._python("builtins.isinstance", instance, self) is True

    def __subclasscheck__(self, subclass: object) -> bool:
        """Return whether the student's process says that `subclass` is one of this class of theirs."""
        return self._python("builtins.issubclass", subclass, self) is True

    def __dir__(self) -> list[str]:
        """Return the names that the student's object has."""
        return [name for name in self._python("builtins.dir", self) if isinstance(name, str)]

    def __len__(self) -> int:
        """Return what the student's object says of its length."""
        length = cast("int", self._line.ask("length", self))
        self._line.told_length = (self._identity, length)
        return length

    def __iter__(self) -> Iterator[Any]:
        """Yield the elements, as many as `len` gave where that was just asked for."""
        return self._loop(self._line.length_of(self._identity))  # now: `list` asks for the length before the first

    def _loop(self, expected: int) -> Iterator[Any]:
        """Yield the elements: of an iterator one by one, as it would be used up here; of all else some at a time."""
        elements, is_iterator = self._line.ask("iterator", self)
        wanted, left = 1 if is_iterator else _FIRST_ELEMENTS, _MOST_ELEMENTS
        while found := self._elements(elements, wanted):
            yield from found
            expected -= len(found)
            if len(found) < wanted:
                break
            left -= wanted
            if left <= 0:
                raise Mismatch(f"There must be an end: at most {_MOST_ELEMENTS:,} elements are looked at.", "longer")
            wanted = 1 if is_iterator else min(_MORE_ELEMENTS * wanted, _MOST_AT_ONCE)
        if expected > 0:  # or a check that has looked at the length would have compared nothing
            raise Mismatch("There must be as many elements as its length says.", "shorter")

    def _elements(self, elements: object, wanted: int) -> list[Any]:
        found = self._line.ask("elements", elements, wanted)
        if type(found) is not list or len(found) > wanted:
            raise Mismatch("A loop must have elements.", "none that can be told apart")
        return found

    def __next__(self) -> Any:
        """Return the next element of the student's iterator."""
        for element in self._elements(self, 1):
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

    def __format__(self, form: str) -> str:
        """Name the type, as repr does: what a check writes into a hint is not the student's to choose."""
        return Named(self._identity[1].type_name, lambda: self._python("builtins.format", self, form))

    def __bool__(self) -> bool:
        """Be as true as the student's object says, which could as well be a bool that says it."""
        return self._python("operator.truth", self) is True

    def __eq__(self, other: object) -> bool:
        """Be equal to the same object of the student's; compare data here, and refuse to ask an `__eq__` of theirs."""
        reference = self._identity[1]
        if isinstance(other, Handle) and self._identity == other._identity:
            return True
        if other is None or reference.equal_if_same or reference.classes or isinstance(other, type):
            return False
        if reference.kind.startswith(_OF_DATA):
            value = self._line.ask("value", self)
            if not isinstance(value, Handle):
                return cast("bool", value == other)
        raise Incomparable(f"{self!r}")

    def __hash__(self) -> int:
        """Hash by identity."""
        return hash(self._identity)

    def __repr__(self) -> str:
        """Name the type, as the student process reported it; compared, it is what the student's object says."""
        return Named(self._identity[1].type_name, lambda: self._python("builtins.repr", self))


@functools.lru_cache(maxsize=1000)
def _handle_class(type_name: str) -> type[Handle]:
    """Return the class of handles on objects of a type of that name, so that `type(x).__name__` is theirs."""
    return (
        type(type_name, (Handle,), {"__slots__": (), "__doc__": vars(Handle)["__doc__"]})
        if type_name.isidentifier()
        else Handle
    )


def _error_class_of(handle: Handle, classes: tuple[str, ...]) -> Any:
    """Return what pytest.raises takes where the handle is on a class of exceptions that the notebook defines."""
    if classes and classes[0].startswith("__main__.") and "builtins.Exception" in classes:
        kind = error_class(classes)
        if isinstance(kind, StudentErrorClass):
            kind.handle = handle  # type: ignore[attr-defined]  # of the metaclass
            return kind
    return handle


class Elementwise(Handle):
    """What comparing the student's object with `<` and the like gave: no verdict, as a whole or in part.

    It selects elements of the student's, `x[x > 0]`, alone or joined by `&`, `|`, `^` and `~`.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> NoReturn:
        """Refuse, as `all` and `sum` would be the student's own."""
        if name.startswith("__"):
            raise AttributeError(name)
        raise TypeError(NO_VERDICT)


def _refuse(_self: Elementwise, *_: object) -> NoReturn:
    """Refuse: the student's own object would decide."""
    raise TypeError(NO_VERDICT)


for _name in ("bool", "len", "iter", "next", "getitem", "contains", "call", "int", "float", "complex", "str"):
    setattr(Elementwise, f"__{_name}__", _refuse)


def _is_exception(name: object) -> bool:
    found = getattr(builtins, name, None) if isinstance(name, str) else None
    return isinstance(found, type) and issubclass(found, Exception)


_OF_ELEMENTS = {"lt", "le", "gt", "ge", "and_", "or_", "xor", "invert"}


def _operator(name: str, *, reflected: bool = False) -> Callable[..., Any]:
    """Return the method that has Python's operator of that name work on the student's object."""

    def operate(self: Handle, *others: Any) -> Any:
        values = (*others, self) if reflected else (self, *others)
        if any(isinstance(value, Elementwise) for value in values):
            return _no_verdict(name, *values)
        found = Library(self._line, f"operator.{name}")(*values)
        if isinstance(found, int | float | complex) and not all(isinstance(value, Handle) for value in values):
            raise TypeError(OF_THEIRS.format(name=name))
        return found

    return operate


def _comparison(name: str) -> Callable[[Handle, Any], Any]:
    """Return the method that compares element by element, as tables and columns do; what is data is compared here."""

    def compare(self: Handle, other: Any) -> Any:
        if self._identity[1].kind.startswith(_OF_DATA):
            value = self._line.ask("value", self)
            if not isinstance(value, Handle):
                return getattr(operator, name)(value, other)
        return _no_verdict(name, self, other)

    return compare


def _no_verdict(name: str, *values: Any) -> Elementwise:
    """Return what the operator of that name gives in the student's process, which decides nothing here."""
    line = next(value for value in values if isinstance(value, Handle))._line  # noqa: SLF001 - a handle's
    found = Library(line, f"operator.{name}")(*values) if name in _OF_ELEMENTS else None
    if not isinstance(found, Handle):
        raise TypeError(NO_VERDICT)
    return Elementwise(line, object.__getattribute__(found, "_identity"))


def _conversion(kind: type) -> Callable[[Handle], Any]:
    """Return the method that has Python's own kind of number made of the student's object, as data."""

    def convert(self: Handle) -> Any:
        found = Library(self._line, f"builtins.{kind.__name__}")(self)
        if type(found) is not kind:
            raise TypeError(f"{kind.__name__}() of {self!r} is no {kind.__name__}")
        return found

    return convert


del Handle.__annotations__  # or it would be found in the place of the student's
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
    setattr(Handle, f"__i{_name.strip('_')}__", _operator(f"i{_name.strip('_')}"))
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Handle, f"__{_name}__", _operator(_name))
for _name in ("lt", "le", "gt", "ge"):
    setattr(Handle, f"__{_name}__", _comparison(_name))
for _kind in (int, float, complex):
    setattr(Handle, f"__{_kind.__name__}__", _conversion(_kind))


class Student:
    """The student's notebook: each attribute is a name that it defines."""

    _line: Line

    def __init__(self, run: NotebookRun) -> None:
        object.__setattr__(self, "_line", Line(run))

    def __setattr__(self, name: str, value: object) -> None:
        """Give the notebook's name another value until the check is over: functions that use it find that."""
        self._line.set_name(name, value)

    def __delattr__(self, name: str) -> None:
        """Give the notebook's name the value back that it had before the check."""
        self._line.put_back_name(name)

    def __getattr__(self, name: str) -> Any:
        """Return the object of that name, by value where it is data."""
        if name.startswith("__"):
            raise AttributeError(name)
        return self._line.ask("name", name)


class Library:
    """Library objects in the student's process, by import path: `library.torch.optim.SGD(…)`."""

    __slots__ = ("_line", "_path")
    _line: Line
    _path: str

    def __init__(self, run: NotebookRun | Line, path: str = "") -> None:
        object.__setattr__(self, "_line", run if isinstance(run, Line) else Line(run))
        object.__setattr__(self, "_path", path)

    def __getattr__(self, name: str) -> "Library":
        """Return the path one step further; nothing is asked yet."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Library(self._line, f"{self._path}.{name}".lstrip("."))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call what stands at the path; a table or a collection that is made of its class stays there."""
        return self._line.call(self, args, kwargs, how="make")

    def __repr__(self) -> str:
        """Return the path."""
        return f"<library {self._path}>"
