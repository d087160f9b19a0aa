"""Run a check in the process that holds the student's notebook, as nbgrader and otter do: to compare, not to grade.

What the checks ask for by fixture is made here from the same sources as when grading, without the walls between.
"""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import Any

from autograder.checks.preparation import Preparation
from autograder.course import load_course

__all__ = ["load_checks", "prepared", "run_check"]


class _Student:
    """The notebook: each attribute is a name that it defines."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace

    def __getattr__(self, name: str) -> Any:
        if name not in self._namespace:
            raise NameError(name)
        return self._namespace[name]


class _Library:
    """Modules by name."""

    def __getattr__(self, name: str) -> ModuleType:
        return importlib.import_module(name)


@cache
def prepared(root: str, assignment: str) -> Preparation:
    """Return what all checks of an assignment share; made once in a process."""
    course = load_course(Path(root))
    return Preparation(course, course.assignment(assignment))


@cache
def _module(path: Path) -> ModuleType:
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _generator(preparation: Preparation, student_id: str, check_id: str) -> object:
    # Only for checks that ask for it: a peer must not pay for what its notebook lacks
    from autograder.checks.context import derive_seed, make_generator  # noqa: PLC0415 - in the kernel, where the checks run

    seed = derive_seed(preparation.secret, preparation.assignment.name, student_id, 1, check_id)
    return make_generator(preparation.course, seed)


def load_checks(path: Path) -> None:
    """Load a file of checks ahead of the first check in it."""
    _module(path)


def run_check(
    root: str, assignment: str, check_id: str, namespace: Mapping[str, Any], student_id: str, *, device: str = "cpu"
) -> None:
    """Run one check against a notebook's namespace; it raises where the check fails."""
    preparation = prepared(root, assignment)
    file, _, name = check_id.partition("::")
    function = getattr(_module(preparation.course.checks_folder(assignment) / file), name)
    worlds: Mapping[str, Callable[[], object]] = {
        "student": lambda: _Student(namespace),
        "library": _Library,
        "reference": lambda: preparation.reference(student_id),
        "rng": lambda: _generator(preparation, student_id, check_id),
        "device": lambda: device,
        "student_id": lambda: student_id,
        **{fixture: partial(preparation.data, fixture) for fixture in preparation.course.loaders()},
    }
    function(**{fixture: worlds[fixture]() for fixture in inspect.signature(function).parameters})
