"""Nothing that is printed can do more than be seen."""

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console
from rich.table import Table

from autograder.console import PlainConsole, one_line


def printed(*things: object) -> str:
    console = PlainConsole(file=io.StringIO(), width=100, force_terminal=False)
    console.print(*things)
    return console.file.getvalue()


@pytest.mark.parametrize("text", ["[red]alice[/red]", "[/]", ":skull: :smile:", "[link=file:///etc]x[/link]", "a\\[b]"])
def test_text_is_printed_as_it_is(text):
    assert printed(text) == f"{text}\n"


def test_a_cell_and_a_title_of_a_table_are_printed_as_they_are():
    table = Table("[b]student[/b]", title=":skull:")
    table.add_row("[red]:smile:")
    assert all(text in printed(table) for text in ("[b]student[/b]", ":skull:", "[red]:smile:"))


@pytest.mark.parametrize("text", ["\x1b[31mx\x1b]0;title\x07", "x\x9b2J", "x\u202e", "x\x00\x08", "x\udcff"])
def test_nothing_reaches_a_terminal_that_it_would_obey(text):
    table = Table("name")
    table.add_row(text)
    shown = (printed(text) + printed(table) + printed(one_line(text))).replace("\n", "")
    assert shown.isprintable()
    assert "x" in shown


def test_a_name_begins_no_line_of_its_own_in_a_console_of_any_kind():
    console = Console(file=io.StringIO(), width=100)
    console.print(one_line("alice\nFORGED :skull: [red]"))
    assert console.file.getvalue() == "alice FORGED :skull: [red]\n"


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "utf-8"])
def test_an_encoding_without_a_character_ends_nothing(encoding):
    program = """
from autograder.console import OUT, print_any_character
print_any_character()
OUT.print("Zoë 李 \\udcff")
print("end")
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict"},
        check=True,
    )
    assert done.stdout.endswith(b"end\n")
