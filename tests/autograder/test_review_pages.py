"""The review's pages: forms without a script, two reviewers at a time, and nobody's name where names are hidden."""

import html
import shutil
from collections.abc import Iterator
from pathlib import Path

import gradebook_course
import pytest
from review_client import Client, fields
from review_course import answered, given, opened
from served_course import served

from autograder.cli import main
from autograder.grading.lock import locked
from autograder.results import read_result, result_path
from autograder.reviewing.amounts import read_amount
from autograder.reviewing.rubric import RubricFile

WORDS = "/assignments/tiny/review/words"
STUDENTS = ("ada-l", "bob-m", "cid-n")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two who answer the same in words, and one who does not."""
    root = gradebook_course.make(tmp_path_factory.mktemp("made") / "course")
    for student, words in zip(STUDENTS, ("It is doubled.", "it is doubled. ", "No idea."), strict=True):
        answered(root, student, words=words)
    file = RubricFile(course=root, assignment="tiny", question="words")
    for text, comment in (("2", "All of it."), ("-0.5", "No reason."), ("-1", "No word on shapes.")):
        file.add(read_amount(text), comment)
    return root


@pytest.fixture(scope="module")
def server(made: Path) -> Iterator[Client]:
    with served(made, "--who", "Tom") as server:
        yield Client(server.url)


@pytest.fixture(scope="module")
def beginning(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course as it is before each test."""
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("beginning") / "course"))


@pytest.fixture
def course(made: Path, beginning: Path) -> Path:
    for name in ("results", "adjustments"):
        shutil.rmtree(made / name)
        shutil.copytree(beginning / name, made / name)
    return made


@pytest.fixture
def client(course: Path, server: Client) -> Client:
    return server


def page_of(client: Client, address: str = WORDS) -> str:
    status, page = client.get(address)
    assert status == 200
    return page


def words(root: Path, student: str):
    (record,) = [one for one in read_result(result_path(root / "results", "tiny", student)).by_hand if one.question == "words"]  # fmt: skip
    return record.score, record.comments


def text_of(page: str) -> str:
    return html.unescape(page)


def test_items_of_the_rubric_add_up_and_comments_stand_below_each_other(client, course):
    form = fields(page_of(client), "give")
    status, page = client.post(f"{WORDS}/give", {**form, "item": ["1", "2", "3"], "comment": "See me.\r\nSoon."})
    assert status == 200
    assert "Given so far" in page
    expected = (0.5, ("All of it.\nNo reason.\nNo word on shapes.\nSee me.\nSoon.",))
    assert [words(course, student) for student in STUDENTS] == [expected, expected, (0, ())]


def test_those_alone_who_are_chosen_get_it(client, course):
    form = fields(page_of(client, f"{WORDS}?names=shown"), "give")
    status, _ = client.post(f"{WORDS}/give", {**form, "student": form["student"][1:], "points": "1"})
    assert (status, words(course, "ada-l")[0], words(course, "bob-m")[0]) == (200, 0, 1)
    status, page = client.post(f"{WORDS}/give", {**fields(page_of(client), "give"), "student": [], "points": "1"})
    assert status == 409
    assert "No answer is chosen" in page


def test_a_page_that_somebody_was_faster_than_says_so_and_keeps_what_was_typed(client, course):
    form = fields(page_of(client, f"{WORDS}?names=shown"), "give")  # by name: bob is the second
    given(course, "bob-m", "words", 2)
    typed = {**form, "points": "1.25", "comment": "Nearly <all>.", "item": ["2"], "student": form["student"][1:]}
    status, page = client.post(f"{WORDS}/give", typed)
    assert status == 409
    assert "Eva was at 1 of these answers since this page was made" in page
    assert 'value="1.25"' in page
    assert "Nearly &lt;all&gt;.</textarea>" in page
    assert fields(page, "give")["item"] == ["2"]
    assert fields(page, "give")["student"] == form["student"][1:]
    assert len(opened(course).adjustments.lines) == 1
    assert client.post(f"{WORDS}/give", {**fields(page, "give"), "points": ["1"], "item": []})[0] == 200
    assert len(opened(course).adjustments.lines) == 2  # what was looked at again is given


def test_the_same_form_twice_gives_once(client, course):
    form = {**fields(page_of(client), "give"), "points": "+1"}
    assert [client.post(f"{WORDS}/give", form)[0] for _ in range(2)] == [200, 409]
    assert words(course, "ada-l")[0] == 1


def test_answers_that_changed_meanwhile_are_shown_first(client, course):
    form = {**fields(page_of(client), "give"), "points": "1"}
    answered(course, "bob-m", words="Something new.")
    status, page = client.post(f"{WORDS}/give", form)
    assert status == 409
    assert "Answers of this group have changed since this page was made" in page
    for student in ("ada-l", "bob-m"):
        answered(course, student, words="Both of them.")
    status, page = client.post(f"{WORDS}/give", form)
    assert status == 409
    assert "are in other groups now" in page
    assert opened(course).adjustments.lines == ()


def test_a_rubric_that_changed_meanwhile_gives_nothing(client, course):
    form = fields(page_of(client), "give")
    edit = {"rubric": form["rubric"], "number": "2", "do": "change", "item_points": "-2", "item_comment": "No."}
    assert client.post(f"{WORDS}/rubric", edit)[0] == 200
    status, page = client.post(f"{WORDS}/give", {**form, "item": ["1", "2"]})
    assert status == 409
    assert "The rubric has changed since this page was made" in page
    status, page = client.post(f"{WORDS}/rubric", {**edit, "do": "remove"})
    assert status == 409
    assert opened(course).adjustments.lines == ()


