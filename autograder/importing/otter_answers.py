"""Turn the cells of an answer of otter's, with `# SOLUTION` and its like, into one with our markers."""

import ast
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from autograder.cell_code import parse
from autograder.errors import BuildError

__all__ = ["Answer", "joined", "read_answer", "without_ignored"]

_SOLUTION = re.compile(r"\s*# ?SOLUTION( NO PROMPT)?\b.*$")
_BEGIN = re.compile(r"\s*# BEGIN SOLUTION( NO PROMPT)?")
_BEGIN_IGNORE = re.compile(r"\s*#\s*BEGIN\s*IGNORE\s*", re.IGNORECASE)
_BEGIN_PLUGIN = re.compile(r".*# BEGIN PLUGIN( EXPORT)?\s*$")
_SEED = "# SEED"


@dataclass(kw_only=True)
class _Part:
    """Lines that students keep, or a part of the answer and what they find in its place."""

    answer: bool
    lines: list[str] = field(default_factory=list)
    prompt: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One cell of an answer."""

    parts: Sequence[_Part]

    @property
    def plain(self) -> str:
        """Return the answer without any marker."""
        return "\n".join(line for part in self.parts for line in part.lines)

    @property
    def prompt(self) -> str:
        """Return what otter hands out."""
        return "\n".join(line for part in self.parts for line in (part.prompt if part.answer else part.lines))

    @property
    def has_markers(self) -> bool:
        """Return whether otter takes anything out of it."""
        return any(part.answer for part in self.parts)

    def marked(self, task: str, prompt: str = "") -> str | None:
        """Return the cell with our markers; None where what is left without the answer would be no Python.

        Each answer has a TODO with the task, and what otter shows in its place, `prompt` first, as a comment.
        """
        lines: list[str] = []
        stub: list[str] = []
        shown = prompt.splitlines()
        for part in self.parts:
            if not part.answer:
                lines += part.lines
                stub += part.lines
                continue
            indent = _indentation(part.lines)
            lines += _todo(indent, task, [*shown, *part.prompt])
            text = "\n".join(part.lines).rstrip().splitlines()
            lines += [f"{indent}### BEGIN SOLUTION", *text, f"{indent}### END SOLUTION"]
            lines += part.lines[len(text) :]
            stub.append(f"{indent}pass")
            shown = []
        try:
            parse("\n".join(lines))
            parse("\n".join(stub))
        except SyntaxError:
            return None
        return "\n".join(lines)

    def marked_whole(self, task: str, prompt: str = "") -> str:
        """Return the cell with our markers around all of it."""
        shown = [*prompt.splitlines(), *(self.prompt.splitlines() if self.has_markers else [])]
        todo = _todo("", task, shown)
        return "\n".join([*todo, "### BEGIN SOLUTION", self.plain.strip("\n"), "### END SOLUTION"])


def joined(answers: Sequence[Answer]) -> Answer:
    """Return the answer of several cells as one cell's, an empty line between them."""
    parts = [part for answer in answers for part in (_Part(answer=False, lines=[""]), *answer.parts)]
    return Answer(parts=parts[1:])


def _indentation(lines: Iterable[str]) -> str:
    return next((line[: len(line) - len(line.lstrip())] for line in lines if line.strip()), "")


def _todo(indent: str, task: str, prompt: Sequence[str]) -> list[str]:
    shown = [line.removeprefix(indent).rstrip() for line in prompt if line.strip() not in ("", "...")]
    if not shown:
        return [f"{indent}# TODO: {task}."]
    return [f"{indent}# TODO: {task}, beginning with", *(f"{indent}#     {line}" for line in shown)]


def read_answer(source: str, place: str) -> Answer:
    """Return what a cell of an answer consists of; raise BuildError where a marker has no partner."""
    reader = _Reader(place)
    for line in source.splitlines():
        reader.read(line)
    return Answer(parts=reader.finished())


