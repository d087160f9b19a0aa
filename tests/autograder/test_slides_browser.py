"""Slides in a real browser, at the size of a projector: nothing is cut off, and nothing shrinks until it is illegible."""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from lab_browser import QUIET

from autograder.authoring.assignment import Tree, build_trees
from autograder.authoring.handout import execute, slides_page
from autograder.course import load_course

ROOT = Path(__file__).parents[2]
COURSE = load_course(ROOT)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium (Debian: apt-get install chromium)"),
]

WIDTH, HEIGHT = 1280, 720
LEAST_ZOOM = 0.75
"""Text of 23 pixels becomes one of 17."""
MEASURE = """() => {
  const slide = Reveal.getCurrentSlide(), seen = [...slide.querySelectorAll("*")].map((one) => one.getBoundingClientRect());
  const zooms = [...slide.children].map((step) => Number(step.style.zoom || 1));
  return {
    begins: slide.innerText.trim().slice(0, 40),
    empty: !slide.innerText.trim() && !slide.querySelector("img"),
    bottom: Math.max(...seen.map((box) => box.bottom)), right: Math.max(...seen.map((box) => box.right)),
    scrolled: [...slide.querySelectorAll("*")].some((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1
      && getComputedStyle(one).display !== "inline"),
    zoom: Math.min(...zooms),
  };
}"""


@dataclass
class Shown:
    """One slide, with all its fragments."""

    begins: str
    empty: bool
    bottom: float
    right: float
    scrolled: bool
    """Whether something in it has to be scrolled from left to right."""
    zoom: float

    def wrong(self) -> list[str]:
        """Return what nobody in the last row could read."""
        found = {
            "nothing on it": self.empty,
            "cut off below": self.bottom > HEIGHT,
            "cut off at the right": self.right > WIDTH or self.scrolled,
            f"shown at {self.zoom:.2f}: split it": self.zoom < LEAST_ZOOM,
        }
        return [f"{self.begins!r}: {what}" for what, holds in found.items() if holds]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        yield chromium
        chromium.close()


def tree(assignment: str) -> Tree:
    return build_trees(COURSE, COURSE.assignment(assignment))[1]


def slides(browser: Any, page_html: str, path: Path) -> list[Shown]:
    """Return what a projector shows of each slide."""
    path.write_text(page_html, encoding="utf-8")
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.goto(path.as_uri())
    page.wait_for_function("Reveal.isReady()")
    shown = []
    for place in page.evaluate("Reveal.getSlides().map((slide) => Reveal.getIndices(slide))"):
        page.evaluate("([h, v]) => Reveal.slide(h, v, 99)", [place["h"], place.get("v", 0)])
        shown.append(Shown(**page.evaluate(MEASURE)))
    page.close()
    return shown


def wrong(shown: list[Shown]) -> list[str]:
    return [sentence for slide in shown for sentence in slide.wrong()]


@pytest.mark.parametrize("assignment", [assignment.name for assignment in COURSE.assignments])
def test_texts_and_code_fit(browser, tmp_path, assignment):
    """Without outputs, which cost minutes: `test_outputs_fit` has those of the assignment that trains nothing."""
    solutions = tree(assignment)
    notebook = nbformat.reads(solutions.files[Path(f"{assignment}.ipynb")].decode(), as_version=4)
    shown = slides(browser, slides_page(notebook, solutions, assignment), tmp_path / "slides.html")
    assert len(shown) > 10
    assert wrong(shown) == []


def test_outputs_fit(browser, tmp_path):
    solutions = tree("parameter_counting")
    with ThreadPoolExecutor() as thread:  # in this one the browser has an event loop running
        notebook = thread.submit(execute, solutions, COURSE).result()
    page = slides_page(notebook, solutions, "parameter_counting")
    assert "parameters (one colour for each layer)" not in page, "the code of plots is hidden"
    shown = slides(browser, page, tmp_path / "slides.html")
    assert wrong(shown) == []
    assert min(slide.zoom for slide in shown) < 1, "slides that are a little too high are shown smaller"


def test_what_does_not_fit_is_found(browser, tmp_path):
    def cell(source: str) -> Any:
        return nbformat.v4.new_markdown_cell(source, metadata={"slideshow": {"slide_type": "slide"}})

    lines = "\n".join(f"- line {number}" for number in range(100))
    texts = ["Right.", f"Too high.\n\n{lines}", f"Too wide.\n\n    {'x = ' * 100}", '<img alt="">', "<p></p>"]
    notebook = nbformat.v4.new_notebook(cells=[cell(text) for text in texts])
    shown = slides(browser, slides_page(notebook, tree("mlp"), "Found"), tmp_path / "slides.html")
    assert [bool(slide.wrong()) for slide in shown] == [False, True, True, False, True]
