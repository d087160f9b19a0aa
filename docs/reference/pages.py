"""Write the pages that say what the code says: commands, configuration, result files, attacks.

    python docs/reference/pages.py

Each page is made of the objects themselves: the parser, the dataclasses of the configuration, docs/result.schema.json,
the attacks of tests/autograder/attacks and the controls that show them to succeed without their wall.
"""

import ast
import inspect
import json
import sys
from argparse import Action, ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from autograder import cli
from autograder.course import Assignment, Budget, Course, Dataset, LatePolicy
from autograder.errors import ExitCode
from autograder.result_schema import field_docstrings
from autograder.sandbox.outside.process import Outcome

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests" / "autograder"), str(ROOT / "tests" / "autograder" / "attacks")]

import hostile_code  # noqa: E402 - they lie beside the tests
from controls import CONTROLS, Control, Credulous, SameProcess  # noqa: E402
from hostile_files import FOLDER_NAMES, HARMLESS, INVALID, STRANGE_NAMES  # noqa: E402

COMMAND = "python docs/reference/pages.py"
MADE = f"<!-- made by `{COMMAND}`: change the code, not this page -->"
KINDS = {
    "TRICKS": "Fooling the checks",
    "PROTOCOL": "Lying on the line to the checks",
    "ENDINGS": "Ending, or never ending",
    "HOST": "Reaching the host, the course, other students",
    "BOMBS": "Using up the host",
}
SIGNS = {
    "printed": "it says that it got through",
    "canary printed": "it prints a secret of the course's",
    "neighbour ended": "another student's process is gone",
    "process left": "a process of its own outlives it",
    "file left": "a file of its own is left on the host",
    "file changed": "a file of the course's is another one",
}
ENDINGS = {
    Outcome.TIMED_OUT: "the grader never ends",
    Outcome.EXITED: "the grader's process exits",
    Outcome.SIGNALLED: "the grader's process crashes",
    Outcome.BAD_ANSWER: "the grader cannot read what comes any more",
}


def cell(text: object) -> str:
    """Return what stands in one cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def plain(text: object) -> str:
    """Return text in one cell in which nothing is taken for HTML or a heading."""
    return cell(text).replace("<", "&lt;").replace("#", "\\#")


def code(text: object) -> str:
    """Return code in one cell; each line of it on a line of its own."""
    return "<br>".join(map(_code_line, filter(str.strip, str(text).strip().splitlines())))


def _code_line(line: str) -> str:
    """Return a line of code; a bar, which forges and builders escape in code in different ways, by its number."""
    return f"<code>{escape(line).replace('|', '&#124;')}</code>" if "|" in line else f"`{line}`"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Sequence[str]:
    """Return the lines of a table, and an empty one."""
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
        "",
    ]


# Commands


def commands() -> Sequence[str]:
    """Return the page of all commands."""
    lines = [
        "# Commands",
        "",
        MADE,
        "",
        "`autograder COMMAND --help` says the same in a terminal. Options in square brackets may be left out.",
        "",
        *table(
            ["exit code", ""],
            [
                [f"`{code_.value}`", cell(field_docstrings(ExitCode).get(code_.name, "It is done."))]
                for code_ in ExitCode
            ],
        ),
    ]
    for name, parser in subcommands():
        arguments = [action for action in parser._actions if "--help" not in action.option_strings]
        lines += [f"## autograder {name}", "", str(parser.description), "", f"`{usage(parser.prog, arguments)}`", ""]
        lines += table(["", "what it is"], [row(parser, action) for action in arguments])
    return lines


def subcommands() -> Iterator[tuple[str, ArgumentParser]]:
    """Yield each command's parser by the command's name, in the order of `autograder --help`."""
    for action in cli._parser()._actions:
        if isinstance(action.choices, Mapping):
            yield from action.choices.items()


def written(action: Action) -> str:
    """Return an argument as it is written on the command line."""
    name = action.option_strings[-1] if action.option_strings else ""
    if action.nargs == 0:
        return name
    choices = "{" + ",".join(action.choices) + "}" if action.choices else ""
    value = action.metavar or choices or (action.dest.upper() if name else action.dest)
    return f"{name} {value}{' …' if action.nargs in {'*', '+'} else ''}".strip()


def usage(program: str, arguments: Sequence[Action]) -> str:
    """Return the command in one line, what has to be given first."""
    needed = [written(action) for action in arguments if action.required]
    return " ".join([program, *needed, *(f"[{written(action)}]" for action in arguments if not action.required)])


def row(parser: ArgumentParser, action: Action) -> Sequence[str]:
    """Return an argument's row."""
    short = "".join(f"`{name}`, " for name in action.option_strings[:-1])
    told = parser._get_formatter()._expand_help(action) if action.help else ""
    return [f"{short}{code(written(action))}", plain(told)]


# Configuration


def config() -> Sequence[str]:
    """Return the page of all fields of `course_config.py`."""
    lines = [
        "# course_config.py",
        "",
        MADE,
        "",
        "The file defines `course = Course(…)`. Every field is given by its name; one that is unknown, of the wrong",
        "type or out of its range is one sentence with the line that it stands on.",
        "",
    ]
    for kind in (Course, Assignment, LatePolicy, Budget, Dataset):
        lines += [f"## {kind.__name__}", "", inspect.cleandoc(kind.__doc__ or ""), ""]
        lines += table(["field", "type", "default", ""], list(fields(kind)))
    return lines


