"""Show a course on pages of a local server: grade, watch, review, compare."""

# ruff: noqa: PLC0415 - see autograder.cli

import contextlib
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from autograder.console import ERR, OUT
from autograder.errors import AutograderError, ExitCode
from autograder.options import CommonOptions, Device, Option, Sandbox, folder, positive

if TYPE_CHECKING:
    from autograder.serving.access import Address

__all__ = ["Options", "run"]

_PORT = 8765
_HIGHEST_PORT = 65_535
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, kw_only=True)
class Options(CommonOptions):
    """What is served, and where."""

    submissions: Annotated[
        Path | None, folder("submitted", "folder with <student>/<assignment>/<assignment>.ipynb")
    ] = None
    results: Annotated[Path | None, folder("results", "folder for <assignment>/<student>.json")] = None
    port: Annotated[int, Option(metavar="N", parse=positive, help=f"default: {_PORT}")] = _PORT
    host: Annotated[
        str, Option(metavar="ADDRESS", help="to listen on (default: 127.0.0.1: this machine alone can reach it)")
    ] = "127.0.0.1"
    name: Annotated[
        str | None, Option(metavar="NAME", help="what browsers call this machine, where --host listens to others")
    ] = None
    who: Annotated[
        str | None, Option(metavar="NAME", help="who gives points on the pages (default: the account's name)")
    ] = None
    device: Annotated[Device, Option(help="where student code computes")] = "auto"
    sandbox: Annotated[Sandbox, Option(help="none: run student code unprotected; each result says so")] = "auto"


def run(options: Options) -> ExitCode:
    """Serve until a signal ends it."""
    import uvicorn

    from autograder.adjusting import account
    from autograder.serving.app import create_app
    from autograder.serving.site import Site

    course = options.load_course()
    site = Site(
        root=course.root,
        submitted=(options.submissions or course.root / "submitted").absolute(),
        results=(options.results or course.root / "results").absolute(),
        sandbox=options.sandbox,
        device=options.device,
        who=options.who or account(),
    )
    address = _address(options)
    with _listening(options) as listener:
        config = uvicorn.Config(
            create_app(site, address), log_level="warning", server_header=False, timeout_graceful_shutdown=3, ws="none"
        )
        OUT.print(f"{course.name} is served at\n\n  {address.url}\n\nCtrl-C ends it.", soft_wrap=True)
        if options.host not in _LOOPBACK:
            ERR.print(
                "Whoever can reach this machine and reads what goes over the network learns the token: put an "
                "encrypted tunnel or proxy before it.",
                style="yellow",
            )
        with contextlib.suppress(KeyboardInterrupt):  # the usual end
            uvicorn.Server(config).run(sockets=[listener])
    return ExitCode.DONE


def _listening(options: Options) -> socket.socket:
    """Return the socket that is listened on; raise AutograderError where it cannot be had."""
    if options.port > _HIGHEST_PORT:
        raise AutograderError(f"--port {options.port} is no port; give a number up to {_HIGHEST_PORT}.")
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((options.host, options.port))
        listener.listen()  # whoever opens the address at once waits, and is not refused
    except OSError as error:
        listener.close()
        raise AutograderError(
            f"{options.host}:{options.port} cannot be listened on ({error.strerror}); give another --port."
        ) from error
    return listener


def _address(options: Options) -> "Address":
    """Return how browsers reach the server; raise AutograderError where that cannot be known."""
    from autograder.serving.access import Address

    host = options.host
    if host in {"0.0.0.0", "::"} and options.name is None:  # noqa: S104 - not listened on, compared
        raise AutograderError(
            f"--host {host} says nothing of the machine's name; give what browsers call it as --name."
        )
    names = [options.name or (f"[{host}]" if ":" in host else host), *(["localhost"] if host in _LOOPBACK else [])]
    return Address(hosts=tuple(f"{name}:{options.port}" for name in names), token=secrets.token_urlsafe(32))
