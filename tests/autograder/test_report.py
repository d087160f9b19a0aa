"""Test the class report: its figures, and the page that shows them."""

import random
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.plain_text import plain_text
from autograder.question_scores import question_scores
from autograder.report import class_page
from autograder.report.attention import Concern
from autograder.report.statistics import class_figures
from autograder.results import CellRecord, CellStatus, CheckRecord, CheckStatus, Flag, Result, Status

MADE_AT = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)
TITLE = "Explore MNIST; train a multi-layer perceptron"

CHECKS: Sequence[tuple[str, str, float, bool, float]] = (
    # question, check, points, public, how often a class passes it
    ("class_counts", "counts_of_a_small_batch", 1, True, 0.97),
    ("class_counts", "absent_digits_count_zero", 1, False, 0.66),
    ("pixel_statistics", "on_the_unit_scale", 1, True, 0.93),
    ("pixel_statistics", "over_all_pixels_at_once", 2, False, 0.7),
    ("MLP", "parameter_count", 1, True, 0.95),
    ("MLP", "accepts_flat_and_image_input", 1, True, 0.8),
    ("MLP", "forward_matches_reference", 3, False, 0.72),
    ("train_one_epoch", "loss_falls", 1, True, 0.9),
    ("train_one_epoch", "gradients_are_reset", 2, False, 0.6),
    ("train_one_epoch", "mean_loss_per_sample", 1, False, 0.45),
    ("evaluate", "accuracy_in_the_unit_range", 1, True, 0.88),
    ("evaluate", "restores_the_mode", 1, False, 0.38),
    ("evaluate", "builds_no_graph", 1, False, 0.62),
    ("train_mlp", "learns_something", 1, True, 0.85),
    ("train_mlp", "reaches_96_percent", 2, False, 0.6),
)
HINTS = {
    "absent_digits_count_zero": "A digit that does not occur counts 0: the result has ten entries (`minlength`).",
    "over_all_pixels_at_once": "You averaged the deviations of {n} images; take the deviation over all pixels at once.",
    "forward_matches_reference": "Your code raised RuntimeError in MLP, line {n}: `x = self.hidden_layer(x{n})`.",
    "gradients_are_reset": "Gradients add up from batch to batch: call `optimizer.zero_grad()` before `backward()`.",
    "mean_loss_per_sample": "The last batch is smaller: weight its loss by its size, then divide by the samples.",
    "restores_the_mode": "`evaluate` must leave the model in the mode it found: remember `model.training`.",
    "builds_no_graph": "Wrap the loop in `torch.no_grad()`, so that evaluating keeps no graph in memory.",
    "reaches_96_percent": "Accuracy {n}.2% on unseen digits; 96% is needed. Is the learning rate too small?",
}
NAMES = [
    "amara.okafor",
    "ben.fischer",
    "chiara.rossi",
    "daniel.kim",
    "elif.yilmaz",
    "farid.haddad",
    "greta.lindqvist",
    "hugo.martin",
    "ines.costa",
    "jakub.nowak",
    "keiko.tanaka",
    "lukas.weber",
    "mei.chen",
    "nikhil.rao",
    "olga.petrova",
    "pablo.garcia",
    "qiang.liu",
    "rosa.silva",
    "samir.aziz",
    "tomas.novak",
    "ursula.meier",
    "viktor.horvat",
    "wanjiru.mwangi",
    "xin.zhao",
    "yusuf.demir",
    "zoe.dubois",
    "anna.koch",
    "bilal.khan",
]


def make_check(question: str = "MLP", name: str = "parameter_count", **values: Any) -> CheckRecord:
    """Return a check that passed, unless told otherwise."""
    points = values.pop("points", 1.0)
    known = {"points": points, "score": points, "status": CheckStatus.PASSED, "public": True, "seconds": 0.02}
    return CheckRecord(id=f"test_mlp.py::test_{name}", question=question, **{**known, **values})


def make_result(student: str = "ada", **values: Any) -> Result:
    """Return a graded result, unless told otherwise."""
    checks = values.get("checks", ())
    known = {
        "assignment": "mlp",
        "status": Status.GRADED,
        "score": float(sum(check.score for check in checks)),
        "max_score": 20.0,
        "seconds": 10.0,
    }
    return Result(student=student, **{**known, **values})


def failed_check(message: str, **values: Any) -> CheckRecord:
    """Return a check that failed with a hint."""
    return make_check(**{"score": 0.0, "status": CheckStatus.FAILED, "message": message, "cause": message, **values})


