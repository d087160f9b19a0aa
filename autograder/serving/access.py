"""Let nobody in but whoever opened the address that was printed, and take orders from pages of ours alone.

What is held off: other users of the machine and pages of the web that ask for a local address (no token), names that
somebody made to point here (Host), and forms or scripts on other pages that post to us (Origin).
"""

import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["PAGE_POLICY", "AccessControl", "Address"]

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; frame-ancestors 'self'; base-uri 'none'"
)
"""What pages of ours may load and do: no script, no style and no address but our own."""
_READING = {"GET", "HEAD"}
_NO_TOKEN = "Open the address that `autograder serve` printed: it ends in ?token=…\n"  # noqa: S105 - no secret


@dataclass(frozen=True, kw_only=True)
class Address:
    """Where the server is reached, and by whom."""

    hosts: tuple[str, ...]
    """What browsers may call it, each with its port: `127.0.0.1:8765`."""
    token: str
    """What a browser has to bring."""

    @property
    def url(self) -> str:
        """Return the address to open."""
        return f"http://{self.hosts[0]}/?{urlencode({'token': self.token})}"

    @property
    def origins(self) -> frozenset[str]:
        """Return what the Origin header of our own pages says."""
        return frozenset(f"http://{host}" for host in self.hosts)

    @property
    def cookie(self) -> str:
        """Return the name of the cookie with the token; servers on other ports have their own."""
        return f"autograder-{self.hosts[0].rpartition(':')[2]}"


class AccessControl:
    """Stand between the network and the pages."""

    def __init__(self, app: ASGIApp, address: Address) -> None:
        self._app = app
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it here; every answer gets the headers that bind browsers."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # there are no websockets
        refusal = self._refusal(Request(scope))
        await (refusal or self._app)(scope, receive, _with_headers(send))

    def _refusal(self, request: Request) -> Response | None:
        """Return what a request gets that is not passed on."""
        address = self._address
        if request.headers.get("host", "").lower() not in address.hosts:
            return PlainTextResponse(f"This server is {address.hosts[0]} and answers to no other name.\n", 421)
        given = request.query_params.get("token")
        if given is not None and request.method in _READING and _same(given, address.token):
            return self._welcome(request)
        if not _same(request.cookies.get(address.cookie, ""), address.token):
            return PlainTextResponse(_NO_TOKEN, 401)
        if request.method not in _READING and not _is_ours(request.headers, address.origins):
            return PlainTextResponse("Orders are taken from this server's own pages alone.\n", 403)
        return None

    def _welcome(self, request: Request) -> Response:
        """Take the token out of the address, where a history would keep it, into a cookie that no script can read."""
        kept = [(key, value) for key, value in parse_qsl(request.url.query) if key != "token"]
        response = RedirectResponse(request.url.path + (f"?{urlencode(kept)}" if kept else ""), 303)
        response.set_cookie(self._address.cookie, self._address.token, httponly=True, samesite="strict", path="/")
        return response


def _is_ours(headers: Headers, origins: frozenset[str]) -> bool:
    return headers.get("origin") in origins and headers.get("sec-fetch-site", "same-origin") == "same-origin"


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), token.encode())


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.setdefault("Content-Security-Policy", PAGE_POLICY)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["Referrer-Policy"] = "same-origin"  # with no-referrer a form's Origin would be null
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
