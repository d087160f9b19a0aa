"""Options come off the command line with the types that their dataclass declares."""

from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import pytest

from autograder.errors import ConfigError
from autograder.options import (
    Argument,
    CommonOptions,
    Option,
    add_arguments,
    folder,
    not_negative,
    positive,
    read_options,
)


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    name: Annotated[str, Argument(metavar="NAME")]
    others: Annotated[tuple[str, ...], Argument()] = ()
    dry_run: Annotated[bool, Option(short="-n")] = False
    colour: Annotated[Literal["red", "blue"], Option()] = "red"
    shade: Annotated[Literal["light", "dark"] | None, Option()] = None
    some: Annotated[tuple[int, ...], Option(nargs="+")] = (1, 2)
    at_least: Annotated[int | None, Option(parse=positive)] = None
    at_most: Annotated[int, Option(parse=not_negative)] = 9
    output: Annotated[Path | None, folder("out", "where to")] = None
    loud: Annotated[bool, Option(only_one_of="voice")] = False
    quiet: Annotated[bool, Option(only_one_of="voice")] = False


@dataclass(frozen=True, kw_only=True)
class Demanding(CommonOptions):
    assignment: Annotated[str, Option()]


def read(*arguments, options=Options):
    parser = ArgumentParser()
    add_arguments(parser, options)
    return read_options(options, parser.parse_args(arguments))


def test_what_is_not_given_has_its_default():
    assert read("a") == Options(name="a")


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        (["b", "c"], {"others": ("b", "c")}),
        (["--dry-run"], {"dry_run": True}),
        (["-n"], {"dry_run": True}),
        (["--colour", "blue"], {"colour": "blue"}),
        (["--shade", "dark"], {"shade": "dark"}),
        (["--some", "3", "4"], {"some": (3, 4)}),
        (["--at-least", "1"], {"at_least": 1}),
        (["--at-most", "0"], {"at_most": 0}),
        (["--output", "x"], {"output": Path("x")}),
        (["--course", "y", "-v"], {"course": Path("y"), "verbose": True}),
    ],
)
def test_what_is_given_has_the_declared_type(arguments, given):
    assert read("a", *arguments) == Options(name="a", **given)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "required: NAME"),
        (["a", "--colour", "green"], "invalid choice: 'green'"),
        (["a", "--some"], "at least one"),
        (["a", "--some", "x"], "invalid int value"),
        (["a", "--at-least", "0"], "'0' is not a whole number above 0"),
        (["a", "--at-most", "-1"], "'-1' is not a whole number of at least 0"),
        (["a", "--loud", "--quiet"], "not allowed with argument --loud"),
    ],
)
def test_what_cannot_be_read_is_said(arguments, says, capsys):
    with pytest.raises(SystemExit):
        read(*arguments)
    assert says in capsys.readouterr().err


def test_an_option_without_a_default_has_to_be_given(capsys):
    assert read("--assignment", "a", options=Demanding).assignment == "a"
    with pytest.raises(SystemExit):
        read(options=Demanding)
    assert "required: --assignment" in capsys.readouterr().err


def test_the_course_is_the_one_that_is_given_or_around_the_current_folder(course_root, monkeypatch, tmp_path):
    assert CommonOptions(course=course_root).load_course().root == course_root
    (course_root / "deep").mkdir()
    monkeypatch.chdir(course_root / "deep")
    assert CommonOptions().load_course().root == course_root
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError):
        CommonOptions().load_course()
