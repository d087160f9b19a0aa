"""Look at a page in headless Chromium: what it says in its console, what axe-core finds, what is too wide."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from lab_browser import QUIET

NEEDS_CHROMIUM = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium (Debian: apt-get install chromium)"),
]
WIDTHS = (390, 1280)
SERIOUS = {"serious", "critical"}


@dataclass
class Seen:
    """What a browser finds wrong with a page."""

    errors: list[str] = field(default_factory=list)
    """What it says in its console, what it cannot load, what scripts raise."""
    too_wide: int = 0
    """Pixels that have to be scrolled to from left to right."""
    barriers: list[str] = field(default_factory=list)
    """What axe-core calls serious or critical: the rule and where."""
    closed: int = 0
    """Words of folded parts that are not to be seen."""


@contextmanager
def chromium() -> Iterator[Any]:
    """Run a browser until the end of the block."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        yield browser
        browser.close()


def look(browser: Any, url: str, width: int, how: str) -> Seen:
    """Open a page as it looks in `light`, `dark` or `print`, and return what is wrong.

    `browser` may be a context too, which has been let in already.
    """
    seen = Seen()
    page = browser.new_page()
    page.set_viewport_size({"width": width, "height": 844})
    listen(page, seen)
    page.emulate_media(media="print" if how == "print" else "screen", color_scheme="dark" if how == "dark" else "light")
    page.goto(url)
    examine(page, seen)
    page.close()
    return seen


def listen(page: Any, seen: Seen) -> None:
    """Write down from now on what a page says in its console, what it cannot load, what its scripts raise."""
    page.on(
        "console", lambda message: seen.errors.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("requestfailed", lambda request: seen.errors.append(request.url))


def examine(page: Any, seen: Seen) -> None:
    """Write down what is wrong with a page as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    seen.too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    seen.closed = page.evaluate(
        "[...document.querySelectorAll('details pre')].filter(one => !one.checkVisibility()).length"
    )
    for finding in Axe().run(page).response["violations"]:
        if finding["impact"] in SERIOUS:
            places = ", ".join(str(node["target"]) for node in finding["nodes"])
            seen.barriers.append(f"{finding['id']}: {places}")
