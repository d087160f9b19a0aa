"""Say in one sentence what is wrong with `course_config.py`: the line, what Python says of it, what to do."""

import difflib
import re
import sys
import traceback
from pathlib import Path

from autograder.errors import ConfigError

__all__ = ["config_problem"]

_CURES = {
    "ModuleNotFoundError": "install it, or correct the name",
    "NameError": "import it at the top, or correct the name",
    "ZoneInfoNotFoundError": "write a zone such as 'Europe/Berlin'",
    "SyntaxError": "correct that line",
    "SystemExit": "take out what ends Python",
}


def config_problem(path: Path, error: BaseException) -> str:
    """Return the error that running the configuration raised as a sentence that begins with the line at fault."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        line: int | None = error.lineno
    else:
        frames = traceback.extract_tb(sys.exc_info()[2])
        line = next((frame.lineno for frame in reversed(frames) if frame.filename == str(path)), None)
    return f"{path.name}, line {line}: {_sentence(error)}" if line else f"{path.name}: {_sentence(error)}"


def _sentence(error: BaseException) -> str:
    if isinstance(error, ConfigError):
        return str(error)
    if isinstance(error, TypeError) and (sentence := _of_a_call(str(error))):
        return sentence
    kind = type(error).__name__
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{kind}: {text.rstrip('.')}; {_CURES.get(kind, 'correct the value')}."


def _of_a_call(message: str) -> str:
    """Return what is wrong with how one of our classes is called, "" for another message."""
    call = re.match(r"(?P<kind>\w+)(?:\.__init__)?\(\) (?P<what>.*)", message)
    if call is None:
        return ""
    kind, what = call["kind"], call["what"]
    if unknown := re.match(r"got an unexpected keyword argument '(\w+)'", what):
        near = difflib.get_close_matches(unknown[1], _fields(kind), n=1)
        perhaps = f" (did you mean {near[0]!r}?)" if near else ""
        return f"{kind} has no field {unknown[1]!r}{perhaps}; see its fields in autograder/course.py."
    if missing := re.search(r"missing \d+ required .*arguments?: (.*)", what):
        return f"{kind} lacks {missing[1]}; give it."
    if "positional argument" in what:
        return f"{kind} takes its fields by name; write {kind}(name=…, …)."
    return ""


def _fields(kind: str) -> list[str]:
    """Return the names of the fields of one of the classes that a configuration uses."""
    course = sys.modules.get("autograder.course")
    return list(getattr(getattr(course, kind, None), "__dataclass_fields__", ()))
