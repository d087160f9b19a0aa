"""Answers to one question in a row: what is equal stands together, what is given is an adjustment, nothing is lost."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import gradebook_course
import pytest
from review_course import answered, given, opened

from autograder.adjusting import Overtaken
from autograder.cli import main
from autograder.errors import AutograderError
from autograder.grading.settling import settle_again
from autograder.question_scores import question_scores
from autograder.results import kept_notebook_path, read_result, result_path
from autograder.reviewing.amounts import Amount, read_amount, summed
from autograder.reviewing.class_answers import ClassAnswers, read_shown_answer
from autograder.reviewing.giving import confirm_all, give, gives, undo, withdraw_all
from autograder.reviewing.groups import Group, State, groups_of, progress_of_all
from autograder.reviewing.normal_forms import normal_code, normal_prose
from autograder.reviewing.rubric import RubricFile

KNOWN = frozenset({"torch", "nn", "double", "helper"})

# What is equivalent


def same(one: str, other: str) -> bool:
    return normal_code(one, KNOWN) == normal_code(other, KNOWN)


DOUBLE = "def double(x):\n    y = x + x  # twice\n    return y"


@pytest.mark.parametrize(
    "other",
    [
        "def double(x):\n\n  '''Twice.'''\n  y=(x+x)\n  return y",
        "def double(value):\n    result = value + value\n    return result",
        "def double(tensor):\n    x = tensor + tensor\n    return x",
    ],
)
def test_layout_comments_and_names_of_ones_own_count_for_nothing(other):
    assert same(DOUBLE, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (DOUBLE, "def double(x):\n    y = x + y\n    return y"),
        (DOUBLE, "def double(x):\n    y = x + x\n    return x"),
        ("def f(a, b):\n    return a - b", "def f(a, b):\n    return b - a"),
        ("x = mode('sum')", "x = mode('mean')"),
        ("x = first(1)", "x = second(1)"),
        ("def f(s):\n    return nn.Conv2d(s, stride=s)", "def f(p):\n    return nn.Conv2d(p, padding=p)"),
        ("def f(stride):\n    return g(stride=stride)", "def f(padding):\n    return g(padding=padding)"),
        ("class A:\n    x = 1\n    def f(self):\n        return self.x", "class A:\n    y = 1\n    def f(self):\n        return self.x"),
        ("for i in x:\n    f(i)\n    g(i)", "for i in x:\n    f(i)\ng(i)"),
        ("def f(sum):\n    return sum", "def f(total):\n    return sum"),
        ("x = 1", "x = 1.0"),
        ("def broken(x:\n    return a", "def broken(x:\n    return b"),
        ("if x(:\n    a\n    b", "if x(:\n    a\nb"),
    ],
)  # fmt: skip
def test_what_does_something_else_is_not_equivalent(one, other):
    assert not same(one, other)


def test_code_that_does_not_parse_or_is_nested_too_deep_has_a_form_all_the_same():
    assert same("def broken(x:\n    return a  # oh", "def broken(x:\n    return  a")
    deep = f"x = {'(' * 5_000}1{')' * 5_000}"
    sum_of_many = "x = " + "+".join(["1"] * 20_000)
    assert len({normal_code(source, KNOWN) for source in (deep, sum_of_many, "x = 1")}) == 3


def test_written_answers_are_equal_but_for_white_space_and_capitals():
    assert normal_prose("Since  2x\n= x + x. ") == normal_prose("since 2x = x + x.")
    assert normal_prose("since 2x = x + x.") != normal_prose("since 3x = x + x.")


# Points as people write them


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("2", Amount(points=2)),
        (" 1,5 ", Amount(points=1.5)),
        ("+1", Amount(correction=1)),
        ("- .5", Amount(correction=-0.5)),
        ("\N{MINUS SIGN}2", Amount(correction=-2)),
        ("0", Amount(points=0)),
        ("", Amount()),
    ],
)
def test_a_sign_makes_a_correction(text, amount):
    assert read_amount(text) == amount


@pytest.mark.parametrize("text", ["two", "nan", "1e5", "--1", "1/2", "inf", "+", "9" * 400])
def test_what_is_no_number_is_a_sentence(text):
    with pytest.raises(AutograderError, match=r"is no number of points; write 2, \+1 or -0\.5\."):
        read_amount(text)


def test_corrections_add_up_beside_points_that_one_sets():
    assert summed([Amount(correction=0.1), Amount(correction=0.2), Amount()]) == Amount(correction=0.3)
    assert summed([Amount(points=2), Amount(correction=-0.5)]) == Amount(points=1.5)
    assert summed([Amount(), Amount()]) == Amount()
    with pytest.raises(AutograderError, match="Several set points: 2, 1; choose one"):
        summed([Amount(points=2), Amount(points=1)])


# The rubric


def rubric(root: Path, question: str = "words") -> RubricFile:
    return RubricFile(course=root, assignment="tiny", question=question)


def test_items_keep_their_numbers_and_each_question_has_its_own(tmp_path):
    file = rubric(tmp_path)
    for text in ("2", "+1", "-0.5"):
        file.add(read_amount(text), f"for {text}")
    file.remove(2, seen=file.read().version)
    assert [(one.number, one.comment) for one in file.read().items] == [(1, "for 2"), (3, "for -0.5")]
    file.change(3, read_amount("-1"), "more", seen=file.read().version)
    file.add(read_amount(""), "only words")
    assert [(one.number, one.amount.text, one.comment) for one in file.read().items] == [
        (1, "2", "for 2"),
        (2, "", "only words"),
        (3, "-1", "more"),
    ]
    assert rubric(tmp_path, "double").read().items == ()
    assert json.loads((tmp_path / "adjustments" / "tiny.rubric.json").read_text())["schema"] == 1


def test_what_the_rubric_says_already_or_what_says_nothing_is_refused(tmp_path):
    file = rubric(tmp_path)
    file.add(read_amount("2"), "yes")
    with pytest.raises(AutograderError, match="it is item 1"):
        file.add(read_amount("2"), "yes")
    with pytest.raises(AutograderError, match="says nothing"):
        file.add(Amount(), "")
    assert len(file.read().items) == 1


def test_a_rubric_that_somebody_else_has_changed_is_not_written_over(tmp_path):
    file = rubric(tmp_path)
    file.add(read_amount("2"), "yes")
    seen = file.read().version
    file.change(1, read_amount("1"), "half", seen=seen)
    with pytest.raises(Overtaken, match="changed since this page was made"):
        file.change(1, read_amount("0"), "no", seen=seen)
    with pytest.raises(Overtaken, match="There is no item 7"):
        file.remove(7, seen=seen)
    assert [one.comment for one in file.read().items] == ["half"]


def test_a_rubric_that_cannot_be_read_is_one_sentence_and_stays(tmp_path):
    path = tmp_path / "adjustments" / "tiny.rubric.json"
    path.parent.mkdir()
    path.write_text('{"schema": 1, "questions": {"words": [{"num')
    with pytest.raises(AutograderError, match=r"tiny\.rubric\.json is no rubric"):
        rubric(tmp_path).add(read_amount("2"), "yes")
    assert path.read_text().endswith('{"num')


WRITER = """
import sys
from pathlib import Path
from autograder.reviewing.amounts import Amount
from autograder.reviewing.rubric import RubricFile
for n in range(15):
    RubricFile(course=Path(sys.argv[1]), assignment="tiny", question="words").add(Amount(), f"{sys.argv[2]} {n}")
