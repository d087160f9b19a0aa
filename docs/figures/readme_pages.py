"""Take README's pictures of a feedback page and of the class report, from the sample class.

    python docs/figures/readme_pages.py

Grades the sample class in one assignment (a minute), and needs chromium.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
FIGURES = Path(__file__).parent
ASSIGNMENT = "parameter_counting"
STUDENT, QUESTION = "chen", "#question-6"
WIDTH, HEIGHT = 760, 600
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")


def take(browser: Browser, path: Path, picture: Path, begin: str = "body") -> None:
    """Write a picture of a page from one of its elements on."""
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(path.as_uri())
    page.eval_on_selector(begin, "element => element.scrollIntoView()")
    page.screenshot(path=picture)
    page.close()


def main() -> None:
    """Grade, write the pages, and take the pictures."""
    with tempfile.TemporaryDirectory() as folder:
        results = ["--results", folder, "--course", str(ROOT)]
        secret = {**os.environ, "AUTOGRADER_SECRET": secrets.token_hex(32)}
        submissions = ["--submissions", str(ROOT / "examples" / "class")]
        for command in (
            ["grade", ASSIGNMENT, *submissions, *results],
            ["report", ASSIGNMENT, *results],
            ["feedback", ASSIGNMENT, "--student", STUDENT, *results],
        ):
            subprocess.run([sys.executable, "-m", "autograder", *command], env=secret, check=True)
        written = Path(folder) / ASSIGNMENT
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            take(browser, written / "report.html", FIGURES / "class_report.png")
            take(browser, written / "feedback" / f"{STUDENT}.html", FIGURES / "feedback_page.png", QUESTION)
            browser.close()


if __name__ == "__main__":
    main()
