"""Follow a release's README from its archive to the first green check, and time each step.

    python docs/measure/first_green.py parameter_counting lenet --report docs/measure/first_green.md

In an empty folder, with Python's venv and pip, as the README says: the packages come from the package index, some
gigabytes of them; `--uv` takes what uv has in its cache instead. JupyterLab is the one that was installed, in headless
chromium. MNIST is this repository's, linked. `--pictures FOLDER` keeps a picture of each step; exit code 1 where one
does not go as the README says.
"""

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
UV = shutil.which("uv") or Path(sys.executable).with_name("uv")
sys.path.insert(0, str(ROOT / "tests" / "autograder"))

from lab_browser import QUIET, Lab, Notebook, answer  # noqa: E402 - after its path

from autograder.authoring.archive import pack  # noqa: E402


class Steps:
    """Name steps and the seconds that each took."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, float]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is inside."""
        began = time.monotonic()
        yield
        self.rows.append((name, time.monotonic() - began))
        print(f"  {self.rows[-1][1]:7.1f} s  {name}", flush=True)


def main() -> int:
    """Go the way for each assignment; print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignments", nargs="+")
    parser.add_argument("--uv", action="store_true", help="install with uv instead of pip")
    parser.add_argument("--report", type=Path, help="write the tables there")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="write what is seen on the way there")
    options = parser.parse_args()
    text = ["# From the archive to the first green check", ""]
    command = " ".join(["python docs/measure/first_green.py", *options.assignments, *(["--uv"] if options.uv else [])])
    text += [f"By `{command}`, without the time to think."]
    for name in options.assignments:
        print(name)
        with tempfile.TemporaryDirectory(prefix="first-green-") as folder:
            rows = follow(name, Path(folder), options.pictures, uv=options.uv)
        total = sum(seconds for _, seconds in rows)
        text += ["", f"## {name}", "", "| step | seconds |", "|---|--:|"]
        text += [f"| {step} | {seconds:.1f} |" for step, seconds in [*rows, ("**together**", total)]]
    print("\n".join(text))
    if options.report:
        options.report.write_text("\n".join(text) + "\n", encoding="utf-8")
    return 0


def follow(name: str, folder: Path, pictures: Path | None, *, uv: bool) -> list[tuple[str, float]]:
    """Go from the archive to the first green check; return each step's name and seconds."""
    release, steps = ROOT / "release" / name, Steps()
    files = {path.relative_to(release): path.read_bytes() for path in release.rglob("*") if path.is_file()}
    (folder / f"{name}.zip").write_bytes(pack(name, files))
    work = folder / name
    with steps.step("unpack the archive"):
        subprocess.run([sys.executable, "-m", "zipfile", "-e", f"{name}.zip", "."], cwd=folder, check=True)
    (work / "data").symlink_to(ROOT / "data")
    with steps.step("`python -m venv .venv`"):
        subprocess.run([sys.executable, "-m", "venv", ".venv"], cwd=work, check=True)
    inside = work / ".venv" / "bin"
    pip = [UV, "pip", "install", "--python", inside / "python"] if uv else [inside / "pip", "install"]
    with steps.step(f"`{'uv ' if uv else ''}pip install -r requirements.txt`"):
        subprocess.run([*pip, "--quiet", "-r", "requirements.txt"], cwd=work, check=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=QUIET)
        with steps.step(f"`jupyter lab {name}.ipynb`, until its server answers"):
            server, address = start(inside, work, name)
        try:
            with Lab(address, browser).open(f"{name}.ipynb") as notebook:
                solve_first(name, notebook, steps, pictures)
        finally:
            server.terminate()
            server.wait(timeout=30)
            browser.close()
    return steps.rows


def start(inside: Path, work: Path, name: str) -> tuple["subprocess.Popen[bytes]", str]:
    """Start JupyterLab as the README says, but without a browser of its own; return it once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    quiet = ["--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=", "--expose-app-in-browser"]
    home = {"HOME": str(work.parent), "PATH": f"{inside}:{os.environ['PATH']}"}
    server = subprocess.Popen(
        [inside / "jupyter", "lab", f"{name}.ipynb", *quiet],
        cwd=work,
        env={**os.environ, **home},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address, deadline = f"http://127.0.0.1:{port}", time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}/api", timeout=5).close()  # noqa: S310 - this machine's own
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return server, address
    server.kill()
    raise SystemExit(f"{name}: JupyterLab did not answer within two minutes.")


def solve_first(name: str, notebook: Notebook, steps: Steps, pictures: Path | None) -> None:
    """Run the cells before the first question, its check while it is blank, and again once it is answered."""

    def look(what: str) -> None:
        if pictures:
            pictures.mkdir(parents=True, exist_ok=True)
            notebook.page.screenshot(path=pictures / f"{name}-{what}.png")

    sources = notebook.sources()
    check = next(index for index, source in enumerate(sources) if source.startswith("grader.check("))
    question = sources[check].split('"')[1]
    stub = next(index for index, source in enumerate(sources) if f"`{question}` is not written yet" in source)
    first, *others = [index for index in notebook.code_cells() if index < stub]
    look("opened")
    with steps.step("the first cell: “All is here.”"):
        expect(name, "All is here." in notebook.run(first), "the first cell says that all is here")
    look("first-cell")
    with steps.step(f"the {len(others)} code cells up to `{question}`"):
        for index in others:
            notebook.run(index, seconds=300)
    look("before-the-question")
    with steps.step("the check, before anything is written"):
        notebook.run(stub)
        said = notebook.run(check)
    look("blank")
    expect(name, "fill in its cell and run it" in said, "the check of a blank answer says so")
    with steps.step("the check, of the answer: green"):
        notebook.write(stub, answer(name, question))
        notebook.run(stub)
        said = notebook.run(check)
    look("green")
    expect(name, f"{question} passed!" in " ".join(said.split()), "the answer is green")


def expect(name: str, holds: bool, what: str) -> None:
    """Raise SystemExit where something that the README promises is not so."""
    if not holds:
        raise SystemExit(f"{name}: not so: {what}.")


if __name__ == "__main__":
    raise SystemExit(main())
