"""Find what pytest would pass over, or notice when grading: unknown marks and fixtures, checks that nobody runs."""

import ast
import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from autograder.checks.marks import NAMES, check_id
from autograder.checks.module_code import ModuleCode
from autograder.checks.plugin import DATA_FIXTURES
from autograder.course import FIXTURES
from autograder.notebooks import EXTRA_CREDIT, NO_EXTRA_CREDIT

__all__ = ["passed_over", "unknown_names"]

_TEST_FILE = re.compile(r"test_.*\.py")
_WORD = re.compile(r"\w+")
_BEGINS = re.compile(r"^(?:tests?|checks?)[-_ ]*|[-_ ]*(?:tests?|checks?)$", re.IGNORECASE)


def unknown_names(item: pytest.Item) -> Iterator[str]:
    """Yield a sentence for each mark of a check, and each parameter, that stands for nothing."""
    marks = [re.split(r"[:(]", line)[0].strip() for line in item.config.getini("markers")]
    for name in dict.fromkeys(mark.name for mark in item.iter_markers()):
        if name not in marks and EXTRA_CREDIT.fullmatch(name):
            yield f"{check_id(item)} is marked {name!r}; {NO_EXTRA_CREDIT}."
        elif name not in marks:
            yield (
                f"{check_id(item)} is marked {name!r}, which means nothing here{_nearest(name, marks)}; write "
                f"one of {', '.join(NAMES)}."
            )
    for name in _unknown_fixtures(item):
        fixtures = _fixtures(item)
        yield (
            f"{check_id(item)} asks for {name!r}, which is no fixture{_nearest(name, fixtures)}; take one of "
            f"{', '.join(fixtures)}."
        )


def passed_over(folder: Path, items: Iterable[pytest.Item]) -> Iterator[str]:
    """Yield a sentence for each check in `folder` that is not among the collected items."""
    collected = {(item.path.name, getattr(item, "originalname", item.name)) for item in items}
    texts = {path: path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.rglob("*.py"))}
    words = Counter(word for text in texts.values() for word in _WORD.findall(text))
    for path, text in texts.items():
        try:
            module = ModuleCode(text)
        except (SyntaxError, ValueError):  # pytest says it, where it matters
            continue
        for name, functions in _meant_as_checks(module, words).items():
            where = f"{path.relative_to(folder)}::{name}"
            if path.parent != folder:
                yield f"{where} is not run from a folder of its own: move the file to {folder.name}/{path.name}."
            elif not _TEST_FILE.fullmatch(path.name):
                yield f"{where} is not run: call the file {_as_test_file(path)}."
            elif not name.startswith("test"):
                yield f"{where} is not run: call it test_{_BEGINS.sub('', name) or name}."
            elif len(functions) > 1:
                yield f"{where} is there twice, and only the last is run; rename one."
            elif (path.name, name) not in collected:
                yield f"{where} is marked as a check, and is not collected: make it a plain function of the file."


def _meant_as_checks(module: ModuleCode, words: Mapping[str, int]) -> dict[str, list[ast.FunctionDef]]:
    """Return the functions of a module that are meant as checks, by name.

    They have a mark `question` of their own, or ask for the student and are neither a fixture nor used: their name is
    there once among the `words` of all files.
    """
    found: dict[str, list[ast.FunctionDef]] = {}
    methods = (
        method for statement in module.statements if isinstance(statement, ast.ClassDef) for method in statement.body
    )
    for statement in (*module.statements, *methods):
        if isinstance(statement, ast.FunctionDef):
            decorators = [ast.unparse(decorator) for decorator in statement.decorator_list]
            marked = any(text.startswith("pytest.mark.question") for text in decorators)
            asks = "student" in {argument.arg for argument in statement.args.args} and words[statement.name] == 1
            if marked or (asks and not any("fixture" in text for text in decorators)):
                found.setdefault(statement.name, []).append(statement)
    return found


def _as_test_file(path: Path) -> str:
    """Return the name that a file of checks should have."""
    return f"test_{_BEGINS.sub('', path.stem) or path.stem}.py"


def _unknown_fixtures(item: pytest.Item) -> Sequence[str]:
    """Return the names that a check asks for and nobody gives."""
    info: Any = getattr(item, "_fixtureinfo", None)  # pytest tells it nowhere else
    if info is None:
        return ()
    callspec: Any = getattr(item, "callspec", None)
    known = {"request", *info.name2fixturedefs, *(callspec.params if callspec else ())}
    return [name for name in info.names_closure if name not in known]


def _fixtures(item: pytest.Item) -> Sequence[str]:
    """Return the names of the fixtures that checks of this course have."""
    of_data = item.config.pluginmanager.get_plugin(DATA_FIXTURES)
    return sorted(FIXTURES | {name for name in vars(of_data or object) if not name.startswith("_")})


def _nearest(name: str, known: Iterable[str]) -> str:
    """Return which of the known names was meant, perhaps; "" where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