class _Reader:
    """Sort the lines of a cell into parts."""

    def __init__(self, place: str) -> None:
        self._place = place
        self._parts: list[_Part] = []
        self._waiting: list[str] = []
        """A prompt above the answer that it belongs to."""
        self._block = ""

    def read(self, line: str) -> None:
        text = line.rstrip()
        if text.endswith(("# BEGIN PROMPT", "# END PROMPT")):
            self._switch("PROMPT", begins=text.endswith("# BEGIN PROMPT"))
        elif self._block == "PROMPT":
            (self._parts[-1].prompt if self._parts and self._parts[-1].answer else self._waiting).append(line)
        elif text.endswith("# END SOLUTION"):
            self._switch("SOLUTION", begins=False)
        elif _BEGIN.match(line):
            self._switch("SOLUTION", begins=True)
            self._answer().prompt += [] if "NO PROMPT" in text else ["..."]
        elif self._block:
            self._parts[-1].lines.append(line)
        elif text.endswith(_SEED) or _SOLUTION.search(line):
            self._read_marked(line)
        else:
            self._read_given(line)

    def finished(self) -> Sequence[_Part]:
        if self._block:
            raise BuildError(f"{self._place}: `# BEGIN {self._block}` has no `# END {self._block}`.")
        if self._waiting:
            self._answer()
        return [part for part in self._parts if part.answer or any(line.strip() for line in part.lines)]

    def _switch(self, kind: str, *, begins: bool) -> None:
        self._block = _switched(self._block, kind, begins=begins, place=self._place)

    def _read_marked(self, line: str) -> None:
        text = line.rstrip()
        kept = _SOLUTION.sub("", text.removesuffix(_SEED).rstrip())
        part = self._answer()
        part.lines.append(kept)
        if not text.endswith((_SEED, "NO PROMPT")):
            part.prompt.append(_shown_for(kept))

    def _read_given(self, line: str) -> None:
        last = self._parts[-1] if self._parts else None
        if last is None or (last.answer and (line.strip() or not last.lines)):
            self._parts.append(_Part(answer=False))
        self._parts[-1].lines.append(line)

    def _answer(self) -> _Part:
        """Return the part of the answer that the next line belongs to, with the prompt that waited for one."""
        if not self._parts or not self._parts[-1].answer:
            self._parts.append(_Part(answer=True))
        self._parts[-1].prompt += self._waiting
        self._waiting.clear()
        return self._parts[-1]


def _switched(block: str, kind: str, *, begins: bool, place: str) -> str:
    """Return which block it is in behind a marker, "" for none."""
    if begins and block:
        raise BuildError(f"{place}: `# BEGIN {kind}` stands inside `# BEGIN {block}`; end that first.")
    if not begins and block != kind:
        raise BuildError(f"{place}: `# END {kind}` has no `# BEGIN {kind}` above it.")
    return kind if begins else ""


def _shown_for(line: str) -> str:
    """Return what otter shows for a line: its target, or dots."""
    text = line.strip()
    indent = line[: len(line) - len(line.lstrip())]
    try:
        [node] = ast.parse(text).body
    except (SyntaxError, ValueError):
        return f"{indent}..."
    if not isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign) or node.value is None:
        return f"{indent}..."
    return indent + text.encode()[: node.value.col_offset].decode() + "..."


def without_ignored(source: str, place: str) -> tuple[str, Sequence[str]]:
    """Return a cell without what otter ignores, and its plugins; and a sentence for what is gone."""
    kept: list[str] = []
    gone: list[str] = []
    block = ""
    for line in source.splitlines():
        text = line.rstrip()
        if text.endswith(("# END IGNORE", "# END PLUGIN")):
            block = _switched(block, text.rpartition(" ")[2], begins=False, place=place)
        elif not block and _BEGIN_IGNORE.match(line):
            block = "IGNORE"
        elif not block and _BEGIN_PLUGIN.match(line):
            block = "PLUGIN"
        elif not block and not text.endswith("# IGNORE"):
            kept.append(line)
            continue
        gone.append(line)
    if block:
        raise BuildError(f"{place}: `# BEGIN {block}` has no `# END {block}`.")
    plugin = any("PLUGIN" in line for line in gone)
    what = "a plugin of otter's, which is not taken over" if plugin else "lines to be ignored, left out as by otter"
    return "\n".join(kept), [f"{place} has {what}."] * bool(gone)
