"""Which answers build on which is read off the code, and the reference's takes the place of what was wrong alone."""

import pytest
from box_course import REFERENCE, plan, solution

from autograder.checks.answers import Answers


def foundation(question: str, *wrong: str, **cells: str | None) -> set[str]:
    return set(Answers(plan(**cells), solution()).foundation(question, wrong).wrong)


def rebuilt(question: str, *wrong: str, **cells: str | None) -> list[str]:
    """Return the sources of the cells to run."""
    answers = Answers(plan(**cells), solution())
    found = answers.foundation(question, wrong)
    return [one.source for one in answers.with_reference(found.wrong, found.names)]


def values(sources: list[str]) -> dict[str, object]:
    """Run cells as a notebook does: one that raises keeps none of the others from running."""
    namespace: dict[str, object] = {}
    for source in sources:
        try:
            exec(source, namespace)
        except Exception:  # noqa: BLE001 - as in a notebook
            continue
    return namespace


def test_an_answer_builds_on_what_it_uses_directly_and_through_others():
    assert foundation("total", "area", "volume", "boxes") == {"area", "volume", "boxes"}
    assert foundation("total", "area") == {"area"}
    assert foundation("area", "volume", "boxes", "total") == set()


def test_an_answer_does_not_build_on_what_is_right_or_not_used():
    assert foundation("total") == set()
    assert foundation("total", "area", boxes="boxes = [6]") == set()


@pytest.mark.parametrize(
    "boxes",
    [
        "boxes = []\nboxes.append(volume(1, 2, 3))",
        "boxes = [0]\nboxes[0] = volume(1, 2, 3)",
        "boxes = []\nfor d in [3]:\n    boxes += [volume(1, 2, d)]",
        "if True:\n    one = volume(1, 2, 3)\nboxes = [one]",
        "%time one = 1\nboxes = [volume(1, 2, 3)]",
        "def helper():\n    return volume(1, 2, 3)\nboxes = [helper()]",
        "boxes = []\ndef fill():\n    boxes.append(volume(1, 2, 3))\nfill()",
    ],
)
def test_a_use_is_seen_however_it_is_written(boxes):
    assert foundation("boxes", "area", boxes=boxes) == {"area"}


def test_a_use_through_a_cell_of_the_students_own_is_seen():
    assert foundation("boxes", "area", boxes="boxes = [mine(3)]", extra="def mine(d):\n    return area(1, 2) * d") == {
        "area"
    }


def test_calling_a_function_of_a_module_ties_nothing_to_it():
    cells = {"extra": "import math\nmath.fabs(area(1, 2))", "total": "total = math.floor(6)"}
    assert foundation("total", "area", **cells) == set()
    assert foundation("total", "area", **(cells | {"total": "total = area(1, 6)"})) == {"area"}, "the positive control"


def test_what_the_reference_needs_of_other_wrong_answers_is_replaced_too():
    assert foundation("total", "boxes", "area", boxes="boxes = [5]") == {"boxes", "area"}


def test_a_stub_is_no_answer():
    answers = Answers(plan(boxes="raise NotImplementedError"), solution())
    assert not answers.has("boxes")
    assert answers.has("total")


def test_the_references_cell_runs_in_the_place_of_the_wrong_one():
    sources = rebuilt("boxes", "area", area="def area(w, h):\n    return w + h")
    assert sources == ["import math", *REFERENCE.values()]


@pytest.mark.parametrize("wrong", ["raise NotImplementedError", "def area(w, h:", "while True: pass", None])
def test_a_missing_answer_gets_the_references_too(wrong):
    assert values(rebuilt("total", "area", area=wrong))["total"] == 6


def test_what_the_student_keeps_in_the_wrong_cell_stays_theirs():
    area = "from math import prod\ndef area(w, h):\n    return w + h\ndef times(a, b):\n    return prod([a, b])"
    found = values(rebuilt("boxes", "area", area=area, boxes="boxes = [times(area(1, 2), 3)]"))
    assert found["boxes"] == [6]


def test_what_nothing_needs_of_the_wrong_cell_does_not_run():
    area = "def area(w, h):\n    return w + h\nassert area(2, 3) == 5\nleft = 1"
    assert "left" not in values(rebuilt("boxes", "area", area=area))


def test_an_answer_of_several_in_one_cell_is_replaced_alone():
    one_cell = (
        "def area(w, h):\n    return w + h\ndef volume(w, h, d):\n    return area(w, h) * d\n"
        "boxes = [volume(1, 2, 3)]\ntotal = sum(boxes)"
    )
    cells = {"area": None, "volume": one_cell, "boxes": None, "total": None}
    assert values([one.source for one in plan(**cells)])["total"] == 9, "the positive control: as it was handed in"
    assert values(rebuilt("total", "area", **cells))["total"] == 6


def test_an_answer_written_elsewhere_does_not_come_back():
    sources = rebuilt("boxes", "area", area="raise NotImplementedError", extra="def area(w, h):\n    return w + h")
    assert values(sources)["boxes"] == [6]
    late = {"area": "def area(w, h):\n    return 0", "volume": "area = lambda w, h: w + h\n" + REFERENCE["volume"]}
    assert values(rebuilt("boxes", "area", **late))["boxes"] == [6]


def test_cells_of_the_run_have_names_of_their_own():
    answers = Answers(plan(area=None), solution())
    names = [one.name for one in answers.with_reference({"area"}, set())]
    assert len(set(names)) == len(names) == 5


@pytest.mark.parametrize("hostile", ["(" * 5_000, "x = " + "-" * 60_000 + "1", "a" + ".a" * 60_000, "x = '\\d'"])
def test_code_that_cannot_be_read_or_written_down_is_left_as_it_is(hostile):
    sources = rebuilt("boxes", "area", area="raise NotImplementedError", extra=hostile)
    assert hostile in sources
    assert values([one for one in sources if one != hostile])["boxes"] == [6]


def test_a_notebook_of_too_much_code_is_left_as_it_is():
    assert foundation("boxes", "area", extra="#" * 1_000_001) == set()


# Files: what one answer writes and another reads

_READS = {
    "volume": "def volume(w, h, d):\n    return float(open('area.txt').read()) * d",
    "area": "with open('out/area.txt', 'w') as f:\n    f.write('7')\narea = max",
}


def test_an_answer_builds_on_the_answer_that_wrote_the_file_it_reads():
    assert foundation("volume", "area", "boxes", **_READS) == {"area"}
    assert foundation("boxes", "area", **_READS) == {"area"}
    assert foundation("area", "volume", **_READS) == set(), "who writes builds on no reader further down"


def test_an_answer_builds_on_the_functions_that_wrote_the_file_and_on_the_cell_that_had_them_do_it():
    wrote = {
        "area": "def area(w, h):\n    with open(w, mode='wt') as f:\n        f.write(h)",
        "volume": "def volume(w, h, d):\n    area(w, h)",
        "boxes": "volume('a.txt', 1, 2)\nboxes = 1",
        "total": "total = len(open('a.txt').read())",
    }
    assert foundation("total", "area", "volume", "boxes", **wrote) == {"area", "volume", "boxes"}
    assert foundation("total", "area", "volume", **wrote) == {"area", "volume"}
    assert foundation("total", "area", **wrote | {"total": "total = len(open('b.txt').read())"}) == set()


def test_two_answers_that_read_a_file_which_nobody_writes_do_not_build_on_each_other():
    reads = {"area": "area = len(open('a.csv').read())", "volume": "volume = open('a.csv', 'rb').read()"}
    assert foundation("volume", "area", **reads) == set()
