"""Write down in docs/students.md which packages grading offers, in which versions.

    python docs/measure/environment.py

What is offered stands in course_config.py, the versions in requirements.lock, the Python in pyproject.toml. Nothing
needs to be installed for it but this package.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from autograder.authoring.requirements import NAMED_OTHERWISE
from autograder.course import load_course

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "students.md"
BEGIN, END = "<!-- offered: made by `make environment` -->\n", "<!-- offered: end -->\n"
ALWAYS = ("numpy",)
_LINE = re.compile(r"^([\w.-]+)==(\S+)(?: ; (.*))?$", re.MULTILINE)
_PYTHON = re.compile(r"python_full_version\s*(<|>=)\s*'([\d.]+)'")
_WORDS = {"<": "before", ">=": "from"}


def locked() -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return each package's versions, and for which Pythons each is."""
    versions = defaultdict(list)
    for package, version, marker in _LINE.findall((ROOT / "requirements.lock").read_text()):
        pythons = " ".join(f"{_WORDS[sign]} Python {python}" for sign, python in _PYTHON.findall(marker))
        versions[package.lower()].append((version, pythons))
    return versions


def row(module: str, versions: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """Return a module's line of the table."""
    package = NAMED_OTHERWISE.get(module, module)
    told = (f"{version} ({pythons})" if pythons else version for version, pythons in versions[package.lower()])
    return f"| `import {module}` | {package} | {', '.join(told)} |"


def section() -> str:
    """Return what stands between the markers."""
    course, versions = load_course(ROOT), locked()
    python = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"].removeprefix(">=")
    rows = [row(module, versions) for module in dict.fromkeys((*ALWAYS, *course.libraries, *course.offered))]
    return "\n".join(
        [
            f"Python {python} or newer: write what Python {python} understands.",
            "",
            "| | package | version |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )


def page(text: str) -> str:
    """Return the guide with the section made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{section()}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
