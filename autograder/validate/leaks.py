"""Look in what students get for what they must not get: answers, outputs, hidden checks, hidden data, the secret."""

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from autograder.checks.catalogue import Check
from autograder.notebooks import Tag
from autograder.own_notebooks import solution_cells, solution_regions, tags_of
from autograder.validate.hidden_data import Trace

__all__ = ["Hidden", "find_leaks"]

_LONG_LINE = 24
"""Characters from which on a line of code is nobody's but the solution's; shorter ones only leak all together."""
_LONG_TEXT = 30
_LARGE_NUMBER = re.compile(r"(?<![\w.])\d[\d_]{3,}(?![\w.])")
"""Four digits or more: a result, not a size."""
_COMMON = re.compile(r"\s*(?:import |from |@)")
"""Lines of code that say nothing of what they are used for."""


@dataclass(frozen=True, kw_only=True)
class Hidden:
    """What a release must not hold."""

    source: Mapping[str, Any]
    """The instructor's notebook, as JSON."""
    only_solutions: Mapping[Path, bytes]
    """Files of solutions/ that the release has not."""
    checks: Sequence[Check]
    data: Sequence[Trace]
    secret: str
    """Empty where only the demo secret is used."""
    shown: Sequence[str] = ()
    """Lines of the solution that the release shows on purpose."""
    in_files: Mapping[str, str] = field(default_factory=dict)
    """By question the answers in files beside the notebook, as their author wrote them."""

    @property
    def answers(self) -> Mapping[str, str]:
        """All answers by question, with the markers around what is the solution."""
        return {**solution_cells(self.source), **self.in_files}


def find_leaks(release: Mapping[Path, bytes], hidden: Hidden) -> list[str]:
    """Return one sentence for each thing found; `release` holds the files by relative path."""
    texts = {path: text for path, content in release.items() if (text := _text(path, content)) is not None}
    return [
        *_outputs(release),
        *_solution_lines(texts, hidden),
        *_solution_numbers(texts, hidden),
        *_explanations(texts, hidden),
        *_hidden_checks(texts, hidden.checks),
        *_data(release, hidden),
    ]


def _text(path: Path, content: bytes) -> str | None:
    """Return what can be read in a file: of a notebook the cells, None of what is no text."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if path.suffix != ".ipynb":
        return text
    return "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])


def _outputs(release: Mapping[Path, bytes]) -> Iterator[str]:
    for path, content in release.items():
        if path.suffix == ".ipynb":
            for number, cell in enumerate(json.loads(content)["cells"], 1):
                if cell.get("outputs") or cell.get("execution_count"):
                    yield f"{path}, cell {number} holds an output."


def _solution_lines(texts: Mapping[Path, str], hidden: Hidden) -> Iterator[str]:
    for question, source in hidden.answers.items():
        for region in solution_regions(source):
            stripped = [line.strip() for line in region.text.splitlines()]
            lines = [line for line in stripped if line and not line.startswith("#")]
            long = [line for line in lines if len(line) >= _LONG_LINE and line not in hidden.shown]
            whole = "\n".join(lines)
            for path, text in texts.items():
                plain = "\n".join(line.strip() for line in text.splitlines())
                for line in long:
                    if line in plain:
                        yield f"{path} shows a line of the solution of {question}: `{line}`."
                if not long and whole and not set(lines) <= set(hidden.shown) and f"\n{whole}\n" in f"\n{plain}\n":
                    yield f"{path} shows the solution of {question}: `{whole}`."


def _solution_numbers(texts: Mapping[Path, str], hidden: Hidden) -> Iterator[str]:
    for question, source in hidden.answers.items():
        solution = "\n".join(region.text for region in solution_regions(source))
        for number in {match.replace("_", "") for match in _LARGE_NUMBER.findall(solution)}:
            for path, text in texts.items():
                found = re.search(rf"(?<![\w.]){number}(?![\w.])", re.sub(r"(?<=\d)[_,](?=\d)", "", text))
                if found and number not in hidden.shown:
                    yield f"{path} shows the number {number}, which the solution of {question} holds."


def _explanations(texts: Mapping[Path, str], hidden: Hidden) -> Iterator[str]:
    """Look for what goes to solutions/ only: whole cells' lines, and files by name."""
    secrets = [
        (line.strip(), f"cell {number} of the source, which is for solutions only")
        for number, cell in enumerate(hidden.source["cells"], 1)
        if Tag.SOLUTION_ONLY in tags_of(cell)
        for line in "".join(cell["source"]).splitlines()
    ]
    secrets += [
        (line.strip(), str(path))
        for path, content in hidden.only_solutions.items()
        for line in (_text(path, content) or "").splitlines()
        if not _COMMON.match(line)
    ]
    for path, text in texts.items():
        for line, origin in secrets:
            if len(line) >= _LONG_TEXT and line in text and line not in hidden.shown:
                yield f"{path} shows a line of {origin}: `{line[:80]}`."


def _hidden_checks(texts: Mapping[Path, str], checks: Sequence[Check]) -> Iterator[str]:
    public = "\n".join(text for path, text in texts.items() if path.parts[0] == "tests")
    for check in checks:
        if check.public:
            continue
        name = check.function.__name__
        for path, text in texts.items():
            if re.search(rf"\b{name}\b", text):
                yield f"{path} names the hidden check {name}."
        strings = {text for text in _strings(check) if len(text) >= _LONG_TEXT and text not in public}
        for path, text in texts.items():
            for string in strings:
                if string in text:
                    yield f"{path} shows a text of the hidden check {name}: `{string[:80]}`."


def _strings(check: Check) -> set[str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(check.function)))
    return {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def _data(release: Mapping[Path, bytes], hidden: Hidden) -> Iterator[str]:
    """Look for hidden data, byte by byte, and for names that promise it."""
    names = {"hidden", *(trace.file for trace in hidden.data if trace.file)}
    for path, content in release.items():
        if any(name in path.name for name in names):
            yield f"{path}: the name promises hidden data."
        for trace in hidden.data:
            if any(piece in content for piece in trace.pieces):
                yield f"{path} holds a part of {trace.origin}, which is hidden."
        if hidden.secret and hidden.secret.encode() in content:
            yield f"{path} holds the secret that hidden inputs derive from."
