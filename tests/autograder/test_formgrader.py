"""nbgrader's formgrader in a real browser: a grader types points and words, and our export has them."""

import contextlib
import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradebook_course import graded, make, run
from lab_browser import QUIET

from autograder.cli import main

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium (Debian: apt-get install chromium)"),
]


@contextlib.contextmanager
def server(folder: Path, home: Path) -> Iterator[str]:
    """Serve a gradebook as the guide says; its own folder is where it is started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home.mkdir()
    arguments = ("--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1", "--IdentityProvider.token=")
    process = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", *arguments, "--LabApp.news_url=None"],
        cwd=folder,
        env={
            **os.environ,
            "HOME": str(home),
            "JUPYTER_CONFIG_DIR": str(home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/api"):
                break
            assert process.poll() is None, "the server has ended"
            time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(timeout=30)


def test_what_is_typed_into_formgrader_is_in_our_export(tmp_path, capsys):
    from playwright.sync_api import sync_playwright

    root = make(tmp_path / "course")
    graded(root, "ada")
    assert run(root) == 0
    folder = root / "gradebook" / "tiny"
    before = {path: path.read_bytes() for path in (folder / "autograded").rglob("*.ipynb")}
    with server(folder, tmp_path / "home") as address, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        page = chromium.new_page()
        page.goto(f"{address}/formgrader/gradebook/tiny/tiny")
        page.get_by_role("link", name="Submission #1").click()
        page.wait_for_selector("#words")
        page.wait_for_function("document.querySelector('#check-double').placeholder !== ''")
        assert page.locator("#check-double").get_attribute("placeholder") == "3"
        assert "stolen" not in page.title()
        assert page.locator("script:text('stolen'), img[src=x]").count() == 0
        with page.expect_response(lambda answer: "/api/grade/" in answer.url and answer.request.method == "PUT"):
            page.locator("#words").fill("1.5")
            page.locator("#words").press("Tab")
        with page.expect_response(lambda answer: "/api/comment/" in answer.url and answer.request.method == "PUT"):
            page.locator("#words-comment").fill("Right, but say why.")
            page.locator("#words-comment").press("Tab")
        # The buttons that would run student code, or replace what is here
        for path in ("submission/tiny/ada/autograde", "assignment/tiny/assign", "assignment/tiny/collect"):
            post = (
                "path => fetch(path, {method: 'POST', headers: {'X-XSRFToken': document.cookie.match('_xsrf=([^;]*)')[1]}})"
                ".then(answer => answer.json())"
            )
            refused = page.evaluate(post, f"{address}/formgrader/api/{path}")
            assert refused["success"] is False
            assert refused["log"].startswith("Switched off in a gradebook that `autograder gradebook` wrote")
        chromium.close()
        capsys.readouterr()
        assert run(root) == 2
        assert "is open in formgrader" in " ".join(capsys.readouterr().err.split())
        assert run(root, "--read", "--who", "Eva") == 0
    assert {path: path.read_bytes() for path in before} == before
    assert main(["export", "table", "tiny", "--output", str(tmp_path / "all.csv"), "--course", str(root)]) == 0
    with (tmp_path / "all.csv").open(encoding="utf-8-sig") as file:
        assert {row["total"] for row in csv.DictReader(file)} == {"4.5"}
    assert main(["feedback", "tiny", "--course", str(root)]) == 0
    told = json.loads((root / "results" / "tiny" / "feedback" / "ada.json").read_text())
    assert "Right, but say why." in json.dumps(told)
