"""Parse the command line, run the command, turn errors into exit codes.

A command is a module of `autograder.commands`: its docstring is the help, its `Options` are the arguments (see
`autograder.options`), its `run` does the work. To add one, write such a module and put its name into COMMANDS, with
an underscore behind it where Python has taken the name (`import_`). `autograder --help` imports all of them and must
not wait for torch: what a command needs to work is imported inside its functions.

`simulate` was written with typer too: as long, but it cannot read `--student A B` or `--peers nbgrader otter`, draws
its own help and error messages, and every command has to list the common options again. So argparse stays, and
`autograder.options` fills it from the types.
"""

import argparse
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from autograder import __version__
from autograder.console import ERR, print_any_character
from autograder.errors import AutograderError, ExitCode
from autograder.extras import how_to_install
from autograder.options import add_arguments, read_options

__all__ = ["COMMANDS", "main"]

COMMANDS = (
    "new",
    "import_",
    "build",
    "validate",
    "check",
    "collect",
    "grade",
    "doctor",
    "accept",
    "bench",
    "simulate",
    "diff",
    "report",
    "similar",
    "feedback",
    "adjust",
    "gradebook",
    "serve",
    "export",
    "gradescope",
)
"""Modules of `autograder.commands`, in the order of `autograder --help`."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 something was found wrong, 2 it could not be done."""
    print_any_character()
    _do_without_iris()
    parsed = _parser().parse_args(arguments)
    try:
        return int(_run(parsed))
    except AutograderError as error:
        if parsed.verbose:
            traceback.print_exc()
        ERR.print(f"autograder: {error}", style="red")
    except KeyboardInterrupt:
        ERR.print("autograder: interrupted; what has a result keeps it, the same command goes on from there.")
    return int(ExitCode.UNUSABLE)


def _do_without_iris() -> None:
    """Keep `import nbformat` from compiling a grammar of IRIs: two seconds, for a format that no schema of ours names.

    jsonschema, which nbformat imports, goes on without it.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type] # None: not to be imported


def _run(parsed: argparse.Namespace) -> ExitCode:
    """Run the command; say of a library that is not there which extra brings it, if one does."""
    try:
        ending: ExitCode = parsed.command.run(read_options(parsed.command.Options, parsed))
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if cure := how_to_install(library):
            raise AutograderError(f"`{parsed.program}` needs {library}, which is not installed; {cure}.") from error
        raise  # a bug of ours
    return ending


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder", description="Write, release and batch-grade assignments.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name in COMMANDS:
        command = import_module(f"autograder.commands.{name}")
        sentence = (command.__doc__ or "").partition("\n")[0]
        text = sentence[:1].lower() + sentence[1:].removesuffix(".")
        subparser = commands.add_parser(name.removesuffix("_"), help=text, description=sentence)
        add_arguments(subparser, command.Options)
        subparser.set_defaults(command=command, program=subparser.prog)
    return parser
