"""Start `autograder serve` on a tiny course, and ask it as a browser would, or as nobody should."""

import contextlib
import http.client
import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    headers: Mapping[str, str]
    text: str


@dataclass(frozen=True)
class Served:
    """One server, and what its browser would bring."""

    url: str
    """As it was printed, with the token."""
    process: subprocess.Popen[str]

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    @property
    def cookie(self) -> str:
        return f"autograder-{urlsplit(self.url).port}={urlsplit(self.url).query.removeprefix('token=')}"

    def ask(
        self,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        content: bytes | None = None,
        without: tuple[str, ...] = (),
        **headers: str,
    ) -> Answer:
        """Send one request as a page of ours would; `without` leaves headers out, `headers` replaces them."""
        sent = {"Host": self.host, "Cookie": self.cookie, "Origin": f"http://{self.host}", **headers}
        body = content if content is not None else None if fields is None else urlencode(fields).encode()
        if fields is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(self.host, timeout=120)
        method = "GET" if body is None else "POST"
        connection.putrequest(method, path, skip_host=True)
        for name, value in sent.items():
            if name not in without:
                connection.putheader(name.replace("_", "-"), value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read().decode())
        connection.close()
        return answer

    def events(self) -> Iterator[dict[str, object]]:
        """Yield what the server tells of its batch, as it comes."""
        connection = http.client.HTTPConnection(self.host, timeout=120)
        connection.request("GET", "/events", headers={"Cookie": self.cookie})
        response = connection.getresponse()
        try:
            while line := response.readline():
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))
        finally:
            connection.close()

    def ended(self) -> dict[str, object]:
        """Wait until the batch has ended; return the last that was told of it."""
        with contextlib.closing(self.events()) as events:
            return next(event for event in events if event.get("state") == "ended")


@contextlib.contextmanager
def served(root: Path, *options: str) -> Iterator[Served]:
    """Serve a course until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder", "serve", "--course", str(root), "--port", str(port), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if found := re.search(r"http://\S+", line):
                with socket.create_connection(("127.0.0.1", port), timeout=60):
                    yield Served(found.group(), process)
                break
        else:
            raise AssertionError(f"the server did not start: {''.join(said)}")
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
