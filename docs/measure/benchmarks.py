"""Make docs/benchmarks.md anew: run the commands on the page, and put what they print in its place.

    python docs/measure/benchmarks.py                    # all sections: hours, on a machine that does nothing else
    python docs/measure/benchmarks.py --only empty --only Workers

Behind each block of commands a table becomes the printed one with the same heads, and a line that is a printed one but
for its numbers becomes that one; output within the block is replaced. All else, the sentences that speak of figures
among it, is for whoever runs this. The tree has to be a commit.
"""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
_NUMBER = re.compile(r"\d[\d,.]*")
_MEASURED = re.compile(r"^Measured .*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block of commands, and what stands behind it up to the next block or heading; lines by their numbers."""

    heading: str
    begins: int
    """The block's first line within the fences."""
    ends: int
    """The closing fence."""
    until: int
    commands: Sequence[str]


def blocks_of(lines: Sequence[str]) -> Iterator[Block]:
    """Yield the blocks of commands of a page."""
    heading, opened = "", None
    found: list[tuple[str, int, int]] = []
    borders = [len(lines)]
    for number, line in enumerate(lines):
        if opened is not None and line == "```":
            found.append((heading, opened, number))
            opened = None
        elif line == "```console":
            opened = number + 1
            borders.append(number)
        elif opened is None and line.startswith("## "):
            heading = line.removeprefix("## ")
            borders.append(number)
    for heading, begins, ends in found:
        commands = [line.removeprefix("$ ") for line in lines[begins:ends] if line.startswith("$ ")]
        until = min(border for border in borders if border > ends)
        yield Block(heading=heading, begins=begins, ends=ends, until=until, commands=commands)


def renewed(lines: Sequence[str], block: Block, printed: Sequence[str]) -> list[str]:
    """Return the page's lines from the block to `until`, with what its commands have printed; keep the rest."""
    inside = list(lines[block.begins : block.ends])
    if any(not line.startswith("$ ") for line in inside):
        inside = [*(line for line in inside if line.startswith("$ ")), *printed]
    tables = {_shape(table[0]): table for table in tables_of(printed)}
    same = {_shape(line): line for line in printed if _NUMBER.search(line) and not line.startswith("|")}
    behind: list[str] = []
    rest = list(lines[block.ends : block.until])
    while rest:
        line = rest.pop(0)
        if line.startswith("|") and _shape(line) in tables:
            while rest and rest[0].startswith("|"):
                rest.pop(0)
            behind += tables[_shape(line)]
        else:
            behind.append(same.get(_shape(line), line))
    return inside + behind


def _shape(line: str) -> str:
    """Return a line with a sign for each of its numbers."""
    return _NUMBER.sub("#", line)


def tables_of(printed: Sequence[str]) -> list[list[str]]:
    """Return the Markdown tables among printed lines."""
    tables: list[list[str]] = []
    before = ""
    for line in printed:
        if line.startswith("|"):
            if not before.startswith("|"):
                tables.append([])
            tables[-1].append(line)
        before = line
    return tables


def run(command: str) -> list[str]:
    """Run a command of the page in the repository; return what it prints, and end where it fails."""
    print(f"$ {command}", flush=True)
    began = datetime.now(UTC)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S602 - the page is ours
        command, shell=True, cwd=ROOT, env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{command} ended with {done.returncode}.\n{done.stdout[-2000:]}")
    print(f"  {(datetime.now(UTC) - began).total_seconds():.0f} s", flush=True)
    return done.stdout.rstrip("\n").splitlines()


def commit() -> str:
    """Return the commit that is measured; end where the tree is none."""
    git = ["git", "-C", str(ROOT)]
    changed = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    if changed.strip():
        raise SystemExit(f"The tree is no commit; commit or undo this first:\n{changed}")
    return subprocess.run(
        [*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()


def main() -> None:
    """Run, write the page after each block, and print the sentences to read again."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", action="append", metavar="TEXT", help="blocks whose heading or commands have this text"
    )
    options = parser.parse_args()
    measured = commit()
    headings: dict[str, None] = {}
    number = 0
    while True:
        lines = PAGE.read_text().split("\n")
        blocks = list(blocks_of(lines))
        if number == len(blocks):
            break
        block = blocks[number]
        number += 1
        text = "\n".join([block.heading, *block.commands])
        if options.only and not any(part in text for part in options.only):
            continue
        printed = [line for command in block.commands for line in run(command)]
        lines[block.begins : block.until] = renewed(lines, block, printed)
        PAGE.write_text("\n".join(lines))
        headings[block.heading] = None
    if not options.only:
        line = f"Measured on {datetime.now(UTC):%Y-%m-%d} at commit {measured}."
        PAGE.write_text(_MEASURED.sub(line, PAGE.read_text(), count=1))
    print("\nRead again what these sections say of their figures:", *headings, sep="\n  ")


if __name__ == "__main__":
    main()
