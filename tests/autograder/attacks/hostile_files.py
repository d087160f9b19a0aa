"""Hostile files: what stands in the place of a notebook. Each writer is given the notebook's path, whose folder is there."""

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tiny_course import RIGHT, notebook
from tiny_course import answers as both_answers

Writer = Callable[[Path], object]


def answers(double: str) -> list[dict[str, Any]]:
    return both_answers(double, "answer = 0")


def raw(content: bytes) -> Writer:
    return lambda path: path.write_bytes(content)


def document(**changes) -> Writer:
    return lambda path: path.write_text(json.dumps({**notebook(*answers(RIGHT)), **changes}))


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(2**33)


def linked_folder(path: Path) -> None:
    """Stand in for the folder of somebody who is right."""
    folder = path.parent
    shutil.rmtree(folder)
    folder.symlink_to(folder.parent.parent / "right-0" / folder.name)


def linked_student(path: Path) -> None:
    student = path.parent.parent
    shutil.rmtree(student)
    student.symlink_to(student.parent / "right-0")


def bomb_of_cells(path: Path) -> None:
    cell = json.dumps(answers(RIGHT)[1])
    path.write_text(json.dumps(notebook())[:-1].replace('"cells": []', f'"cells": [{",".join([cell] * 20_000)}]') + "}")


def fifo(path: Path) -> None:
    os.mkfifo(path)


def socket_file(path: Path) -> None:
    """Make a socket in place; its address may be no longer than a hundred bytes."""
    with socket.socket(socket.AF_UNIX) as listener, tempfile.TemporaryDirectory() as short:
        listener.bind(f"{short}/socket")
        shutil.move(f"{short}/socket", path)


def forged_name(path: Path) -> None:
    """Stand under a name that would write a line of its own to a terminal that obeyed it."""
    path.with_name("\x1b[2J\nright-0: :skull: [red]0 of 6\u202e.ipynb").write_bytes(b"%PDF")


def undecodable_name(path: Path) -> None:
    path.with_name(os.fsdecode(b"\xff\xfe.ipynb")).write_bytes(b"%PDF")


INVALID: dict[str, Writer] = {
    "nothing": raw(b""),
    "zeros": raw(bytes(10_000)),
    "a-picture": raw(b"\x89PNG\r\n\x1a\n" + os.urandom(1000)),
    "a-pickle": raw(b"\x80\x04\x95\x1e\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."),
    "an-archive": raw(b"PK\x03\x04" + os.urandom(1000)),
    "half-in-another-encoding": raw('{"cells": [], "nbformat": 4, "x": "é"}'.encode("utf-16")[:-9]),
    "a-login-page": raw(b"<!DOCTYPE html><html><form action=/login>" + b"x" * 1000),
    "a-pointer": raw(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n"),
    "a-million-cells": raw(b'{"nbformat": 4, "cells": [' + b"{}," * 1_000_000 + b"{}]}"),
    "millions-of-lists": raw(b"[" + b"[]," * 8_000_000 + b"[]]"),
    "half-a-notebook": raw(json.dumps(notebook(*answers(RIGHT))).encode()[:-50]),
    "a-list": raw(b"[1, 2, 3]"),
    "a-number": raw(b"1e999999"),
    "a-huge-number": raw(b"[" + b"9" * 1_000_000 + b"]"),
    "deep-lists": raw(b"[" * 200_000 + b"]" * 200_000),
    "deep-objects": raw(b'{"a":' * 200_000 + b"1" + b"}" * 200_000),
    "old-format": document(nbformat=3),
    "no-format": document(nbformat="4"),
    "cells-of-text": document(cells="print(1)"),
    "cells-by-name": document(cells={"0": {}}),
    "more-cells-than-anybody-writes": bomb_of_cells,
    "eight-gigabytes-of-nothing": sparse,
    "forty-megabytes-in-a-cell": raw(json.dumps(notebook(*answers(f"text = '{'x' * 40_000_000}'\n{RIGHT}"))).encode()),
    "link-to-the-solution": lambda path: path.symlink_to(path.parents[3] / "solutions" / "tiny" / "tiny.ipynb"),
    "link-to-a-neighbour": lambda path: path.symlink_to(path.parents[2] / "right-0" / "tiny" / "tiny.ipynb"),
    "link-to-a-device": lambda path: path.symlink_to("/dev/zero"),
    "link-to-itself": lambda path: path.symlink_to(path.name),
    "a-folder": lambda path: path.mkdir(),
    "a-pipe-that-nobody-writes": fifo,
    "a-socket": socket_file,
    "a-forged-name": forged_name,
    "an-undecodable-name": undecodable_name,
    "linked-folder": linked_folder,
    "linked-student": linked_student,
}
"""None of these is a notebook: no points, and a reason."""

HARMLESS: dict[str, Writer] = {
    "latin-1": raw('{"cells": [], "nbformat": 4, "x": "é"}'.encode("latin-1")),
    "cells-that-are-none": document(
        cells=[None, 1, "x", [], {}, {"cell_type": "code"}, {"cell_type": "code", "source": 5}]
    ),
    "metadata-of-any-kind": document(
        cells=[
            {**cell, "metadata": {"nbgrader": "yes", "tags": {"a": 1}}, "id": ["x"]} for cell in answers("double = 1")
        ]
    ),
    "a-cell-that-claims-to-be-locked": document(
        cells=[
            {
                **answers("double = 1")[1],
                "metadata": {"nbgrader": {"grade_id": "setup", "locked": True}},
                "source": "answer = 1",
            }
        ]
    ),
    "every-cell-the-same": document(cells=[answers("def double(x): return x")[1]] * 40),
    "surrogates-in-the-source": raw(
        json.dumps(notebook(*answers("x = '\\ud800'"))).replace("\\\\ud800", "\\udc80").encode()
    ),
    "zeros-in-the-source": document(cells=answers("x = 1\0\ny = 2")),
    "magic-cells": document(cells=answers("%%bash\nsleep 0.1; echo $(cat /etc/shadow); kill -9 -1")),
    "another-answer-each-time": document(
        cells=answers("import random\ndef double(x): return random.choice([x * 3, x * 5, None, 'x', [x, x]])")
    ),
    "endless-recursion": document(cells=answers("def double(x): return double(x)")),
    "endless-line": document(cells=answers("x = " + "1 + " * 200_000 + "1")),
    "endless-brackets": document(cells=answers("x = " + "(" * 100_000 + ")" * 100_000)),
}
"""These are notebooks of a kind, and worth nothing."""

FOLDER_NAMES = [
    "$(reboot)",
    "-rf",
    "'; drop table students",
    "a b",
    "Ünïcödé",
    "right-0 ",
    "<script>alert(1)<script>",
    "%s%n",
    "x" * 200,
]
"""Names of students' folders that are names all the same."""
STRANGE_NAMES = [b"new\nline", b"\x1b[31mred", b"\xff\xfe", "a\u202eb".encode(), b"y" * 250]
"""Names that no file or terminal could carry: passed over, and told."""
