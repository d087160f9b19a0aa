"""Answer requests: which address shows or does what."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from urllib.parse import quote

from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from autograder.errors import AutograderError
from autograder.grading.station_sharing import StationServer
from autograder.report.table_sorting import SCRIPT
from autograder.serving.access import AccessControl, Address
from autograder.serving.batches import Batches
from autograder.serving.pages import Pages
from autograder.serving.reviews import Reviews
from autograder.serving.site import NotThere, Site
from autograder.serving.trying import LARGEST_NOTEBOOK, Tries

__all__ = ["create_app"]

_IDLE_SECONDS = 900.0
"""After which a warm station that nobody uses is ended."""
_LOOK_SECONDS = 30.0


def create_app(site: Site, address: Address) -> Starlette:
    """Return the application: pages of a site, for whoever knows the address."""
    batches = Batches(site.grade_options)
    tries = Tries(site)
    pages = Pages(site, tries)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        looking = (asyncio.create_task(_end_idle(tries)), asyncio.create_task(batches.follow(site.results)))
        with contextlib.ExitStack() as stack:
            with contextlib.suppress(AutograderError):  # another process keeps stations for this course
                stack.enter_context(StationServer(site.root, tries.stations))
            yield
        for task in looking:
            task.cancel()
        await batches.close()
        await run_in_threadpool(tries.close)

    return Starlette(
        routes=_routes(pages, batches, tries),
        middleware=[Middleware(AccessControl, address=address)],
        exception_handlers={
            AutograderError: pages.problem,
            HTTPException: pages.http_problem,
        },
        lifespan=lifespan,
    )


async def _end_idle(tries: Tries) -> None:
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        await run_in_threadpool(tries.end_idle, _IDLE_SECONDS)


async def _table_sorting(_: Request) -> Response:
    """Give pages the script that sorts a report's tables."""
    return Response(SCRIPT, media_type="text/javascript")


def _routes(pages: Pages, batches: Batches, tries: Tries) -> list[BaseRoute]:
    orders = _Orders(pages, batches, tries)
    return [
        Route("/static/table_sorting.js", _table_sorting),
        Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        Route("/", pages.home),
        Route("/events", orders.events),
        Route("/batch/stop", orders.stop, methods=["POST"]),
        Route("/assignments/{assignment}", pages.assignment),
        Route("/assignments/{assignment}/grade", orders.grade, methods=["POST"]),
        Route("/assignments/{assignment}/report", pages.report),
        Route("/assignments/{assignment}/report/page", pages.report_page),
        Route("/assignments/{assignment}/compare", pages.compare),
        Route("/assignments/{assignment}/try", pages.try_form),
        Route("/assignments/{assignment}/try", orders.try_notebook, methods=["POST"]),
        Route("/assignments/{assignment}/try/{key}", pages.tried),
        Route("/assignments/{assignment}/try/{key}/page", pages.tried_page),
        Route("/assignments/{assignment}/students/{student}", pages.student),
        Route("/assignments/{assignment}/students/{student}/feedback", pages.feedback_page),
        *Reviews(site=pages.site, pages=pages).routes,
    ]


class _Orders:
    """What a page of ours asks to be done."""

    def __init__(self, pages: Pages, batches: Batches, tries: Tries) -> None:
        self._pages = pages
        self._batches = batches
        self._tries = tries

    async def events(self, _: Request) -> Response:
        """Tell how the batch is going, as long as somebody listens."""

        async def stream() -> AsyncIterator[Mapping[str, str]]:
            async for snapshot in self._batches.snapshots():
                yield {"data": json.dumps(snapshot)}

        return EventSourceResponse(stream())

    async def grade(self, request: Request) -> Response:
        """Start a batch of all, or of one student."""
        name = request.path_params["assignment"]
        await run_in_threadpool(self._pages.site.assignment, name)
        async with request.form(max_files=0, max_fields=4) as form:
            student = str(form.get("student", ""))
            force = bool(form.get("force"))
        if student and student not in await run_in_threadpool(self._pages.site.handed_in, name):
            raise NotThere(f"{name} has no submission of that name.")
        await self._batches.start(name, student, force=force)
        return _to(name, *(("students", student) if student else ()))

    async def stop(self, _: Request) -> Response:
        """Stop the batch that runs."""
        self._batches.stop()
        latest = self._batches.latest
        return _to(latest.assignment) if latest else RedirectResponse("/", 303)

    async def try_notebook(self, request: Request) -> Response:
        """Grade what was dropped, and go to its feedback."""
        name = request.path_params["assignment"]
        if int(request.headers.get("content-length") or LARGEST_NOTEBOOK + 1) > LARGEST_NOTEBOOK:
            raise AutograderError(f"The file is larger than {LARGEST_NOTEBOOK >> 20} MB; that is no notebook.")
        assignment = await run_in_threadpool(self._pages.site.assignment, name)
        async with request.form(max_files=1 + len(assignment.files), max_fields=2) as form:
            student = str(form.get("student", "")).strip()
            files = [one for one in form.getlist("notebook") if isinstance(one, UploadFile) and one.filename]
            if not files:
                raise AutograderError("No file came along; choose a notebook, or drop one on the field.")
            dropped = [(str(one.filename), await one.read()) for one in files]
        key = await run_in_threadpool(self._tries.grade, name, student or "tried", dropped)
        return _to(name, "try", key)


def _to(*parts: str) -> Response:
    """Send the browser to a page of an assignment; an ID may hold what means something in an address."""
    return RedirectResponse("/assignments/" + "/".join(quote(part, safe="") for part in parts), 303)
