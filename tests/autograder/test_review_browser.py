"""The review in a real browser: by keyboard alone, for a screen reader, and with answers that would like to run."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import feedback_pages
import gradebook_course
import pytest
from page_looks import NEEDS_CHROMIUM, SERIOUS, chromium
from review_course import answered
from served_course import served

from autograder.cli import main
from autograder.results import read_result, result_path
from autograder.reviewing.amounts import read_amount
from autograder.reviewing.rubric import RubricFile

pytestmark = NEEDS_CHROMIUM

HOSTILE = (
    "</pre></textarea></script><script>document.title='stolen'</script>"
    "<img src=x onerror=\"document.title='stolen'\"><svg onload=\"document.title='stolen'\">"
    "\x1b[31mred\x1b[0m \u202etxt.exe\u202c {{ 7 * 7 }}"
)
OUTPUTS = [
    {"output_type": "display_data", "metadata": {}, "data": {"image/png": feedback_pages.figure()}},
    {"output_type": "display_data", "metadata": {}, "data": {"text/html": HOSTILE, "text/plain": HOSTILE}},
    {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": HOSTILE}},
]


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three who answer the same in words, two otherwise, and one with something to run."""
    root = gradebook_course.make(tmp_path_factory.mktemp("made") / "course")
    for student in ("ada", "bob", "cid"):
        answered(root, student, words="It is doubled.")
    for student in ("dee", "eve"):
        answered(root, student, words="No idea.")
    answered(root, "mallory", words=HOSTILE, double=f"def double(x):\n    return '''{HOSTILE}'''", outputs=OUTPUTS)
    file = RubricFile(course=root, assignment="tiny", question="words")
    for text, comment in (("2", "All of it."), ("-0.5", "No reason."), ("0", "Have another look.")):
        file.add(read_amount(text), comment)
    return root


@pytest.fixture(scope="module")
def address(course: Path) -> Iterator[str]:
    with served(course, "--who", "Tom") as server:
        yield server.url


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


def open_page(browser: Any, address: str, path: str, said: list[str], **context: Any) -> Any:
    """Open a page of the review; what the browser finds wrong with it is said."""
    page = browser.new_context(**context).new_page()
    page.set_default_timeout(120_000)  # a busy machine answers slowly
    page.on("console", lambda message: said.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.goto(address)
    page.goto(f"{address.partition('/?')[0]}/assignments/tiny/review{path}")
    return page


def worth(root: Path, student: str) -> tuple[float, tuple[str, ...]]:
    (record,) = [one for one in read_result(result_path(root / "results", "tiny", student)).by_hand if one.question == "words"]  # fmt: skip
    return record.score, record.comments


def test_a_question_is_reviewed_by_keyboard_alone(browser, address, course, capsys):
    from playwright.sync_api import expect

    said: list[str] = []
    page = open_page(browser, address, "/words", said)

    def press(key: str) -> None:
        page.wait_for_load_state("domcontentloaded")  # the script has run
        page.keyboard.press(key)

    def see(place: str, text: str) -> None:
        expect(page.locator(place)).to_contain_text(text, timeout=30_000)

    expect(page.locator("#keys")).not_to_have_attribute("open", "")
    press("?")
    expect(page.locator("#keys")).to_have_attribute("open", "")
    for key in ("1", "2", "3", "3"):  # the third is chosen, and left again
        press(key)
    press("Enter")
    see("#standing", "= 1.5: All of it. No reason.")
    see("#progress", "3 given")
    assert [worth(course, student) for student in ("ada", "bob", "cid")] == [(1.5, ("All of it.\nNo reason.",))] * 3
    press("n")
    see("main", "Group 2 of 3")
    press("p")
    page.keyboard.type("1")  # in a field it is what is typed, and no item of the rubric
    press("Escape")
    press("c")
    page.keyboard.type("just a jump, n? u")
    expect(page.locator("#points")).to_have_value("1")
    expect(page.locator("#comment")).to_have_value("just a jump, n? u")
    press("Control+Enter")
    see("#standing", "= 1: just a jump, n? u")
    see("#latest", "Last given: 1 to 2 answers")
    press("u")
    see("#latest", "Last given: 1.5 to 3 answers")
    see("main", "Group 2 of 3")
    assert worth(course, "dee") == (0, ())
    press("k")
    see("main", "Group 1 of 3")
    press("j")
    see("main", "Group 2 of 3")
    press("3")
    press("Enter")
    see("#standing", "= 0: Have another look.")
    assert said == []
    capsys.readouterr()
    assert main(["adjust", "tiny", "--list", "--course", str(course)]) == 1
    out = capsys.readouterr().out
    assert "ada, words: = 1.5, counts (Tom" in out
    assert "eve, words: = 0, counts (Tom" in out
    assert "tiny: 5 by hand; 1 need a person." in out
    page.context.close()


@pytest.mark.parametrize("path", ["", "/words", "/double"])
@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_everybody_can_read_and_use_the_pages(browser, address, path, scheme, width):
    from axe_playwright_python.sync_playwright import Axe

    said: list[str] = []
    look = {"viewport": {"width": width, "height": 844}, "color_scheme": scheme, "bypass_csp": True}  # axe is a script
    page = open_page(browser, address, path, said, **look)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found = [one for one in Axe().run(page).response["violations"] if one["impact"] in SERIOUS]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    assert said == []
    page.context.close()


def test_what_a_student_wrote_is_text_and_runs_nowhere(browser, address):
    from playwright.sync_api import expect

    for path in ("/words", "/double"):
        said: list[str] = []
        page = open_page(browser, address, path, said)
        page.locator(".groups a", has_text="</script>").click()
        shown = page.locator("pre.answer").first
        expect(shown).to_contain_text("</pre></textarea></script><script>document.title='stolen'</script><img src=x")
        expect(shown).to_contain_text("red \ufffdtxt.exe\ufffd {{ 7 * 7 }}")
        expect(page).to_have_title(f"{path[1:]} · Review · A tiny assignment")
        content = page.content()
        assert "\x1b" not in content
        assert "\u202e" not in content
        sources = page.locator("script").evaluate_all("scripts => scripts.map(script => script.getAttribute('src'))")
        assert sources
        assert all(source and source.startswith("/static/") for source in sources), "a script that is not ours"
        assert page.locator("svg, img[src=x]").count() == 0
        assert said == []
        if path == "/double":
            assert page.locator("img").evaluate("image => image.complete && image.naturalWidth") == 640
            expect(page.locator("pre.printed").first).to_contain_text("<script>document.title='stolen'</script>")
        page.context.close()
