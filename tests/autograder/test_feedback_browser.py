"""The feedback page in a real browser: on a phone and a laptop, in the light, in the dark and on paper."""

from collections.abc import Iterator
from typing import Any

import feedback_pages
import pytest
from page_looks import NEEDS_CHROMIUM, WIDTHS, chromium, look

pytestmark = NEEDS_CHROMIUM

LOOKS = ("light", "dark", "print")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.mark.parametrize("how", LOOKS)
@pytest.mark.parametrize("width", WIDTHS)
def test_a_page_with_everything_on_it_can_be_read(browser, tmp_path, width, how):
    path = tmp_path / "page.html"
    path.write_text(feedback_pages.page(), encoding="utf-8")
    assert path.stat().st_size < 1_000_000
    found = look(browser, path.as_uri(), width, how)
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
    found = look(browser, path.as_uri(), WIDTHS[0], "light")
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