def make_class() -> list[Result]:
    """Return a realistic class: 28 ordinary students, and the troubles that a batch meets."""
    rng = random.Random(7)
    results = [_student(name, rng) for name in NAMES]
    results[3] = _out_of_time(results[3])
    results[9] = replace(results[9], flags=("renamed",))
    results[14] = _crashed(results[14])
    invalid = "mlp.ipynb is not a notebook: Expecting value: line 1 column 1 (char 0)"
    return [
        *results,
        make_result("carla.bianchi", status=Status.INVALID, reason=invalid, seconds=0.1),
        make_result(
            "dmitri.volkov", status=Status.INVALID, reason="There is no mlp.ipynb in the submission.", seconds=0.0
        ),
        make_result(
            "eun-ji.park", status=Status.FAILED, max_score=0.0, reason="OSError: [Errno 28] No space left on device"
        ),
    ]


def _student(name: str, rng: random.Random) -> Result:
    strength = rng.gauss(0.1, 0.25)
    checks = tuple(_answer(check, strength, rng) for check in CHECKS)
    earned = sum(check.score for check in checks)
    late = rng.choice([0] * 9 + [1, 2])
    timings = {"start": rng.uniform(0.2, 0.5), "notebook": rng.uniform(2, 6), "answers": rng.gammavariate(4, 3)}
    timings["checks"] = rng.uniform(0.6, 1.4)
    penalty = min(2.0 * late, earned)
    return make_result(
        name,
        checks=checks,
        score=earned - penalty,
        late_days=late,
        penalty=penalty,
        timings=timings,
        seconds=sum(timings.values()) + 0.2,
    )


def _answer(check: tuple[str, str, float, bool, float], strength: float, rng: random.Random) -> CheckRecord:
    question, name, points, public, rate = check
    if question == "train_mlp" and strength < -0.2:
        text = "`train_mlp` is not written yet: its cell still raises NotImplementedError."
        return failed_check(
            text, question=question, name=name, points=points, public=public, status=CheckStatus.MISSING
        )
    if rng.random() < rate + strength:
        return make_check(question, name, points=points, public=public)
    text = HINTS.get(name, "").replace("{n}", str(rng.randint(3, 90)))
    if name == "reaches_96_percent" and rng.random() < 0.5:
        half = {"score": points / 2, "status": CheckStatus.PARTIAL}
        return failed_check(text, question=question, name=name, points=points, public=public, **half)
    return failed_check(text, question=question, name=name, points=points, public=public)


def _out_of_time(result: Result) -> Result:
    text = "Your code did not finish within 120 seconds."
    slow = failed_check(text, question="train_mlp", name="reaches_96_percent", points=2.0, status=CheckStatus.TIMEOUT)
    checks = (*result.checks[:-1], slow)
    cell = CellRecord(index=23, id="c1", grade_id="", status=CellStatus.TIMEOUT, error="It ran longer than 60 seconds.")
    score = sum(check.score for check in checks) - result.penalty
    timings = {**result.timings, "notebook": 60.0, "answers": 131.0}
    flags = ("notebook-timeout",)
    return replace(result, checks=checks, cells=(cell,), score=score, timings=timings, seconds=193.0, flags=flags)


def _crashed(result: Result) -> Result:
    text = "Your notebook used more than 4.0 GB in cell 12."
    cell = CellRecord(index=11, id="c2", grade_id="", status=CellStatus.CRASHED, error=text)
    return replace(result, cells=(cell,), flags=("notebook-crash", "out-of-memory"))


HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}\"' onmouseover='x"
    "\x1b[31mred\x1b]0;title\x07\x00\x08\u202egnp.exe\ud800\u2066\ufeff\U000e0041" + "Z" + "\u0301" * 500 + "w" * 50_000
)


