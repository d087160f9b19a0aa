"""Show what a site knows, each page by its template."""

import urllib.parse
from datetime import datetime
from functools import cached_property
from pathlib import Path

import jinja2
import markupsafe
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from autograder.errors import AutograderError
from autograder.feedback.feedback import gather
from autograder.feedback.page import STATUS_WORDS, feedback_page, prose
from autograder.feedback.students import graded_students
from autograder.grading.attempts import Attempts
from autograder.pages import page_environment
from autograder.plain_text import plain_text
from autograder.points import points_of, signed_points
from autograder.question_scores import question_scores
from autograder.report.attention import attention
from autograder.report.differences import compare, read_folder
from autograder.report.gathering import gather_class
from autograder.report.table_sorting import script_source
from autograder.results import Result, Status
from autograder.serving.site import NotThere, Site
from autograder.serving.trying import Tries
from autograder.settlement import Settlement

__all__ = ["Pages"]

_MADE_FROM_SUBMISSIONS = "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""What a page may do that shows what students wrote: be looked at. No script runs, no address is asked."""
_REPORT = (
    "sandbox allow-scripts; default-src 'none'; img-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'; "
    f"script-src '{script_source()}'"
)
"""The same for the class report, whose one script sorts its tables."""


class Pages:
    """All that is looked at; what changes something is an order."""

    def __init__(self, site: Site, tries: Tries) -> None:
        self.site = site
        self._tries = tries

    # Whole pages

    def home(self, _: Request) -> Response:
        """Show all assignments."""
        return self._page("home.html", overviews=self.site.overviews())

    def assignment(self, request: Request) -> Response:
        """Show an assignment's students, and the batch while it runs."""
        settlement = self._settlement(request)
        results = self.site.results_of(settlement)
        graded = {result.student for result in results}
        concerns: dict[str, list[str]] = {}
        for group in attention(results):
            for item in group.items:
                concerns.setdefault(item.student, []).append(group.concern.value.replace("-", " "))
        handed_in = self.site.handed_in(settlement.assignment.name)
        return self._page(
            "assignment.html",
            assignment=settlement.assignment,
            warning=settlement.adjustments.warning,
            results=results,
            concerns=concerns,
            ungraded=[student for student in handed_in if student not in graded],
            handed_in=len(handed_in),
        )

    def student(self, request: Request) -> Response:
        """Show one student's feedback, and what staff alone may see of it."""
        settlement, result = self._result(request)
        attempts = self._attempts(settlement)
        students = [one.student for one in self.site.results_of(settlement)]
        place = students.index(result.student)
        return self._page(
            "student.html",
            assignment=settlement.assignment,
            result=result,
            scores=question_scores(result),
            earlier=attempts.earlier(result.student, result.attempt),
            before=students[place - 1] if place else "",
            after=students[place + 1] if place + 1 < len(students) else "",
        )

    def report(self, request: Request) -> Response:
        """Show the class report in its frame."""
        settlement = self._settlement(request)
        return self._page("report.html", assignment=settlement.assignment)

    def compare(self, request: Request) -> Response:
        """Show what differs between two sets of results of an assignment."""
        settlement = self._settlement(request)
        name = settlement.assignment.name
        results = self.site.results_of(settlement)
        others = self.site.other_results(name)
        chosen = request.query_params.get("with", "")
        if chosen and chosen not in others:
            raise NotThere("There are no such results beside these.")
        comparison = None
        if chosen:
            comparison = compare(
                read_folder(others[chosen] / name), {(name, result.student): result for result in results}
            )
        elif results:
            attempts = self._attempts(settlement)
            earlier = {
                (name, one.student): settlement.of(before)
                for one in results
                if (before := attempts.earlier(one.student, one.attempt))
            }
            now = {(name, one.student): one for one in results if (name, one.student) in earlier}
            comparison = compare(earlier, now) if earlier else None
        return self._page(
            "compare.html",
            assignment=settlement.assignment,
            others=sorted(others),
            chosen=chosen,
            comparison=comparison,
        )

    def try_form(self, request: Request) -> Response:
        """Show the field that a notebook is dropped on."""
        return self._page("try.html", assignment=self.site.assignment(request.path_params["assignment"]), key="")

    def tried(self, request: Request) -> Response:
        """Show the feedback on a notebook that was dropped."""
        assignment = self.site.assignment(request.path_params["assignment"])
        return self._page("try.html", assignment=assignment, key=request.path_params["key"])

    # What is shown in frames: made from what students wrote

    def feedback_page(self, request: Request) -> Response:
        """Show what a student is shown, with everything."""
        settlement, result = self._result(request)
        [graded] = graded_students(settlement, [result.student])
        return _framed(feedback_page(gather(graded, "full")), _MADE_FROM_SUBMISSIONS)

    def report_page(self, request: Request) -> Response:
        """Show the class report itself."""
        said: list[str] = []
        page = gather_class(self._settlement(request), said.append).page(datetime.now().astimezone())
        return _framed(page, _REPORT)

    def tried_page(self, request: Request) -> Response:
        """Show the feedback on a notebook that was dropped, itself."""
        page = self._tries.page(request.path_params["key"])
        if page is None:
            raise NotThere("That feedback is gone, since others came after it; drop the notebook again.")
        return _framed(page, _MADE_FROM_SUBMISSIONS)

    # What goes wrong

    def problem(self, _: Request, error: Exception) -> Response:
        """Say in a sentence why something cannot be shown or done."""
        status = 404 if isinstance(error, NotThere) else 409
        return self._page("problem.html", status, sentence=str(error))

    def http_problem(self, _: Request, error: Exception) -> Response:
        """Say that there is no such page, or that it is not to be asked in this way."""
        assert isinstance(error, HTTPException)
        sentence = "There is no such page." if error.status_code == 404 else f"{error.detail}."  # noqa: PLR2004 - HTTP's
        return self._page("problem.html", error.status_code, sentence=sentence)

    # Helpers

    def render(self, template: str, status: int = 200, **values: object) -> Response:
        """Return the page that a template makes, for pages of other modules too."""
        return self._page(template, status, **values)

    def _settlement(self, request: Request) -> Settlement:
        return self.site.settlement(request.path_params["assignment"])

    def _result(self, request: Request) -> tuple[Settlement, Result]:
        settlement = self._settlement(request)
        return settlement, self.site.result_of(settlement, request.path_params["student"])

    def _attempts(self, settlement: Settlement) -> Attempts:
        policy = settlement.course.attempt_policy_of(settlement.assignment)
        return Attempts(settlement.results, settlement.assignment.name, policy, settlement.of)

    def _page(self, template: str, status: int = 200, **values: object) -> Response:
        try:
            title = self.site.course.name
        except AutograderError:  # the page says it
            title = "Course"
        return HTMLResponse(self._templates.get_template(template).render(course=title, **values), status)

    @cached_property
    def _templates(self) -> jinja2.Environment:
        environment = page_environment(Path(__file__).parent / "templates")
        environment.filters |= {
            "clip": plain_text,
            "points": points_of,
            "signed": signed_points,
            "prose": prose,
            "as_it_is": markupsafe.escape,
            "quoted": lambda name: urllib.parse.quote(name, safe=""),
        }
        environment.globals |= {"status_words": STATUS_WORDS, "question_scores": question_scores, "Status": Status}
        return environment


def _framed(page: str, policy: str) -> Response:
    return HTMLResponse(page, headers={"Content-Security-Policy": policy})
