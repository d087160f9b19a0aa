"""Ask a course that is served what a browser without scripts would ask, with cookies and forms."""

import html
import re
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import urlencode


class Client:
    """A browser without scripts."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.base = url.partition("/?")[0]
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        assert self.get(f"/?{url.partition('?')[2]}")[0] == 200

    def get(self, path: str) -> tuple[int, str]:
        """Return status and page of an address."""
        return self._ask(urllib.request.Request(f"{self.base}{path}"))

    def post(self, path: str, values: dict[str, object]) -> tuple[int, str]:
        """Send a form; return what it leads to."""
        content = urlencode(values, doseq=True).encode()
        return self._ask(urllib.request.Request(f"{self.base}{path}", content, {"Origin": self.base}))

    def _ask(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self._opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


def fields(page: str, order: str) -> dict[str, list[str]]:
    """Return what the form of a page sends that asks for this order, as it stands there."""
    found = re.search(rf'<form [^>]*action="[^"]*/{order}"[^>]*>(.*?)</form>', page, re.DOTALL)
    assert found, f"no form for {order}"
    values: dict[str, list[str]] = {}
    for tag in re.findall(r"<input [^>]*>", found[1]):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") != "checkbox" or tag.endswith((" checked>", " checked/>")):
            values.setdefault(html.unescape(attributes["name"]), []).append(html.unescape(attributes.get("value", "")))
    return values
