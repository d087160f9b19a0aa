"""The feedback page in a real browser: on a phone and a laptop, in the light, in the dark and on paper."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import feedback_pages
import pytest
from lab_browser import QUIET

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium (Debian: apt-get install chromium)"),
]

WIDTHS = (390, 1280)
LOOKS = ("light", "dark", "print")
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        yield chromium
        chromium.close()


def look(browser: Any, path: Path, width: int, how: str) -> Seen:
    """Open a page in one of the looks, and return what is wrong."""
    from axe_playwright_python.sync_playwright import Axe

    seen = Seen()
    page = browser.new_page(viewport={"width": width, "height": 844})
    page.on(
        "console", lambda message: seen.errors.append(message.text) if message.type in {"error", "warning"} else None
    )
    page.on("pageerror", lambda error: seen.errors.append(str(error)))
    page.on("requestfailed", lambda request: seen.errors.append(request.url))
    page.emulate_media(media="print" if how == "print" else "screen", color_scheme="dark" if how == "dark" else "light")
    page.goto(path.as_uri())
    seen.too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    seen.closed = page.evaluate(
        "[...document.querySelectorAll('details pre')].filter(one => !one.checkVisibility()).length"
    )
    for finding in Axe().run(page).response["violations"]:
        if finding["impact"] in SERIOUS:
            places = ", ".join(str(node["target"]) for node in finding["nodes"])
            seen.barriers.append(f"{finding['id']}: {places}")
    page.close()
    return seen


@pytest.mark.parametrize("how", LOOKS)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_with_everything_on_it_can_be_read(browser, tmp_path, width, how):
    path = tmp_path / "page.html"
    path.write_text(feedback_pages.page(), encoding="utf-8")
    assert path.stat().st_size < 1_000_000
    found = look(browser, path, width, how)
    assert found.errors == []
    assert found.too_wide == 0
    assert found.barriers == []
    assert (found.closed > 0) is (how != "print")  # on paper nothing can be unfolded


def test_what_is_wrong_with_a_page_is_found(browser, tmp_path):
    broken = (
        '<script>alert(1)</script><img src="http://127.0.0.1:9/none.png">'
        '<p style="color: #eee; background: #fff">pale</p><div style="width: 900px">wide</div></main>'
    )
    path = tmp_path / "page.html"
    path.write_text(feedback_pages.page().replace("</main>", broken), encoding="utf-8")
    found = look(browser, path, WIDTHS[0], "light")
    assert len(found.errors) >= 2
    assert found.too_wide > 400
    assert {barrier.partition(":")[0] for barrier in found.barriers} >= {"color-contrast", "image-alt"}


def test_a_curve_is_named_and_described_to_a_screen_reader(browser, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(feedback_pages.page(), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    plot = page.get_by_role("img", name="Your training loss over 1,173 steps").first
    assert plot.is_visible()
    assert "our solution's ends between" in plot.locator("desc").text_content()
    page.close()
