"""Show the answers to one question in groups, and take what reviewers give to them.

What changes something is a form that says what its page showed: the last adjustment, the answers, the rubric. Where one
of them is another by then, nothing is given, and the page says why, with what was typed still in it.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from threading import Lock
from urllib.parse import quote, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from autograder.adjusting import Overtaken
from autograder.adjustments import Adjustment
from autograder.answer_files import answers_in_files
from autograder.course import Assignment
from autograder.errors import AutograderError
from autograder.grading.settling import settle_again
from autograder.reviewing.amounts import read_amount, summed
from autograder.reviewing.class_answers import ClassAnswers
from autograder.reviewing.giving import confirm_all, give, gives, undo, withdraw_all
from autograder.reviewing.groups import Group, Judged, QuestionProgress, groups_of, progress_of_all
from autograder.reviewing.rubric import RubricFile
from autograder.serving.group_view import GroupView
from autograder.serving.pages import Pages
from autograder.serving.site import NotThere, Site
from autograder.settlement import Settlement

__all__ = ["Reviews"]

_MOST_FIELDS = 20_000
_SHOWN = "shown"


@dataclass(frozen=True, kw_only=True)
class _Review:
    """One question, as it is now."""

    settlement: Settlement
    progress: QuestionProgress
    groups: Sequence[Group]

    @property
    def last_line(self) -> int:
        """Return the number of the last adjustment."""
        return max((one.line for one in self.settlement.adjustments.lines), default=0)

    def group(self, key: str) -> Group:
        """Return the group of a key; raise Overtaken where there is none any more."""
        for group in self.groups:
            if group.key == key:
                return group
        raise Overtaken("The answers of that group have changed, and are in other groups now; look at them again.")

    def next_ungiven(self, after: Group | None = None) -> Group | None:
        """Return the next group, round the end, where somebody has an answer that nothing was given to."""
        place = self.groups.index(after) + 1 if after else 0
        following = (*self.groups[place:], *self.groups[:place])
        return next((one for one in following if one.progress.ungiven and one is not after), None)


@dataclass(frozen=True, kw_only=True)
class _Typed:
    """What a form brought that could not be done."""

    sentence: str = ""
    points: str = ""
    comment: str = ""
    items: frozenset[str] = frozenset()
    students: frozenset[str] | None = None
    """The keys of those who were chosen; None where the form was not about them."""


@dataclass(kw_only=True)
class Reviews:
    """The pages of the review, and what is asked for on them."""

    site: Site
    pages: Pages
    _answers: dict[str, ClassAnswers] = field(default_factory=dict)
    _salt: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)
    _writing: Lock = field(default_factory=Lock, repr=False)
    """Held while result files follow: of two at a time, one would be told that they are in use."""

    @property
    def routes(self) -> list[BaseRoute]:
        """Return which address shows or does what."""
        question = "/assignments/{assignment}/review/{question}"
        orders = {
            "give": self._give,
            "confirm": self._confirm,
            "withdraw": self._withdraw,
            "undo": self._undo,
            "rubric": self._change_rubric,
        }
        return [
            Route("/assignments/{assignment}/review", self.questions),
            Route(question, self.question),
            *(Route(f"{question}/{name}", self._order(do), methods=["POST"]) for name, do in orders.items()),
        ]

    # Pages

    def questions(self, request: Request) -> Response:
        """Show all questions of an assignment, with what waits for a person."""
        settlement = self._settlement(request)
        names = request.query_params.get("names", "")
        found = progress_of_all(settlement, self._class(settlement).read(settlement))
        return self.pages.render(
            "review.html",
            assignment=settlement.assignment,
            warning=settlement.adjustments.warning,
            questions=[(one, _address(settlement.assignment, one.name, names=names)) for one in found],
        )

    def question(self, request: Request) -> Response:
        """Show one group of answers."""
        review = self._review(request)
        typed = _Typed()
        try:
            key = request.query_params.get("group", "")
            group = review.group(key) if key else review.next_ungiven()
        except Overtaken as gone:
            group, typed = None, _Typed(sentence=str(gone))
        held = bool(request.query_params.get("held"))
        return self._page(review, group, request.query_params.get("names", ""), typed, held=held)

    def _page(
        self, review: _Review, group: Group | None, names: str, typed: _Typed, status: int = 200, *, held: bool = False
    ) -> Response:
        settlement, name = review.settlement, review.progress.name
        group = group or next(iter(review.groups), None)
        assignment = settlement.assignment

        def to(one: Group | None) -> str:
            return _address(assignment, name, group=one.key, names=names) if one else ""

        place = review.groups.index(group) if group else -1
        latest = next(iter(gives(settlement, name, self.site.who)), None)
        return self.pages.render(
            "review_question.html",
            status,
            assignment=assignment,
            warning=settlement.adjustments.warning,
            progress=review.progress,
            groups=[(one, to(one)) for one in review.groups],
            group=group,
            view=GroupView(settlement, group, self._key, names_shown=names == _SHOWN) if group else None,
            place=place,
            before=to(review.groups[place - 1]) if place > 0 else "",
            after=to(review.groups[place + 1]) if -1 < place < len(review.groups) - 1 else "",
            next_ungiven=to(review.next_ungiven(group)),
            rubric=self._rubric(settlement, name).read(),
            reference=_reference(settlement, name),
            latest=latest,
            last_line=review.last_line,
            who=self.site.who,
            names=names,
            other_names=_address(
                assignment, name, group=group.key if group else "", names="" if names == _SHOWN else _SHOWN
            ),
            here=_address(assignment, name),
            all_questions=_address(assignment, "", names=names),
            typed=typed,
            held=held,
        )

    # Orders

    def _order(self, do: Callable[[_Review, FormData], Iterable[Adjustment]]) -> Callable[[Request], object]:
        """Return what answers a form: what it asks for is done, or the page says why not."""

        async def order(request: Request) -> Response:
            async with request.form(max_files=0, max_fields=_MOST_FIELDS) as form:
                return await run_in_threadpool(self._answer, request, form, do)

        return order

    def _answer(
        self, request: Request, form: FormData, do: Callable[[_Review, FormData], Iterable[Adjustment]]
    ) -> Response:
        review = self._review(request)
        names, key = _text(form, "names"), _text(form, "group")
        try:
            students = [one.student for one in do(review, form)]
        except AutograderError as error:
            typed = _Typed(
                sentence=str(error),
                points=_text(form, "points"),
                comment=_text(form, "comment"),
                items=frozenset(_all(form, "item")),
                students=frozenset(_all(form, "student")) if "seen" in form else None,
            )
            now = self._review(request)
            group = next((one for one in now.groups if one.key == key), None)
            return self._page(now, group, names, typed, 409)
        held = ""
        if students:
            with self._writing:
                held = "1" if settle_again(self._settlement(request), students) else ""
        address = _address(review.settlement.assignment, review.progress.name, group=key, names=names, held=held)
        return RedirectResponse(address, 303)

    def _give(self, review: _Review, form: FormData) -> Iterable[Adjustment]:
        chosen = self._chosen(review, form)
        rubric = self._rubric(review.settlement, review.progress.name).read()
        if rubric.version != _text(form, "rubric"):
            raise Overtaken("The rubric has changed since this page was made; look at it, and give again.")
        items = [rubric.item(int(number)) for number in _all(form, "item") if number.isdecimal()]
        amount = summed([read_amount(_text(form, "points")), *(item.amount for item in items)])
        comments = [*(item.comment for item in items), _text(form, "comment")]
        return give(
            review.settlement,
            review.progress.name,
            chosen,
            amount,
            "\n".join(dict.fromkeys(comment for comment in comments if comment)),
            who=self.site.who,
            seen=_number(form, "line"),
        )

    def _confirm(self, review: _Review, form: FormData) -> Iterable[Adjustment]:
        return confirm_all(review.settlement, self._chosen(review, form), self.site.who)

    def _withdraw(self, review: _Review, form: FormData) -> Iterable[Adjustment]:
        chosen, seen = self._chosen(review, form), _number(form, "line")
        if any(line.line > seen for one in chosen for line in one.given):
            raise Overtaken("Somebody has given something to these answers since this page was made; look at it first.")
        return withdraw_all(review.settlement, chosen, self.site.who)

    def _undo(self, review: _Review, form: FormData) -> Iterable[Adjustment]:
        return undo(review.settlement, review.progress.name, _text(form, "give"), self.site.who)

    def _change_rubric(self, review: _Review, form: FormData) -> Iterable[Adjustment]:
        file = self._rubric(review.settlement, review.progress.name)
        asked, number, seen = _text(form, "do"), _number(form, "number"), _text(form, "rubric")
        if asked == "remove":
            file.remove(number, seen=seen)
            return ()
        amount, comment = read_amount(_text(form, "item_points")), _text(form, "item_comment")
        if asked == "change":
            file.change(number, amount, comment, seen=seen)
        else:
            file.add(amount, comment)
        return ()

    def _chosen(self, review: _Review, form: FormData) -> Sequence[Judged]:
        """Return the answers that are meant; raise Overtaken where the group is not the one that the page showed."""
        group = review.group(_text(form, "group"))
        if group.seen != _text(form, "seen"):
            raise Overtaken("Answers of this group have changed since this page was made; look at them again.")
        keys = set(_all(form, "student"))
        return [one for one in group.judged if self._key(one.student) in keys]

    # What is known

    def _review(self, request: Request) -> _Review:
        settlement = self._settlement(request)
        read = self._class(settlement).read(settlement)
        name = request.path_params["question"]
        for progress in progress_of_all(settlement, read, [name]):
            return _Review(
                settlement=settlement,
                progress=progress,
                groups=groups_of(settlement, read, name, self._class(settlement).names_given(settlement)),
            )
        raise NotThere(f"{settlement.assignment.name} has no question of that name.")

    def _settlement(self, request: Request) -> Settlement:
        settlement = self.site.settlement(request.path_params["assignment"])
        return replace(settlement, read_digests=self._class(settlement).digests)

    def _class(self, settlement: Settlement) -> ClassAnswers:
        return self._answers.setdefault(settlement.assignment.name, ClassAnswers())

    def _rubric(self, settlement: Settlement, question: str) -> RubricFile:
        return RubricFile(course=settlement.course.root, assignment=settlement.assignment.name, question=question)

    def _key(self, student: str) -> str:
        """Return what a page calls a student by; it says nothing of who it is."""
        return hashlib.blake2b(student.encode("utf-8", "replace"), key=self._salt, digest_size=8).hexdigest()


def _address(assignment: Assignment, question: str, **values: str) -> str:
    path = f"/assignments/{quote(assignment.name)}/review" + (f"/{quote(question, safe='')}" if question else "")
    given: Mapping[str, str] = {name: value for name, value in values.items() if value}
    return f"{path}?{urlencode(given)}" if given else path


def _reference(settlement: Settlement, question: str) -> str:
    cells = (*settlement.source.cells, *settlement.source.texts)
    folder = settlement.course.source_notebook(settlement.assignment.name).parent
    in_files = answers_in_files(folder, settlement.assignment.files)
    return next((cell.source for cell in cells if cell.grade_id == question), in_files.get(question, ""))


def _text(form: FormData, name: str) -> str:
    return str(form.get(name, "")).replace("\r\n", "\n").strip()


def _all(form: FormData, name: str) -> Sequence[str]:
    return [str(one) for one in form.getlist(name)]


def _number(form: FormData, name: str) -> int:
    text = _text(form, name)
    return int(text) if text.isdecimal() else 0