def fields(kind: type) -> Iterator[Sequence[str]]:
    """Yield a row for each field of a dataclass that an author writes."""
    (definition,) = ast.parse(inspect.getsource(kind)).body
    docstrings = field_docstrings(kind)
    for statement in definition.body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation, value=value) if name != "root":
                told = cell(docstrings.get(name, ""))
                yield [f"`{name}`", code(ast.unparse(annotation)), default_of(value), told]


def default_of(value: ast.expr | None) -> str:
    """Return a field's default as it would be written; a factory as a call of it."""
    match value:
        case None:
            return "must be given"
        case ast.Call(func=ast.Name(id="field"), keywords=[ast.keyword(arg="default_factory", value=factory)]):
            return code(f"{ast.unparse(factory)}()")
    return code(ast.unparse(value))


# Result files


def results() -> Sequence[str]:
    """Return the page of the result file, from its schema."""
    definitions = json.loads((ROOT / "docs" / "result.schema.json").read_text(encoding="utf-8"))["$defs"]
    lines = [
        "# The result file",
        "",
        MADE,
        "",
        "`results/<assignment>/<student>.json` is one `Result`. The same as a JSON Schema:",
        "[result.schema.json](../result.schema.json).",
        "",
    ]
    for name, definition in definitions.items():
        told, _, values = definition.get("description", "").partition(" `")
        lines += [f"## {name}", "", told, ""]
        if "enum" in definition:
            said = dict(one.split("`: ", 1) for one in f" `{values}".split(" `")[1:] if "`: " in one)
            lines += table(["value", ""], [[f"`{one}`", cell(said.get(one, ""))] for one in definition["enum"]])
            continue
        needed = definition.get("required", ())
        rows = [
            [
                f"`{field}`",
                type_of(told),
                "always" if field in needed else code(json.dumps(told.get("default"))),
                cell(told.get("description", "")),
            ]
            for field, told in definition["properties"].items()
        ]
        lines += table(["field", "type", "where it is missing", ""], rows)
    return lines


def type_of(schema: Mapping[str, Any]) -> str:
    """Return the type of a field in words, a record or an enumeration as a link to it."""
    match schema:
        case {"$ref": str(place)}:
            name = place.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": [*kinds]}:
            return " or ".join(map(type_of, kinds))
        case {"const": value}:
            return code(json.dumps(value))
        case {"type": "array", "items": items}:
            return f"list of {type_of(items)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"object of {type_of(values)}"
        case {"type": str(name), "minimum": low}:
            return f"{name}, at least {low}"
        case {"type": str(name)}:
            return name
    return "any"


# Attacks


def attacks() -> Sequence[str]:
    """Return the page of all attacks, with what holds each and how it is seen to succeed without that."""
    lines = [
        "# The attacks",
        "",
        MADE,
        "",
        f"{len(CONTROLS)} hostile notebooks, {len(INVALID)} files that are no notebooks, {len(HARMLESS)} strange",
        f"notebooks and {len(FOLDER_NAMES) + len(STRANGE_NAMES)} strange folders are graded among right submissions,",
        "whose results must not change by a byte; where root runs it, once more as an ordinary user. None earns a",
        "point that its code is not worth, reaches anything of the host's or leaves anything behind",
        "(`pytest tests/autograder/attacks`). What each wall is: [How it works, and what is trusted](trust.md).",
        "",
        "The *control* of an attack is the same code without the wall that holds it: a test sees it succeed there, by",
        "the sign in the last column. Code: `tests/autograder/attacks/hostile_code.py`; controls: `controls.py`",
        "beside it.",
        "",
    ]
    for kind, title in KINDS.items():
        names = list(getattr(hostile_code, kind))
        lines += [f"## {title}", ""]
        lines += table(
            ["attack", "held by", "its control: without that"],
            [[name.replace("-", " "), *control(CONTROLS[name])] for name in names],
        )
    lines += ["## Files that are no notebooks", "", "No points, and a reason in one sentence.", ""]
    lines += [", ".join(name.replace("-", " ") for name in INVALID) + ".", ""]
    lines += ["## Strange notebooks", "", "Graded as what they are: worth nothing.", ""]
    lines += [", ".join(name.replace("-", " ") for name in HARMLESS) + ".", ""]
    return lines


def control(of: Control) -> tuple[str, str]:
    """Return what holds an attack, and by what it is seen to succeed without it."""
    if isinstance(of, Credulous):
        return "answers that are numbered and read with care", "a grader that believes every frame takes its answer"
    if isinstance(of, SameProcess):
        return "checks in a process of their own", same_process(of)
    held = "a watch on memory, locks and output" if "watch" in of.without else ", ".join(dict.fromkeys(of.without))
    return held, SIGNS.get(of.sign, f"{of.sign}: more than the limit")


def same_process(of: SameProcess) -> str:
    """Return what happens where a check is one more cell of the notebook."""
    if of.ends is not None:
        return ENDINGS[of.ends]
    if of.prints:
        return f"{code(ascii(of.prints)[1:-1])} is printed"
    return f"a check passes: {code(of.check.strip().splitlines()[-1])}"


PAGES = {
    ROOT / "docs" / "reference" / "commands.md": commands,
    ROOT / "docs" / "reference" / "config.md": config,
    ROOT / "docs" / "reference" / "results.md": results,
    ROOT / "docs" / "attacks.md": attacks,
}


def text_of(page: Path) -> str:
    """Return what the page is to say."""
    return "\n".join(PAGES[page]())


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(text_of(page), encoding="utf-8")
