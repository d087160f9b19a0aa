"""The documentation builds as a site with either builder, and nothing of it leads nowhere or comes from elsewhere."""

import re
import runpy
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from site_builders import BUILDERS
from tiny_course import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGES = runpy.run_path(str(DOCS / "reference" / "pages.py"))
FETCHED = {
    **dict.fromkeys(("script", "img", "iframe", "source", "video", "audio", "embed", "track", "input"), "src"),
    "object": "data",
}
LINK_FETCHES = {"stylesheet", "icon", "preload", "modulepreload", "preconnect", "dns-prefetch", "manifest", "prefetch"}
MARKDOWN = [
    *(REPOSITORY / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted(DOCS.rglob("*.md")),
]


class Page(HTMLParser):
    """What one page of a site fetches, links to, and can be linked at."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.places |= {values[name] for name in ("id", "name") if name in values}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag in FETCHED and FETCHED[tag] in values:
            self.fetched.append(values[FETCHED[tag]])
        if tag == "link" and LINK_FETCHES & set(values.get("rel", "").split()):
            self.fetched.append(values["href"])
        if "srcset" in values:
            self.fetched += [one.split()[0] for one in values["srcset"].split(",")]
        self.fetched += re.findall(r"""url\(["']?([^"')]+)""", values.get("style", ""))


def elsewhere(address: str) -> bool:
    """Return whether an address names another host."""
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in {"", "data"}


def broken(page: Page, path: Path, root: Path) -> Iterator[str]:
    """Yield each link of a page, or file that it fetches, that leads nowhere within the site."""
    for address in (*page.links, *page.fetched):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_relative_to(root) or not target.is_file():
            yield f"{path.relative_to(root)}: {address}"
        elif parts.fragment and target.suffix == ".html":
            places = Page(target.read_text(encoding="utf-8")).places
            if unquote(parts.fragment) not in places and parts.fragment != "__skip":
                yield f"{path.relative_to(root)}: {address}"


@pytest.fixture(scope="module", params=BUILDERS)
def site(request, site_of) -> Path:
    """The site as one of the builders makes it, where nothing can be fetched."""
    return site_of(request.param)


def test_every_page_is_there(site):
    assert {path.with_suffix(".html").relative_to(DOCS) for path in DOCS.rglob("*.md") if path.stem != "README"} <= {
        path.relative_to(site) for path in site.rglob("*.html")
    }


def test_no_page_fetches_anything_from_another_host(site):
    for path in site.rglob("*.html"):
        page = Page(path.read_text(encoding="utf-8"))
        assert [one for one in page.fetched if elsewhere(one)] == [], path
    for path in site.rglob("*.css"):
        assert not re.search(r"""(?:url\(|@import)\s*["']?(?:https?:)?//""", path.read_text(encoding="utf-8")), path


def test_no_link_leads_nowhere(site):
    root = site.resolve()
    found = [
        link
        for path in sorted(root.rglob("*.html"))
        if path.name != "404.html"
        for link in broken(Page(path.read_text(encoding="utf-8")), path, root)
    ]
    assert found == []


def test_no_list_or_table_has_become_running_text(site):
    """The builders want more indentation and empty lines than a forge does."""
    for path in DOCS.rglob("*.md"):
        page = site / path.relative_to(DOCS).with_suffix(".html")
        text = page.read_text(encoding="utf-8") if page.is_file() else ""
        for paragraph in re.findall(r"<p>(.*?)</p>", text, re.DOTALL):
            assert not re.search(r"^\s*(?:\d+\.|-|\*|\|) |```", paragraph, re.MULTILINE), f"{path.name}: {paragraph}"


def test_what_comes_from_elsewhere_or_leads_nowhere_would_be_seen(tmp_path):
    path = tmp_path / "page.html"
    path.write_text('<script src="//cdn.example.org/a.js"></script><a href="none.html">x</a><a id="b" href="#c">y</a>')
    page = Page(path.read_text())
    assert [one for one in page.fetched if elsewhere(one)] == ["//cdn.example.org/a.js"]
    assert list(broken(page, path, tmp_path)) == ["page.html: none.html", "page.html: #c"]


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_in_the_repository_lead_somewhere(path):
    """Where somebody reads the files without the site."""
    text = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    for address in re.findall(r"\]\(([^)\s]+)\)|(?:src|href)=\"([^\"]+)\"", text):
        parts = urlsplit("".join(address))
        if not parts.scheme:
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            assert target.is_relative_to(REPOSITORY) and target.exists(), address
            if parts.fragment and target.suffix == ".md":
                assert parts.fragment in headings(target), address


def headings(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as a forge and the builders make them."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    words = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", word.lower()).strip().replace(" ", "-") for word in words}


def test_readme_counts_as_the_pages_do_that_it_links():
    readme = squeezed((REPOSITORY / "README.md").read_text(encoding="utf-8"))
    quick = (DOCS / "validation" / "README.md").read_text().partition("<!-- quick -->")[2].partition("<!-- end -->")[0]
    *rows, sums = re.findall(r"\| (\d+) of (\d+) \| (\d+) of (\d+) \|", quick)
    right, rights, wrong, wrongs = (sum(map(int, column)) for column in zip(*rows, strict=True))
    assert (right, rights, wrong, wrongs) == tuple(map(int, sums))
    assert f"{wrong} of {wrongs} known wrong answers are caught and {right} of {rights} right ones" in readme
    attacks = squeezed((DOCS / "attacks.md").read_text(encoding="utf-8"))
    assert re.search(r"(\d+ hostile notebooks), ", attacks)[1] in readme
    measured = squeezed((DOCS / "benchmarks.md").read_text(encoding="utf-8"))
    assert "50 kills over 200 submissions" in readme and "50 kills over 200 submissions" in measured
    speeds = re.search(
        r"light assignment ([\d.]+) .* nbgrader grades ([\d.]+) and otter ([\d.]+) on one;"
        r" of one that trains ([\d.]+), where they grade ([\d.]+) and ([\d.]+) ",
        readme,
    )
    for number, name in zip(speeds.groups(), ("autograder", "nbgrader", "otter") * 2, strict=True):
        assert re.search(rf"\| {name} \| \d+ \| {re.escape(number)} \|", measured), (name, number)


def squeezed(text: str) -> str:
    """Return a text with one space wherever there is some."""
    return " ".join(text.split())


@pytest.mark.parametrize("path", PAGES["PAGES"], ids=lambda path: path.name)
def test_what_is_generated_says_what_the_code_says(path):
    assert path.read_text(encoding="utf-8") == PAGES["text_of"](path), f"run: {PAGES['COMMAND']}"
