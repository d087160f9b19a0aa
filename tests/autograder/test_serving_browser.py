"""The served pages in a real browser: a batch while it runs, on a phone and a laptop, in the light and in the dark."""

import json
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from page_looks import NEEDS_CHROMIUM, WIDTHS, Seen, chromium, examine, listen, look
from served_course import Served, served
from tiny_course import code, notebook, submit
from tiny_course import numpy_answers as answers

from autograder.cli import main

pytestmark = NEEDS_CHROMIUM

SCRIPT = "<script>document.title = 'REACHED'; top.document.title = 'REACHED'</script>"
PATIENCE = 300_000
"""Milliseconds: a busy machine grades slowly."""
SLOW = "import time\ntime.sleep(1.5)\ndef double(x):\n    return x + x"
PAGES = (
    *("/", "/assignments/tiny", "/assignments/tiny/students/hostile", "/assignments/tiny/report"),
    *("/assignments/tiny/compare", "/assignments/tiny/try", "/assignments/nothing"),
)


@pytest.fixture(scope="module")
def root(built_numpy_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("served") / "course"
    shutil.copytree(built_numpy_course, root, ignore=shutil.ignore_patterns("submitted", "results"))  # of other tests
    submit(root, "hostile", code("setup", f"print({SCRIPT!r})"), *answers(f"def double(x):\n    return {SCRIPT!r}"))
    assert main(["grade", "tiny", "--course", str(root)]) == 0
    return root


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Served]:
    with served(root) as server:
        yield server


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def context(browser: Any, server: Served) -> Iterator[Any]:
    """A browser that has opened the address that was printed."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    page.goto(server.url)
    assert "token" not in page.url
    page.close()
    yield context
    context.close()


@pytest.mark.parametrize("how", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_can_be_read(context, server, width, how):
    for path in PAGES:
        found = look(context, f"http://{server.host}{path}", width, how)
        errors = [text for text in found.errors if "404" not in text or path != "/assignments/nothing"]
        assert (path, errors) == (path, [])
        assert (path, found.too_wide) == (path, 0)
        assert (path, found.barriers) == (path, [])


def test_a_batch_is_started_watched_and_its_result_looked_at(root, context, server):
    submit(root, "slow one", *answers(SLOW))
    submit(root, "slow two", *answers(SLOW))
    submit(root, "no notebook", content=b"%PDF-1.7")
    page, seen = context.new_page(), Seen()
    listen(page, seen)
    page.goto(f"http://{server.host}/assignments/tiny")
    page.get_by_role("button", name="Grade what is new or changed").click()
    page.locator("#live-title", has_text="Grading tiny").wait_for()
    page.get_by_role("button", name="Stop").wait_for()
    page.locator("#live-working", has_text="slow").wait_for()
    examine(page, seen)
    page.locator("#live-title", has_text="Graded tiny: 3 of 3").wait_for()
    assert "it is a PDF" in page.locator("#live-troubles").text_content()
    page.get_by_role("link", name="see the results").click()
    page.get_by_role("link", name="slow one").click()
    frame = page.frame_locator("iframe.page")
    assert "6" in frame.locator("main").text_content()
    seen.errors = [one for one in seen.errors if not one.endswith("/events")]  # left open by a page that was left
    assert seen == Seen()


def test_a_table_is_sorted_and_filtered(context, server):
    page = context.new_page()
    page.goto(f"http://{server.host}/assignments/tiny")
    page.get_by_role("searchbox", name="Show").fill("hostile")
    assert page.locator("#students tbody tr:visible").count() == 1
    page.get_by_role("searchbox", name="Show").fill("")
    page.get_by_role("button", name="Student").click()
    assert page.locator("#students th[aria-sort]").count() == 1


def test_a_notebook_is_dropped_and_no_script_of_it_runs(context, server):
    page = context.new_page()
    page.goto(f"http://{server.host}/assignments/tiny/try")
    content = json.dumps(notebook(*answers(f"def double(x):\n    return {SCRIPT!r}"))).encode()
    page.get_by_label("Drop a notebook here").set_input_files(
        {"name": "tiny.ipynb", "mimeType": "application/json", "buffer": content}
    )
    page.get_by_role("button", name="Grade").click()
    shown = page.frame_locator("iframe.page").locator("main")
    shown.wait_for()
    assert "REACHED" in shown.text_content(), "the text is there"
    assert page.title() != "REACHED"
    assert shown.evaluate("document.title") != "REACHED"


def test_the_policies_stop_what_would_run_without_them(context, server):
    """Put a script where a template had forgotten to escape: here the page's policy is all that holds it."""
    page = context.new_page()
    open_page = f"<title>before</title>{SCRIPT}"
    page.route("**/open", partial(fulfil, open_page, {}))
    page.goto(f"http://{server.host}/open")
    assert page.title() == "REACHED", "without a policy it runs"
    for path in ("/assignments/tiny", "/assignments/tiny/students/hostile/feedback"):
        headers = {"Content-Security-Policy": server.ask(path).headers["content-security-policy"]}
        page.route("**/held", partial(fulfil, open_page, headers))
        page.goto(f"http://{server.host}/held")
        assert page.title() == "before"
        page.unroute("**/held")


def fulfil(body: str, headers: dict[str, str], route: Any) -> None:
    route.fulfill(body=body, content_type="text/html", headers=headers)