"""


def test_several_writers_lose_nothing(tmp_path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, tmp_path, name]) for name in ("ada", "bob", "cid")]
    assert [writer.wait(120) for writer in writers] == [0, 0, 0]
    items = rubric(tmp_path).read().items
    assert [one.number for one in items] == list(range(1, 46))
    assert {one.comment for one in items} == {f"{name} {n}" for name in ("ada", "bob", "cid") for n in range(15)}


# A class


@pytest.fixture
def course(made: Path, tmp_path: Path) -> Path:
    """A course of one's own."""
    return Path(shutil.copytree(made, tmp_path / "course"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four who answer the same in words, two of them letter by letter; one otherwise, and one not at all."""
    root = gradebook_course.make(tmp_path_factory.mktemp("made") / "course")
    for student, words in (
        ("ada", "It is doubled."),
        ("bob", "It is doubled.  "),
        ("cid", "it is\ndoubled."),
        ("dee", "IT IS DOUBLED."),
        ("eve", "No idea."),
        ("fay", _released_words(root)),
    ):
        answered(root, student, words=words)
    return root


def _released_words(root: Path) -> str:
    release = json.loads((root / "release" / "tiny" / "tiny.ipynb").read_text())
    return next("".join(cell["source"]) for cell in release["cells"] if cell["id"] == "words")


def groups(root: Path, question: str = "words") -> list[Group]:
    settlement = opened(root)
    return list(groups_of(settlement, ClassAnswers().read(settlement), question, KNOWN))


def who(group: Group) -> list[str]:
    return [one.student for one in group.judged]


def last_line(root: Path) -> int:
    return max((one.line for one in opened(root).adjustments.lines), default=0)


def give_to(root: Path, group: Group, text: str, comment: str = "", *, seen: int | None = None):
    amount = read_amount(text)
    settlement = opened(root)
    new = give(
        settlement,
        "words",
        group.judged,
        amount,
        comment,
        who="Tom",
        seen=last_line(root) if seen is None else seen,
    )
    assert settle_again(opened(root), [one.student for one in new]) == ""
    return new


def words(root: Path, student: str):
    return question_scores(read_result(result_path(root / "results", "tiny", student)))["words"]


def test_equal_answers_stand_together_the_largest_group_first_what_was_left_last(course):
    assert [who(group) for group in groups(course)] == [["ada", "bob", "cid", "dee"], ["eve"], ["fay"]]
    first, second, left = groups(course)
    assert [[one.student for one in variant] for variant in first.variants] == [["ada", "bob"], ["cid"], ["dee"]]
    assert first.progress.states == {State.WAITING: 4}
    assert second.progress.ungiven == 1
    assert left.progress.states == {State.LEFT: 1}
    assert left.progress.ungiven == 0


def test_renamed_code_is_one_group_and_other_code_another(course):
    answered(course, "eve", double="def double(tensor):\n    # twice\n    return (tensor + tensor)")
    answered(course, "dee", double="def double(x):\n    return 2 * x")
    assert [who(group) for group in groups(course, "double")] == [["ada", "bob", "cid", "eve", "fay"], ["dee"]]
    assert groups(course, "double")[0].progress.states == {State.CHECKED: 5}


def test_the_same_code_that_shows_something_else_is_another_variant(course):
    shown = [{"output_type": "stream", "name": "stdout", "text": "seen"}]
    answered(course, "eve", outputs=shown)
    variants = groups(course, "double")[0].variants
    assert [[one.student for one in variant] for variant in variants] == [["ada", "bob", "cid", "dee", "fay"], ["eve"]]


def test_the_questions_stand_in_the_notebooks_order_with_what_waits(course):
    settlement = opened(course)
    found = progress_of_all(settlement, ClassAnswers().read(settlement))
    assert [(one.name, one.points, one.by_people) for one in found] == [
        ("double", 3, False),
        ("answer", 3, False),
        ("words", 2, True),
    ]
    assert (found[2].needed, found[2].answers, found[2].states[State.LEFT]) == (5, 6, 1)
    assert (found[0].needed, found[0].ungiven) == (0, 6)


def test_who_could_not_be_read_or_has_no_such_cell(course):
    kept = kept_notebook_path(course / "results", "tiny", "eve", 1)
    kept.unlink()
    assert ["eve"] in [who(group) for group in groups(course)]
    [gone] = [group for group in groups(course) if who(group) == ["eve"]]
    assert gone.judged[0].answer.cells == ()
    assert gone.progress.needed == 1


def test_what_is_given_to_a_group_is_in_the_results_and_in_the_list(course, capsys):
    new = give_to(course, groups(course)[0], "1.5", "Say why.\nIn words.")
    assert [(one.student, one.points, one.who) for one in new] == [(name, 1.5, "Tom") for name in ("ada", "bob", "cid", "dee")]  # fmt: skip
    assert (words(course, "cid").score, words(course, "cid").comments) == (1.5, ("Say why.\nIn words.",))
    assert words(course, "eve").needs_person
    assert groups(course)[0].progress.states == {State.GIVEN: 4}
    assert main(["adjust", "tiny", "--list", "--course", str(course)]) == 1
    out = capsys.readouterr().out
    assert "4: dee, words: = 1.5, counts (Tom" in out
    assert "tiny: 4 by hand; 1 need a person." in out


def test_the_same_again_adds_nothing(course):
    give_to(course, groups(course)[0], "+1", "Good.")
    assert give_to(course, groups(course)[0], "+1", "Good.") == []
    assert words(course, "ada").score == 1


def test_undo_takes_back_one_give_after_another_of_ones_own_alone(course):
    group = groups(course)[0]
    give_to(course, group, "1")
    given(course, "ada", "words", 0.5)
    give_to(course, group, "+0.5", "And half.")
    for expected in (("+0.5", 4), ("1", 4)):
        latest = gives(opened(course), "words", "Tom")[0]
        assert (latest.amount.text, len(latest.lines)) == expected
        undone = undo(opened(course), "words", latest.key, "Tom")
        settle_again(opened(course), [one.student for one in undone])
    assert gives(opened(course), "words", "Tom") == []
    assert words(course, "ada").score == 0.5  # Eva's stands
    assert words(course, "bob").needs_person
    with pytest.raises(Overtaken, match="undone already"):
        undo(opened(course), "words", latest.key, "Tom")


def test_undo_passes_over_what_was_withdrawn_by_itself(course):
    new = give_to(course, groups(course)[0], "1")
    assert main(["adjust", "tiny", "--undo", str(new[0].line), "--course", str(course)]) == 0
    [latest] = gives(opened(course), "words", "Tom")
    assert len(undo(opened(course), "words", latest.key, "Tom")) == 3


def test_what_somebody_else_gave_meanwhile_is_not_given_on_top_of(course):
    group, seen = groups(course)[0], last_line(course)
    given(course, "bob", "words", 2)
    with pytest.raises(Overtaken, match="Eva was at 1 of these answers since this page was made"):
        give_to(course, group, "1", seen=seen)
    assert last_line(course) == 1
    given(course, "eve", "words", 2)  # what is elsewhere hinders nobody
    assert len(give_to(course, group, "1", seen=1)) == 4


def test_what_is_given_is_for_the_answer_that_was_seen_and_waits_where_there_is_another(course):
    group = groups(course)[0]
    answered(course, "cid", words="Something new.")
    give_to(course, group, "1")
    assert [words(course, student).score for student in ("ada", "cid")] == [1, 0]
    assert words(course, "cid").look_again


def test_what_was_given_for_an_earlier_answer_is_confirmed_for_the_group(course):
    give_to(course, groups(course)[0], "1")
    for student in ("ada", "bob"):
        answered(course, student, words="It is twice as much.")
    [changed] = [group for group in groups(course) if who(group) == ["ada", "bob"]]
    assert changed.progress.states == {State.LOOK_AGAIN: 2}
    assert words(course, "ada").look_again
    new = confirm_all(opened(course), changed.judged, "Eva")
    settle_again(opened(course), [one.student for one in new])
    assert (words(course, "ada").score, words(course, "ada").look_again) == (1, False)
    with pytest.raises(AutograderError, match="None of these answers is to be looked at again"):
        confirm_all(opened(course), groups(course)[0].judged, "Eva")


def test_what_was_seen_is_confirmed_and_not_what_came_since(course):
    give_to(course, groups(course)[0], "1")
    answered(course, "ada", words="It is twice as much.")
    [changed] = [group for group in groups(course) if who(group) == ["ada"]]
    answered(course, "ada", words="Copied.")
    confirm_all(opened(course), changed.judged, "Eva")
    [now] = [group for group in groups(course) if who(group) == ["ada"]]
    assert now.progress.states == {State.LOOK_AGAIN: 1}


def test_all_that_stands_can_be_withdrawn(course):
    give_to(course, groups(course)[0], "1")
    given(course, "ada", "words", 2)
    withdraw_all(opened(course), groups(course)[0].judged, "Tom")
    assert groups(course)[0].progress.states == {State.WAITING: 4}
    with pytest.raises(AutograderError, match="Nothing was given"):
        withdraw_all(opened(course), groups(course)[0].judged, "Tom")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2.5", "2.5 points, and the question is worth 2; give 0 to 2."),
        ("+3", r"\+3 to 0 is not between 0 and the 2 points of the question \(4 of 4 chosen answers\)"),
        ("-0.5", r"-0.5 to 0 is not between 0 and the 2 points"),
        ("", "give points, a correction or a comment"),
    ],
)
def test_what_cannot_be_given_is_given_to_nobody_and_names_nobody(course, text, said):
    with pytest.raises(AutograderError, match=said) as refused:
        give_to(course, groups(course)[0], text)
    assert "ada" not in str(refused.value)
    assert last_line(course) == 0


def test_what_was_read_is_read_again_only_where_it_changed(course):
    reader = ClassAnswers()
    first = reader.read(opened(course))
    answered(course, "ada", words="Other words.")
    second = reader.read(opened(course))
    assert [before[1] is after[1] for before, after in zip(first, second, strict=True)] == [False, *[True] * 5]
    assert second[0][1]["words"].cells[0].source == "Other words."


def test_of_what_an_answer_shows_text_and_png_alone_are_taken(course):
    import feedback_pages

    pictures = {"image/png": feedback_pages.figure(), "image/jpeg": "/9j/AAAA", "image/svg+xml": "<svg onload=x>"}
    outputs = [
        {"output_type": "display_data", "metadata": {}, "data": {kind: content}} for kind, content in pictures.items()
    ]
    outputs.append({"output_type": "stream", "name": "stdout", "text": "\x1b[31mred\x1b[0m \u202egnp"})
    answered(course, "eve", outputs=outputs)
    [judged] = [one for group in groups(course, "double") for one in group.judged if one.student == "eve"]
    [cell] = read_shown_answer(kept_notebook_path(course / "results", "tiny", "eve", 1), judged.answer.cells)
    picture, other, text = cell.outputs
    assert (picture.kind, picture.base64) == ("image/png", pictures["image/png"])
    assert (other, text) == ("[A picture that is no PNG is not shown here.]", "red \ufffdgnp")
