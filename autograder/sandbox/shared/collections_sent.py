"""Make Python's own kinds of collections from data: namedtuples, Counters, defaultdicts.

A namedtuple's class is made here, of its fields' names alone; no class of the other side is ever looked for.
"""

import keyword
import operator
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Self

__all__ = ["DICTS", "FieldsTuple", "as_dict", "as_fields_tuple", "factory_name", "fields_of"]

DICTS = (dict, OrderedDict, defaultdict, Counter)
_FACTORIES: Mapping[str, type] = {kind.__name__: kind for kind in (list, dict, set, int, float, str, tuple, bool)}
_MOST_FIELDS = 100


class FieldsTuple(tuple[Any, ...]):
    """A namedtuple of the other side: a tuple whose items have names."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def _asdict(self) -> dict[str, Any]:
        """Return the items by their names."""
        return dict(zip(self._fields, self, strict=True))

    def _replace(self, **items: Any) -> Self:
        """Return it with other items in the place of these."""
        if unknown := items.keys() - set(self._fields):
            raise ValueError(f"no fields: {sorted(unknown)}")
        return type(self)(items.get(name, item) for name, item in zip(self._fields, self, strict=True))

    def __repr__(self) -> str:
        """Return it as a namedtuple shows itself."""
        return f"{type(self).__name__}({', '.join(f'{name}={item!r}' for name, item in self._asdict().items())})"


def fields_of(value: tuple[Any, ...]) -> list[str] | None:
    """Return the names of a namedtuple's items, None for any other tuple."""
    fields = getattr(type(value), "_fields", None)
    if type(fields) is tuple and len(fields) == tuple.__len__(value) and all(type(name) is str for name in fields):
        return list(fields)
    return None


def as_fields_tuple(name: str, fields: Sequence[Any], items: Iterable[Any]) -> FieldsTuple:
    """Return a namedtuple; raise ValueError where a name is none."""
    return _class(name, tuple(fields))(items)


@lru_cache(maxsize=500)
def _class(name: str, fields: tuple[str, ...]) -> type[FieldsTuple]:
    named = all(type(one) is str and one.isidentifier() and not keyword.iskeyword(one) for one in (name, *fields))
    if not named or any(one.startswith("_") for one in fields) or len(fields) > _MOST_FIELDS:
        raise ValueError("names of a namedtuple that are none")
    if len(set(fields)) < len(fields):
        raise ValueError("names of a namedtuple that are there twice")
    items = {one: property(operator.itemgetter(place)) for place, one in enumerate(fields)}
    return type(name, (FieldsTuple,), {"__slots__": (), "_fields": fields, **items})


def factory_name(value: dict[Any, Any]) -> str:
    """Return the name of a defaultdict's factory, "" where it is none of Python's plain kinds."""
    factory = value.default_factory if isinstance(value, defaultdict) else None
    return next((name for name, kind in _FACTORIES.items() if kind is factory), "")


def as_dict(kind: str, factory: str, items: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return a dict of Python's own kind of that name; raise ValueError where there is none."""
    match kind:
        case "OrderedDict":
            return OrderedDict(items)
        case "defaultdict":
            return defaultdict(_FACTORIES.get(factory), items)
        case "Counter":
            found: Counter[Any] = Counter()
            dict.update(found, items)
            return found
    raise ValueError("a kind of dict that is none")