class Page(HTMLParser):
    """Collect what a browser would act on and what a reader would see."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in {"meta", "link", "wbr", "img", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text += data

    def words(self) -> str:
        """Return the visible text with single spaces."""
        return " ".join(self.text.split())


def render(results: Sequence[Result], **options: Any) -> Page:
    """Return the page of these results, parsed."""
    page = Page(class_page(TITLE, "mlp", results, made_at=MADE_AT, **options))
    assert page.open == [], "every element is closed"
    return page


# ---- statistics -----------------------------------------------------------------------------------------------------


def test_failed_results_count_in_no_figure_but_attention() -> None:
    results = [make_result("a", score=10.0), make_result("b", status=Status.FAILED, score=0.0, reason="disk full")]
    figures = class_figures(results)
    assert figures.scores.mean == 10.0
    assert figures.scored == 1
    assert [(a.concern, a.items[0].detail) for a in figures.attention] == [(Concern.FAILED, "disk full")]


def test_invalid_results_count_as_zero() -> None:
    results = [make_result("a", score=10.0), make_result("b", status=Status.INVALID, score=0.0)]
    assert class_figures(results).scores.mean == 5.0


@pytest.mark.parametrize(("max_score", "bins"), [(20, 10), (15, 10), (10, 10), (6, 12), (100, 10), (7, 7), (0, 0)])
def test_histogram_has_bins_of_whole_or_half_points(max_score: float, bins: int) -> None:
    figures = class_figures([make_result(score=max_score, max_score=float(max_score))])
    assert len(figures.scores.bins) == bins
    assert all((score_bin.low * 2).is_integer() for score_bin in figures.scores.bins)


def test_scores_on_an_edge_belong_to_the_upper_bin_and_full_scores_to_the_last() -> None:
    results = [make_result(str(score), score=score) for score in (0.0, 2.0, 19.999, 20.0)]
    assert [score_bin.count for score_bin in class_figures(results).scores.bins] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 2]


def test_question_counts_all_some_and_no_points() -> None:
    first, second = make_check(name="one"), make_check(name="two")
    lost = [failed_check("", name="one"), failed_check("", name="two")]
    results = [
        make_result("all", checks=(first, second)),
        make_result("some", checks=(first, lost[1])),
        make_result("none", checks=tuple(lost)),
        make_result("unreadable", status=Status.INVALID, score=0.0),
    ]
    (question,) = class_figures(results).questions
    assert (question.passed, question.partial, question.failed) == (1, 1, 2)
    assert (question.points, question.mean) == (2.0, 0.75)


def test_question_is_not_attempted_only_where_every_check_misses_it() -> None:
    missing = failed_check("", status=CheckStatus.MISSING)
    results = [make_result("a", checks=(missing,)), make_result("b", checks=(missing, make_check(name="other")))]
    assert class_figures(results).questions[0].not_attempted == 1
    assert not question_scores(results[0])["MLP"].attempted


def test_checks_come_with_the_least_often_passed_first() -> None:
    results = [make_result("a", checks=(make_check(name="easy"), failed_check("no", name="hard")))]
    results.append(make_result("b", checks=(make_check(name="easy"), make_check(name="hard"))))
    checks = class_figures(results).checks
    assert [(check.id, check.pass_rate) for check in checks] == [
        ("test_mlp.py::test_hard", 0.5),
        ("test_mlp.py::test_easy", 1.0),
    ]


def test_hints_that_differ_in_numbers_or_quoted_lines_are_one() -> None:
    texts = [
        ("Expected 10, got 9.", "Expected 10, got 11."),
        ("Your code raised TypeError in MLP, line 3: `a`.", "Your code raised TypeError in MLP, line 9: `b` (why)."),
    ]
    for pair in texts:
        results = [make_result(str(n), checks=(failed_check(text),)) for n, text in enumerate(pair)]
        (hint,) = class_figures(results).hints
        assert (hint.students, hint.wordings, hint.points_lost) == (("0", "1"), 2, 2.0)


def test_hints_on_other_questions_or_slips_stay_apart() -> None:
    texts = ["Your code raised TypeError in MLP.", "Your code raised KeyError in MLP.", "Use `relu`.", "Use `tanh`."]
    checks = [failed_check(text, name=str(n)) for n, text in enumerate(texts)]
    checks.append(failed_check(texts[0], question="evaluate"))
    results = [make_result(f"s{n}", checks=(check,)) for n, check in enumerate(checks)]
    assert len(class_figures(results).hints) == 5


def test_a_hint_goes_with_all_points_of_its_question() -> None:
    checks = (failed_check("Use `relu`.", name="a"), failed_check("Not judged by itself, since …", name="b"))
    (hint,) = class_figures([make_result(checks=checks)]).hints
    assert hint.text == "Use `relu`."
    assert hint.points_lost == sum(check.points for check in checks)


def test_hints_are_counted_by_student_and_leave_out_what_was_not_attempted() -> None:
    slip = [failed_check("slip", name="one"), failed_check("slip", name="two")]
    missing = failed_check("not written", name="three", status=CheckStatus.MISSING)
    (hint,) = class_figures([make_result(checks=(*slip, missing))]).hints
    assert (hint.text, hint.students, hint.points_lost) == ("slip", ("ada",), 3.0)


def test_a_hint_is_the_same_on_what_was_judged_again() -> None:
    again = failed_check("Judged with a right `MLP` in place of yours: Use `relu`.", carried=("MLP",))
    (hint,) = class_figures(
        [make_result("a", checks=(failed_check("Use `relu`."),)), make_result("b", checks=(again,))]
    ).hints
    assert (hint.text, hint.students) == ("Use `relu`.", ("a", "b"))


def test_page_marks_what_was_judged_again_and_says_on_what() -> None:
    plain, carried = make_check(question="train_mlp"), make_check(question="train_mlp", carried=("MLP", "evaluate"))
    without, with_it = (
        class_page(TITLE, "mlp", [make_result(checks=(one,))], made_at=MADE_AT) for one in (plain, carried)
    )
    assert "in place of the student's: MLP, evaluate" in with_it
    assert "judged again" in with_it
    assert "judged again" not in without


def test_time_that_no_stage_accounts_for_is_a_stage_of_its_own() -> None:
    results = [make_result("a", seconds=4.0, timings={"notebook": 3.0}), make_result("b", seconds=6.0)]
    time = class_figures(results).time
    assert time is not None
    assert (time.total, time.median, time.slowest[0]) == (10.0, 5.0, ("b", 6.0))
    assert [(stage.stage, stage.share) for stage in time.stages] == [("notebook", 0.3), ("", 0.7)]


def test_one_cause_is_one_concern_however_often_it_shows() -> None:
    late = failed_check("too slow", status=CheckStatus.TIMEOUT)
    cell = CellRecord(index=2, id="x", grade_id="", status=CellStatus.TIMEOUT, error="It ran long.")
    result = make_result(checks=(late, late), cells=(cell,), flags=("notebook-timeout", "submission-timeout"))
    (attention,) = class_figures([result]).attention
    assert attention.concern == Concern.TIMEOUT
    assert attention.items[0].detail == "cell 3: It ran long. · MLP: too slow"


def test_a_check_that_raised_itself_is_named() -> None:
    staff = "the check itself raised: ZeroDivisionError: division by zero"
    check = failed_check("", name="loss", status=CheckStatus.CHECK_RAISED, staff_message=staff)
    (attention,) = class_figures([make_result(checks=(check,), flags=("check-raised",))]).attention
    assert (attention.concern, attention.items[0].detail) == (Concern.CHECK_RAISED, f"test_mlp.py::test_loss: {staff}")


def test_unknown_flags_and_older_checks_are_not_lost() -> None:
    usual = [make_result(str(n), checks=(make_check(),)) for n in range(3)]
    results = [*usual, make_result("old", checks=(make_check(name="old"),), flags=("strange",))]
    found = {attention.concern: attention.items for attention in class_figures(results).attention}
    assert set(found) == {Concern.OTHER_CHECKS, Concern.OTHER_FLAG}
    assert found[Concern.OTHER_FLAG][0].detail == "strange"


@pytest.mark.parametrize("flag", [Flag.RENAMED, Flag.MOVED, Flag.CONVERTED, Flag.COPY_GRADED, Flag.OTHER_NOTEBOOK])
def test_what_was_handed_in_nearly_right_is_told_with_what_was_done(flag) -> None:
    (attention,) = class_figures([make_result(checks=(make_check(),), flags=(flag,))]).attention
    several = flag in (Flag.COPY_GRADED, Flag.OTHER_NOTEBOOK)
    assert attention.concern == (Concern.OTHER_NOTEBOOK if several else Concern.RENAMED)
    assert attention.items[0].detail


def test_a_batch_without_a_sandbox_is_no_reason_to_look_at_each_student() -> None:
    figures = class_figures([make_result(str(n), flags=("unsandboxed",)) for n in range(3)])
    assert figures.attention[0].concern == Concern.UNSANDBOXED
    assert figures.concerning == 0


# ---- text from students ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil\x1b\\link\x1b]8;;\x07", "link"),
        ("\x9b2Jgone", "gone"),
        ("a\x00b\x07c", "a\ufffdb\ufffdc"),
        ("abc\u202efdp", "abc\ufffdfdp"),
        ("lone \ud83d half", "lone \ufffd half"),
        ("two\nlines\t\r\n\u2028here", "two lines here"),
        ("o" + "\u0301" * 50, "o" + "\u0301" * 4),
        ("x" * 80, "x" * 39 + "…"),
        ("José 陈美 محمد 👩\u200d🔬", "José 陈美 محمد 👩\u200d🔬"),
    ],
)
def test_plain_text(hostile: str, shown: str) -> None:
    assert plain_text(hostile, 40) == shown


@given(st.text(st.characters(), max_size=200), st.integers(1, 50))
def test_plain_text_is_always_bounded_and_visible(text: str, limit: int) -> None:
    shown = plain_text(text, limit)
    assert len(shown) <= limit
    shown.encode("utf-8")
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Co"}


# ---- the page -------------------------------------------------------------------------------------------------------


def test_page_says_how_the_class_did() -> None:
    words = render(make_class()).words()
    assert TITLE in words
    assert "31 28 graded · 2 invalid · 1 not scored" in words
    assert "2026-11-22 17:30 UTC" in words
    assert "What to re-teach tomorrow" in words
    assert "No space left on device" in words


def test_page_needs_nothing_from_elsewhere() -> None:
    page = render(make_class())
    addresses = [value for name, value in page.attributes if name in {"src", "href", "action", "srcset", "data"}]
    assert {address for address in addresses if not address.startswith("#")} == {"data:,"}
    html = class_page(TITLE, "mlp", make_class(), made_at=MADE_AT)
    assert "http://" not in html
    assert "https://" not in html
    assert "url(" not in html
    assert "@import" not in html


def test_page_is_the_same_for_the_same_results_in_any_order() -> None:
    results = make_class()
    pages = {class_page(TITLE, "mlp", order, made_at=MADE_AT) for order in (results, results[::-1])}
    assert len(pages) == 1


def test_hostile_text_stays_text() -> None:
    check = failed_check(HOSTILE, question=HOSTILE, name=HOSTILE)
    late = replace(check, status=CheckStatus.TIMEOUT)
    cell = CellRecord(index=0, id=HOSTILE, grade_id=HOSTILE, status=CellStatus.CRASHED, error=HOSTILE)
    hostile = make_result(HOSTILE, checks=(check, late), cells=(cell,), flags=(HOSTILE,), timings={HOSTILE: 1.0})
    hostile = replace(hostile, device=HOSTILE, reason=HOSTILE)
    results = [hostile, replace(hostile, student=HOSTILE + "2", status=Status.INVALID)]
    html = class_page(HOSTILE, HOSTILE, results, made_at=MADE_AT, demo_secret=True)
    page = Page(html)
    html.encode("utf-8")
    assert page.tags.count("script") == 1
    assert "img" not in page.tags
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "{{ 7*7 }}" in page.text
    assert not {"\x1b", "\x00", "\x08", "\u202e", "\u2066", "\ufeff", "\U000e0041"} & set(html)
    assert len(html) < 100_000


def test_only_our_own_script_may_run() -> None:
    policies = [value for name, value in render([]).attributes if name == "content" and "default-src" in value]
    assert "default-src 'none'" in policies[0]
    assert "script-src 'sha256-" in policies[0]


def test_lone_surrogates_can_be_shown() -> None:
    render([make_result("ada", reason="\ud800", status=Status.INVALID)]).text.encode("utf-8")


def test_empty_class() -> None:
    words = render([]).words()
    assert "There are no results yet." in words
    assert "No students yet." in words
    assert "nan" not in words.lower()


def test_class_where_nothing_could_be_read() -> None:
    results = [make_result(name, status=Status.INVALID, score=0.0, reason="no notebook") for name in ("a", "b")]
    words = render(results).words()
    assert "None of the 2 submissions with a score could be read" in words
    assert "no check was run" in words
    assert "Cannot be read: score 0 · 2" in words


def test_class_where_the_grader_failed_throughout() -> None:
    words = render([make_result("a", status=Status.FAILED, max_score=0.0, reason="no GPU")]).words()
    assert "No submission has a score yet" in words
    assert "no score" in words


def test_class_of_one() -> None:
    words = render([make_result("ada", checks=(make_check(points=20.0),))]).words()
    assert "Every point was earned." in words
    assert "Nothing: every submission was graded" in words
    assert "1 submissions" not in words
    assert "1 students" not in words


def test_demo_secret_is_announced() -> None:
    assert "Hidden inputs are not secret" in render([], demo_secret=True).words()
    assert "Hidden inputs are not secret" not in render([]).words()


def test_what_holds_for_every_submission_is_said_once() -> None:
    words = render([make_result(f"student{n}", flags=("unsandboxed",)) for n in range(20)]).words()
    assert "Graded without a sandbox · every submission" in words


def test_links_lead_to_rows_of_the_table() -> None:
    page = render(make_class())
    anchors = {value for name, value in page.attributes if name == "id"}
    links = {value[1:] for name, value in page.attributes if name == "href" and value.startswith("#")}
    assert links
    assert links <= anchors
