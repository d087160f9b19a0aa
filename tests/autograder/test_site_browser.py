"""The documentation in a real browser: on a phone and a laptop, in the light and in the dark, with its search."""

import shutil
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from lab_browser import QUIET
from site_builders import BUILDERS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium (Debian: apt-get install chromium)"),
]

LOOKS = {"phone in the dark": (390, "dark"), "laptop in the light": (1280, "light")}
SEEN = ("index.html", "graders.html", "reference/commands.html", "attacks.html")
SERIOUS = {"serious", "critical"}
SEARCH = {"mkdocs": ".md-search__input", "zensical": ".md-search__button"}
"""Where one clicks to search."""


class Quiet(SimpleHTTPRequestHandler):
    """Serve files, and say nothing of it."""

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module", params=BUILDERS)
def served(request, site_of) -> Iterator[tuple[str, str]]:
    """The builder, and the address of the site that it has built."""
    site = site_of(request.param)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield request.param, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("look", LOOKS)
def test_pages_can_be_read(browser, served, look):
    from axe_playwright_python.sync_playwright import Axe

    width, scheme = LOOKS[look]
    page = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
    hosts, errors = set(), []
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.on("console", lambda message: errors.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in SEEN:
        page.goto(f"{served[1]}/{name}", wait_until="networkidle")
        assert page.evaluate("document.body.dataset.mdColorScheme") == {"dark": "slate", "light": "default"}[scheme]
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, name
        found = [one for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
        assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == [], name
    page.close()
    assert errors == []
    assert hosts == {urlsplit(served[1]).netloc}


def test_the_search_finds_a_page(browser, served):
    builder, address = served
    page = browser.new_page(viewport={"width": 1280, "height": 844})
    page.goto(f"{address}/index.html", wait_until="networkidle")
    page.click(SEARCH[builder])
    page.keyboard.type("late policy")
    found = page.locator("a[href*='graders.html?h=late+policy']").first
    found.wait_for()
    found.click()
    page.wait_for_url("**/graders.html*")
    page.close()
