"""One command makes docs/benchmarks.md anew: what is on the page is what its commands print."""

import sys

from tiny_course import REPOSITORY

sys.path.append(str(REPOSITORY / "docs" / "measure"))
import benchmarks

PAGE = """# Page

## Speed

```console
$ measure speed
```

In two rounds:

| way | seconds |
|---|--:|
| ours | 2.0 |

Against the floor: 1.75 of its time.

Some 2.0 seconds, as was said.

| on paper | 8 |
|---|--:|
| ours | 3 |

## Kills

```console
$ kill 50
50 kills, 0 differ
```
"""
PRINTED = [
    "ours …",
    "| way | seconds |",
    "|---|--:|",
    "| ours | 1.5 |",
    "| theirs | 9 |",
    "Against the floor: 1.2 of its time.",
]


def test_tables_lines_and_output_become_what_was_printed_and_nothing_else_changes():
    lines = PAGE.split("\n")
    speed, kills = benchmarks.blocks_of(lines)
    assert (speed.heading, speed.commands) == ("Speed", ["measure speed"])
    assert (kills.heading, kills.commands) == ("Kills", ["kill 50"])
    lines[kills.begins : kills.until] = benchmarks.renewed(lines, kills, ["50 kills, 2 differ"])
    lines[speed.begins : speed.until] = benchmarks.renewed(lines, speed, PRINTED)
    wanted = (
        PAGE.replace("| ours | 2.0 |", "| ours | 1.5 |\n| theirs | 9 |").replace("1.75", "1.2").replace("0 d", "2 d")
    )
    assert "\n".join(lines) == wanted


def test_the_page_is_made_of_commands_that_are_there():
    lines = benchmarks.PAGE.read_text().split("\n")
    blocks = list(benchmarks.blocks_of(lines))
    assert len(blocks) > 15
    for block in blocks:
        assert block.commands, block.heading
        for command in block.commands:
            script = next((word for word in command.split() if word.endswith(".py")), None)
            assert script is None or (REPOSITORY / script).is_file(), command


def test_a_page_that_is_printed_again_is_the_same():
    lines = benchmarks.PAGE.read_text().split("\n")
    for block in benchmarks.blocks_of(lines):
        require_the_same(lines, block)


def require_the_same(lines, block):
    output = [line for line in lines[block.begins : block.ends] if not line.startswith("$ ")]
    tables = [line for line in lines[block.ends : block.until] if line.startswith("|") or not line]
    printed = output or tables
    assert benchmarks.renewed(lines, block, printed) == lines[block.begins : block.until]
