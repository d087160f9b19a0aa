"""Try the lowest and the newest allowed versions of all libraries on several Pythons; write down what came of it.

    python docs/measure/versions.py --python 3.11 3.12 3.13 --resolution lowest-direct highest

For each of them uv makes an environment with the extras `author` and `torch`; parameter_counting is built in it, the
sample class graded, and each score compared with the expected one. What is tried again replaces its old row in
docs/versions.json, and docs/versions.md is made from that. Downloads several gigabytes for each; the environments are
deleted afterwards. Exit code 1 where one of them fails.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "docs" / "versions.json"
PAGE = ROOT / "docs" / "versions.md"
ASSIGNMENT = "parameter_counting"
EXTRAS = ("author", "torch")
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", "autograder")
Row = Mapping[str, str | float | Mapping[str, str]]


def uv(*words: str | Path) -> list[str]:
    """Return the command for uv, the machine's own or the one beside this Python."""
    beside = Path(sys.executable).with_name("uv")
    return [shutil.which("uv") or str(beside), *map(str, words)]


def run(command: Sequence[str]) -> str:
    """Run a command that belongs to the trial, and return what it prints; raise CalledProcessError where it fails."""
    environment = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    output, both = subprocess.PIPE, subprocess.STDOUT
    return subprocess.run(command, check=True, stdout=output, stderr=both, text=True, env=environment).stdout


def copy_course(folder: Path) -> None:
    """Copy the course, and its sample class for one assignment; the release is built anew."""
    shutil.copy(ROOT / "course_config.py", folder)
    for part in ("source", "tests", "data"):
        shutil.copytree(ROOT / part, folder / part, ignore=LEFT_OUT)
    (folder / "examples").mkdir()
    shutil.copy(ROOT / "examples" / "compare.py", folder / "examples")
    for submission in (ROOT / "examples" / "class").glob(f"*/{ASSIGNMENT}"):
        shutil.copytree(submission, folder / submission.relative_to(ROOT), symlinks=True)


def prove(python: Path, folder: Path) -> str:
    """Build, grade and compare; return the sentence that says how many verdicts are as expected."""
    course = ["--course", str(folder)]
    grade = ["grade", ASSIGNMENT, "--submissions", str(folder / "examples" / "class")]
    for command in (["build", ASSIGNMENT], grade):
        run([str(python), "-m", "autograder", *command, *course])
    printed = run([str(python), str(folder / "examples" / "compare.py"), "--results", str(folder / "results")])
    return printed.strip().splitlines()[-1]


def direct_dependencies() -> set[str]:
    """Return the names of what pyproject.toml asks for, so far as it is tried here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = [*project["dependencies"], *(text for extra in EXTRAS for text in project["optional-dependencies"][extra])]
    return {text.partition(">")[0] for text in texts}


def installed(python: Path) -> dict[str, str]:
    """Return the version of each direct dependency."""
    listed = json.loads(run(uv("pip", "list", "--format", "json", "--python", python, "--quiet")))
    wanted = direct_dependencies()
    return {one["name"]: one["version"] for one in listed if one["name"] in wanted}


def trial(version: str, resolution: str, folder: Path) -> Row:
    """Make the environment and try it; return the row for the table."""
    row: dict[str, str | float | Mapping[str, str]] = {"python": version, "resolution": resolution}
    python, began = folder / "environment" / "bin" / "python", time.monotonic()
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    install = uv("pip", "install", "--quiet", "--python", python)
    try:
        run(uv("venv", "--quiet", "--python", version, folder / "environment"))
        row["python"] = run([str(python), "-c", "import platform; print(platform.python_version())"]).strip()
        only = ["--only-binary", ":all:", "--resolution", resolution]
        run([*install, *only, *extras, "--requirement", str(ROOT / "pyproject.toml")])
        run([*install, "--no-deps", str(ROOT)])
        row["seconds to install"] = round(time.monotonic() - began)
        row["versions"] = installed(python)
        copy_course(folder)
        row["result"] = prove(python, folder)
    except subprocess.CalledProcessError as error:
        row["result"] = f"failed: {' '.join(str(error.stdout).split())[-400:]}"
    return row


def write(rows: Sequence[Row]) -> None:
    """Write the record, and the page with its two tables."""
    RECORD.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    heads = [f"{row['python']}, {row['resolution']}" for row in rows]
    versions = [row.get("versions", {}) for row in rows]
    names = sorted({name for found in versions for name in found})
    lines = [
        "# Versions that were tried",
        "",
        f"`{ASSIGNMENT}` built, and its sample class graded, with the lowest and the newest versions that",
        "pyproject.toml allows and that have wheels for this Python.",
        "Made by [measure/versions.py](measure/versions.py).",
        "",
        "| Python, resolution | what came of it |",
        "|---|---|",
        *(f"| {head} | {row['result']} |" for head, row in zip(heads, rows)),
        "",
        f"| | {' | '.join(heads)} |",
        f"|---|{'---|' * len(rows)}",
        *(f"| {name} | {' | '.join(found.get(name, '') for found in versions)} |" for name in names),
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> int:
    """Try each Python with each resolution."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", nargs="+", default=["3.11", "3.12", "3.13"], help="versions, or paths")
    parser.add_argument("--resolution", nargs="+", default=["lowest-direct", "highest"])
    options = parser.parse_args()
    known = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else []
    rows = {(row["python"], row["resolution"]): row for row in known}
    wrong = False
    for version in options.python:
        for resolution in options.resolution:
            # A folder that the students' user may enter
            with tempfile.TemporaryDirectory(prefix="versions-") as name:
                Path(name).chmod(0o755)
                row = trial(version, resolution, Path(name))
            print(row["python"], resolution, row["result"], flush=True)
            wrong = wrong or "failed" in str(row["result"])
            rows[str(row["python"]), resolution] = row
            write([rows[key] for key in sorted(rows)])
    return int(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
