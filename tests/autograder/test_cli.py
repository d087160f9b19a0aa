"""The command line says in one sentence what is wrong, and ends with the exit code that it promises."""

import pkgutil
import subprocess
import sys
from dataclasses import fields
from importlib import import_module
from typing import get_type_hints

import pytest

from autograder import commands
from autograder.cli import COMMANDS, main
from autograder.errors import ExitCode
from autograder.options import CommonOptions


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "lenet"], "no assignment 'lenet'"),
        (["grade", "tiny", "--submissions", "nowhere"], "not a folder"),
        (["build", "lenet"], "no assignment 'lenet'"),
        (["report", "tiny"], "run `autograder grade tiny` first"),
    ],
)
def test_a_call_that_cannot_be_done_ends_with_2_and_one_sentence(course_root, capsys, arguments, says):
    assert main([*arguments, "--course", str(course_root)]) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert "Traceback" not in printed.err


def test_grading_before_building_says_what_to_run(course_root, capsys):
    (course_root / "submitted" / "alice" / "tiny").mkdir(parents=True)
    assert main(["grade", "tiny", "--course", str(course_root)]) == 2
    assert "run `autograder build tiny`" in capsys.readouterr().err


def test_a_traceback_comes_with_v_only(course_root, capsys):
    main(["grade", "lenet", "-v", "--course", str(course_root)])
    assert "Traceback" in capsys.readouterr().err


def test_outside_a_course_the_sentence_says_where_to_go(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 2
    assert "--course DIR" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["bild"], ["grade"], ["grade", "tiny", "--workers", "0"]])
def test_a_call_that_cannot_be_read_ends_with_2(arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_an_interrupted_command_says_how_to_go_on(monkeypatch, capsys):
    def interrupt(_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("autograder.commands.doctor.run", interrupt)
    assert main(["doctor"]) == 2
    assert "the same command goes on" in capsys.readouterr().err


def test_every_command_has_a_module_of_its_own():
    assert sorted(COMMANDS) == sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_runs_with_typed_options_and_returns_an_exit_code(name):
    command = import_module(f"autograder.commands.{name}")
    assert issubclass(command.Options, CommonOptions)
    assert command.Options.__dataclass_params__.frozen
    assert all(field.kw_only for field in fields(command.Options))
    types = get_type_hints(command.Options)
    assert not [field for field, kind in types.items() if "Any" in str(kind) or kind is object]
    assert list(get_type_hints(command.run).values()) == [command.Options, ExitCode]


def imports_of(code, folder):
    """Return the modules that are there after the code, with empty ones in the place of what takes long."""
    for name in ("torch", "pytest"):
        (folder / f"{name}.py").touch()
    show = f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n{code}"
    done = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, cwd=folder, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "arguments", [[], *([name.removesuffix("_")] for name in COMMANDS)], ids=lambda words: " ".join(words) or "all"
)
def test_help_does_not_wait_for_torch(arguments, tmp_path):
    imported = imports_of(f"from autograder.cli import main; main({[*arguments, '--help']})", tmp_path)
    assert "autograder.commands.grade" in imported
    assert not imported & {"torch", "pytest"}


def test_what_waits_for_torch_would_be_noticed(tmp_path):
    assert imports_of("import torch, pytest", tmp_path) >= {"torch", "pytest"}


NOTEBOOKS = "import nbformat; nbformat.validate(nbformat.v4.new_notebook())"


def test_notebooks_are_read_without_a_grammar_of_iris(tmp_path):
    command = f"from autograder.cli import main; main(['build', '--course', {str(tmp_path)!r}]); {NOTEBOOKS}"
    assert {"nbformat", "jsonschema"} <= (imported := imports_of(command, tmp_path))
    assert "lark" not in imported


def test_a_grammar_of_iris_would_be_noticed(tmp_path):
    pytest.importorskip("rfc3987_syntax")
    assert "lark" in imports_of(NOTEBOOKS, tmp_path)


def test_a_release_that_is_out_of_date_is_found(course_root, capsys):
    assert main(["build", "--check", "--course", str(course_root)]) == 1
    assert main(["build", "--course", str(course_root)]) == 0
    assert main(["build", "--check", "--course", str(course_root)]) == 0
    (course_root / "release" / "tiny" / "support.py").write_text("changed")
    assert main(["build", "--check", "--course", str(course_root)]) == 1
    assert "release/tiny/support.py: changed" in capsys.readouterr().out