def test_the_rubric_is_edited_on_the_page(client):
    rubric = fields(page_of(client), "give")["rubric"]
    status, page = client.post(f"{WORDS}/rubric", {"rubric": rubric, "number": "2", "do": "remove"})
    assert status == 200
    assert "No reason." not in page
    status, page = client.post(
        f"{WORDS}/rubric", {"do": "add", "item_points": "+0.5", "item_comment": "A <b>nice</b> word."}
    )
    assert status == 200
    assert "A &lt;b&gt;nice&lt;/b&gt; word." in page
    assert "<b>nice" not in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"points": "3"}, "3 points, and the question is worth 2; give 0 to 2."),
        ({"points": "lots"}, "'lots' is no number of points"),
        ({"points": "1", "item": ["1"]}, "Several set points: 1, 2"),
        ({"item": ["9"]}, "There is no item 9"),
        ({}, "give points, a correction or a comment"),
        ({"comment": "x" * 4_001}, "at most 4000 are kept"),
    ],
)
def test_what_cannot_be_given_is_a_sentence_that_names_nobody(client, course, typed, said):
    status, page = client.post(f"{WORDS}/give", {**fields(page_of(client), "give"), **typed})
    assert status == 409
    assert said in text_of(page)
    assert "ada-l" not in page
    assert opened(course).adjustments.lines == ()


def test_names_are_nowhere_on_the_page_unless_they_are_asked_for(client):
    hidden, shown = page_of(client), page_of(client, f"{WORDS}?names=shown")
    assert [student in hidden for student in STUDENTS] == [False] * 3
    assert [student in shown for student in STUDENTS] == [True, True, False]
    form = fields(shown, "give")
    _, after = client.post(f"{WORDS}/give", {**form, "points": "1"})
    assert "ada-l" in after  # it stays as it was chosen
    _, after = client.post(f"{WORDS}/undo", fields(page_of(client), "undo"))
    assert "ada-l" not in after


def test_undo_takes_back_what_the_page_named_and_no_more(client, course):
    client.post(f"{WORDS}/give", {**fields(page_of(client), "give"), "points": "1"})
    [group] = fields(page_of(client), "give")["group"]  # the next one, which nothing was given to
    client.post(f"{WORDS}/give", {**fields(page_of(client, f"{WORDS}?group={group}"), "give"), "points": "0.5"})
    page = page_of(client)
    assert "Last given: 0.5 to 1 answer<" in page
    form = fields(page, "undo")
    status, page = client.post(f"{WORDS}/undo", form)
    assert status == 200
    assert "Last given: 1 to 2 answers<" in page
    assert client.post(f"{WORDS}/undo", form)[0] == 409
    assert client.post(f"{WORDS}/undo", fields(page, "undo"))[0] == 200
    assert "Last given" not in page_of(client)
    assert [words(course, student)[0] for student in STUDENTS] == [0, 0, 0]


def test_what_was_given_for_an_earlier_answer_is_confirmed_or_withdrawn(client, course):
    client.post(f"{WORDS}/give", {**fields(page_of(client), "give"), "points": "1"})
    for student in ("ada-l", "bob-m"):
        answered(course, student, words="Both of them.")
    page = page_of(client)
    assert "does not count until it is confirmed" in page
    assert words(course, "ada-l")[0] == 0
    assert client.post(f"{WORDS}/confirm", fields(page, "give"))[0] == 200
    assert [words(course, student)[0] for student in STUDENTS] == [1, 1, 0]
    [group] = fields(page, "give")["group"]
    stale = fields(page, "give")
    page = page_of(client, f"{WORDS}?group={group}")
    given(course, "ada-l", "words", 2)
    assert client.post(f"{WORDS}/withdraw", fields(page, "give"))[0] == 409
    assert client.post(f"{WORDS}/confirm", stale)[0] == 409
    page = page_of(client, f"{WORDS}?group={group}")
    assert client.post(f"{WORDS}/withdraw", fields(page, "give"))[0] == 200
    assert [words(course, student)[0] for student in STUDENTS] == [0, 0, 0]


def test_results_that_a_batch_holds_follow_later_and_the_page_says_so(client, course):
    with locked(course / "results"):
        status, page = client.post(f"{WORDS}/give", {**fields(page_of(client), "give"), "points": "1"})
        assert status == 200
        assert "the result files follow with the next" in page
        assert "2 given" in page
    assert words(course, "ada-l")[0] == 0
    assert len(opened(course).adjustments.lines) == 2


def test_the_list_of_questions_says_what_waits(client, capsys, course):
    page = page_of(client, "/assignments/tiny/review")
    assert "words: 0 of 3 need nobody" in page
    client.post(f"{WORDS}/give", {**fields(page_of(client), "give"), "points": "1"})
    assert "words: 2 of 3 need nobody" in page_of(client, "/assignments/tiny/review")
    assert main(["adjust", "tiny", "--list", "--course", str(course)]) == 1
    assert "tiny: 2 by hand; 1 need a person." in capsys.readouterr().out


def test_what_is_not_there_is_a_page_of_its_own(client):
    assert client.get("/assignments/tiny/review/none")[0] == 404
    assert client.get("/assignments/none/review")[0] == 404
    assert client.get(f"{WORDS}/give")[0] == 405
    status, page = client.get(f"{WORDS}?group=none")
    assert status == 200
    assert "are in other groups now" in page
