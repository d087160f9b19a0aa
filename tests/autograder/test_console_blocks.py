"""Every console block of the documentation is run, or says that it is an illustration; then its commands exist.

The blocks of a page are run one after the other in a course of their own (`console_course`), with every `$` line as a
command. `<!-- illustration: WHY -->` before a block says that it is not run, `<!-- illustrations: WHY -->` says so of
all blocks below on the page.
"""

import contextlib
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest
from console_course import make_console_course
from tiny_course import REPOSITORY

from autograder import cli
from autograder.console import ERR, OUT

PAGES = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((REPOSITORY / "docs").rglob("*.md")),
    *sorted((REPOSITORY / "data").rglob("*.md")),
]
BLOCK = re.compile(
    r"(?:<!-- illustration: (?P<why>[^>]+) -->\s+)?^(?P<indent> *)```console\n(?P<text>.*?)^ *```$",
    re.MULTILINE | re.DOTALL,
)
ALL_BELOW = re.compile(r"<!-- illustrations: [^>]+ -->")
TARGETS = set(re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE))


@dataclass(frozen=True, kw_only=True)
class Block:
    """One console block of a page."""

    page: Path
    line: int
    text: str
    runs: bool

    @property
    def commands(self) -> list[str]:
        """Return what is typed, without the prompt; a comment behind it is the shell's to leave out."""
        return [line.partition("$ ")[2].strip() for line in self.text.splitlines() if re.match(r" *\w*\$ ", line)]

    @property
    def shown(self) -> list[str]:
        """Return the lines that stand there as printed."""
        return [line for line in self.text.splitlines() if line.strip() and not re.match(r" *\w*\$ ", line)]


def blocks(page: Path) -> list[Block]:
    """Return a page's console blocks."""
    text = page.read_text(encoding="utf-8")
    below = ALL_BELOW.search(text)
    return [
        Block(
            page=page,
            line=text.count("\n", 0, found.start("indent")) + 1,
            text=found["text"],
            runs=not found["why"] and not (below and below.start() < found.start()),
        )
        for found in BLOCK.finditer(text)
    ]


ALL = [block for page in PAGES for block in blocks(page)]
RUN = [page for page in PAGES if any(block.runs for block in blocks(page))]
ILLUSTRATIONS = [block for block in ALL if not block.runs]


def squeezed(text: str) -> str:
    """Return a text with one space wherever there is some."""
    return re.sub(r"\s+", " ", text).strip()


def is_printed(line: str, printed: str) -> bool:
    """Return whether a line stands in what was printed, both squeezed; `…` stands for anything."""
    pattern = ".*".join(map(re.escape, squeezed(line).split("…")))
    return re.search(pattern, printed) is not None


@pytest.fixture(scope="session")
def prepared(tmp_path_factory) -> Path:
    """The course, as each page finds it."""
    return make_console_course(tmp_path_factory.mktemp("console") / "course")


def run(command: str, folder: Path, scratch: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as somebody types it; what it would put into /tmp comes into a folder of the test's.

    A command of ours alone on its line is run in this process, which has loaded already what it needs.
    """
    command = command.replace("/tmp/", f"{scratch}/")
    words = shlex.split(command, comments=True)
    if words[0] == "autograder" and not set(";&|<>") & set("".join(words)):
        return run_here(words[1:], folder)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        cwd=folder,
        env={**os.environ, "PATH": path, "COLUMNS": "120", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


def run_here(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    with (
        contextlib.redirect_stdout(io.StringIO()) as out,
        contextlib.redirect_stderr(io.StringIO()) as err,
        pytest.MonkeyPatch.context() as patch,
        contextlib.chdir(folder),
    ):
        for console in (OUT, ERR):
            patch.setattr(console, "_width", 120)
        try:
            code = cli.main(words)
        except SystemExit as ended:
            code = int(ended.code or 0)
    return subprocess.CompletedProcess(words, code, out.getvalue(), err.getvalue())


@pytest.mark.parametrize("page", RUN, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_what_a_page_says_to_type_can_be_typed(page, prepared, tmp_path):
    """Exit code 1 is a finding, as of `adjust --list`, and no failure."""
    folder = shutil.copytree(prepared, tmp_path / "course")
    (tmp_path / "scratch").mkdir()
    for block in (block for block in blocks(page) if block.runs):
        printed = ""
        for command in block.commands:
            if words := re.match(r"cd (\S+)", command):
                folder /= words[1]
                continue
            done = run(command, folder, tmp_path / "scratch")
            place = f"{page.name}, line {block.line}: {command}"
            assert done.returncode in {0, 1} and "Traceback" not in done.stderr, (
                f"{place}\n{done.stdout}{done.stderr}\nmend it, or say before it: <!-- illustration: WHY -->"
            )
            printed += done.stdout + done.stderr
        for line in block.shown:
            assert is_printed(line, squeezed(printed)), f"{page.name}, line {block.line}: {line}\n{printed}"


def split(line: str) -> list[list[str]]:
    """Return the words of each command in a line of a shell's, without what is done with its output."""
    words = shlex.shlex(line, posix=True, punctuation_chars=True)
    words.whitespace_split = True
    commands: list[list[str]] = [[]]
    for word in words:
        if set(word) <= set(";&|()"):
            commands.append([])
        else:
            commands[-1].append(word)
    told = [list(takewhile(lambda word: word not in {">", ">>"}, words)) for words in commands if words]
    return [words[1:] if words[0] in {"nice", "nohup", "time"} else words for words in told]


@pytest.mark.parametrize("block", ILLUSTRATIONS, ids=lambda block: f"{block.page.name}-{block.line}")
def test_what_an_illustration_names_exists(block):
    for line in block.commands:
        for program, *words in split(line):
            if program.rpartition("/")[2] == "autograder":
                cli._parser().parse_args(words)
            elif program == "make":
                assert {word for word in words if "=" not in word} <= TARGETS, line
            elif program == "python" and words[0].endswith(".py"):
                assert (REPOSITORY / words[0]).is_file(), line


def test_there_are_blocks_of_both_kinds():
    assert len(ALL) == sum(page.read_text(encoding="utf-8").count("```console") for page in PAGES)
    assert len(RUN) > 3 and len(ILLUSTRATIONS) > 10


def test_a_command_that_fails_or_prints_something_else_would_be_seen(tmp_path):
    for command in ("autograder grade nothing-there", "autograder grade", "autograder grade nothing-there | cat"):
        assert run(command, tmp_path, tmp_path).returncode == 2
    assert is_printed("12 submissions to … are in", "12 submissions to mlp are in submitted")
    assert not is_printed("12 submissions to … are in", "11 submissions to mlp are in submitted")
    assert split("time a -x 'b; c' >> d && nohup e | f  # g; h") == [["a", "-x", "b; c"], ["e"], ["f"]]
