"""Drive JupyterLab in headless Chromium, as a student does: open a notebook, run cells, read what they show."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

QUIET = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]


ROOT = Path(__file__).parents[2]


def answer(assignment: str, question: str) -> str:
    """Return the solution's source for a question."""
    notebook = json.loads((ROOT / "solutions" / assignment / f"{assignment}.ipynb").read_text())
    return next(
        "".join(cell["source"])
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == question
    )


class Notebook:
    """One open notebook."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def code_cells(self) -> list[int]:
        """Return the positions of the cells that can be run."""
        cells = "[...jupyterapp.shell.currentWidget.content.model.cells].map(c => c.type)"
        return [index for index, kind in enumerate(self.page.evaluate(cells)) if kind == "code"]

    def sources(self) -> list[str]:
        """Return the source of every cell."""
        return self.page.evaluate(
            "[...jupyterapp.shell.currentWidget.content.model.cells].map(c => c.sharedModel.source)"
        )

    def cell(self, text: str) -> int:
        """Return the position of the first cell that holds a text."""
        return next(index for index, source in enumerate(self.sources()) if text in source)

    def write(self, index: int, source: str) -> None:
        """Replace what stands in a cell, by keyboard."""
        self.select(index)
        editor = self.page.locator(f'.jp-Cell[data-windowed-list-index="{index}"] .cm-content')
        editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(source)

    def select(self, index: int) -> None:
        """Make a cell the active one and bring it into view."""
        self.page.evaluate("i => { jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", index)
        self.page.evaluate("i => jupyterapp.shell.currentWidget.content.scrollToItem(i)", index)

    def save(self) -> None:
        """Write the notebook to its file."""
        self.page.evaluate("jupyterapp.shell.currentWidget.context.save()")

    def run(self, index: int, seconds: float = 120) -> str:
        """Run a cell and return the text that it shows."""
        self.select(index)
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")
        self.page.wait_for_function(
            "i => { const c = jupyterapp.shell.currentWidget.content.widgets[i];"
            " return c.model.type !== 'code' || (c.model.executionCount !== null && c.model.executionState !== 'running'); }",
            arg=index,
            timeout=1000 * seconds,
        )
        self.select(index)
        return self.page.locator(f'.jp-Cell[data-windowed-list-index="{index}"] .jp-Cell-outputArea').inner_text()


class Lab:
    """JupyterLab and a browser."""

    def __init__(self, address: str, browser: Browser) -> None:
        self._address = address
        self._browser = browser

    @contextlib.contextmanager
    def open(self, path: str) -> Iterator[Notebook]:
        """Open a notebook by its path in the folder that is served; its kernel ends with it."""
        page = self._browser.new_page(viewport={"width": 1280, "height": 1000})
        page.set_default_timeout(120_000)  # a busy machine answers slowly
        page.goto(f"{self._address}/lab/tree/{path}?reset")
        page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
        page.wait_for_function("jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")
        yield Notebook(page)
        page.evaluate("jupyterapp.shell.currentWidget.sessionContext.shutdown()")
        page.close()


def bare_environment(folder: Path) -> Path:
    """Make an environment as a student has it, with third parties' packages and without this project's; return Python."""
    venv.create(folder, symlinks=True)
    python = folder / "bin" / "python"
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
    # What stands in a .pth file of that folder, as the project itself does, is not followed from here
    (site / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


@contextlib.contextmanager
def serve(folder: Path, python: Path = Path(sys.executable)) -> Iterator[Lab]:
    """Serve a folder with JupyterLab on this machine; notebooks run in a Python."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = folder / ".home"
    kernel = home / "share" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    command = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    (kernel / "kernel.json").write_text(json.dumps({"argv": command, "display_name": "Python 3", "language": "python"}))
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1"),
            *("--IdentityProvider.token=", "--expose-app-in-browser", f"--ServerApp.root_dir={folder}"),
            "--LabApp.news_url=None",
        ],
        env={
            **os.environ,
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home),
            "JUPYTER_PATH": str(home / "share"),
            "OMP_NUM_THREADS": "1",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api", server)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            yield Lab(address, browser)
            browser.close()
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert server.poll() is None, "JupyterLab ended at once"
        with contextlib.suppress(OSError):
            urllib.request.urlopen(address, timeout=5).close()
            return
        time.sleep(0.2)
    raise TimeoutError(address)
