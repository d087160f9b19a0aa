"""Downloads become submitted/: each system's names, whose they are, which is the newest, and nothing that is hostile."""

import json
import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from downloads import (
    canvas,
    gradescope,
    moodle,
    notebook,
    otter_zip,
    raw_zip,
    tarred,
    write,
    zip_of_kind,
    zipped,
)

from autograder.cli import main
from autograder.collecting import kept
from autograder.collecting.collection import Collection, Outcome, Request, collect
from autograder.collecting.files import LIMITS
from autograder.course import Assignment, LatePolicy
from autograder.errors import AutograderError
from autograder.grading.submissions import find_submissions
from autograder.roster import Person, Roster

DUE = datetime(2027, 1, 15, 23, 0, tzinfo=UTC)
ADA = Person(
    id="ada", name="Ada Lovelace", email="ada@example.org", canvas="101", moodle="7001", sis="1001", github="ada-l",
    login="al", group="Team 1",
)  # fmt: skip
JORG = Person(
    id="joerg", name="Müller, Jörg", email="jm@example.org", canvas="102", sis="1002", github="jm", login="jmu",
    group="Team 1",
)  # fmt: skip
CY = Person(id="cy", name="Cy Young", email="cy@example.org", canvas="103", github="cy", login="cyy", group="Team 2")
CLASS = Roster((ADA, JORG, CY))


def request(folder: Path, *places: Path, **changes: object) -> Request:
    asked = Request(
        places=places,
        assignment=Assignment(name="tiny", title="Tiny", points=6, due=DUE),
        late_policy=LatePolicy(grace_minutes=15, penalty_per_day=0.1),
        submitted=folder / "submitted",
        roster=CLASS,
    )
    return replace(asked, **changes)


def collected(folder: Path, *places: Path, **changes: object) -> Collection:
    return collect(request(folder, *places, **changes))


def texts(folder: Path) -> dict[str, str]:
    """What each student's notebook says, as the batch finds it."""
    found = {}
    for submission in find_submissions(folder / "submitted", "tiny"):
        assert not submission.problem, submission
        cells = json.loads(submission.notebook.read_bytes())["cells"]
        found[submission.student] = cells[0]["source"].removeprefix("# ")
    return found


def times(folder: Path) -> dict[str, datetime | None]:
    return {one.student: one.submitted_at for one in find_submissions(folder / "submitted", "tiny")}


def attempts(folder: Path, student: str) -> list[str]:
    """What the notebooks of a student's earlier submissions say, by their number."""
    found = sorted((folder / "submitted" / ".attempts").glob(f"*/{student}/tiny/tiny.ipynb"))
    return [json.loads(path.read_bytes())["cells"][0]["source"].removeprefix("# ") for path in found]


BOTH = {"ada": "ada", "joerg": "jörg"}
Shape = tuple[str, Callable[[], bytes | dict[str, bytes]], str, dict[str, str]]
SHAPES: list[Shape] = [
    ("canvas zip", lambda: zipped(canvas()), "canvas", BOTH),
    ("canvas, unpacked", canvas, "canvas", BOTH),
    ("canvas in a folder in a zip", lambda: zipped({f"a/b/{n}": c for n, c in canvas().items()}), "canvas", BOTH),
    (
        "canvas, each packed by the last cell",
        lambda: zipped(
            {
                "lovelaceada_101_5001_tiny_hand_in.zip": otter_zip("ada", "tiny.ipynb"),
                "müllerjörg_LATE_102_5002_tiny_hand_in-1.zip": otter_zip("jörg", "Untitled.ipynb"),
            }
        ),
        "canvas",
        BOTH,
    ),
    ("canvas, anonymous", lambda: {"anon_101_5001_tiny.ipynb": notebook("ada")}, "canvas", {"ada": "ada"}),
    ("moodle from 4.1 on", lambda: zipped(moodle("/")), "moodle", BOTH),
    ("moodle before 4.1", lambda: zipped(moodle("_/")), "moodle", BOTH),
    ("moodle without folders", lambda: zipped(moodle("_")), "moodle", BOTH),
    (
        "moodle, blind",
        lambda: zipped({"Participant_7001_assignsubmission_file/tiny.ipynb": notebook("ada")}),
        "moodle",
        {"ada": "ada"},
    ),
    (
        "moodle, teams",
        lambda: zipped({"Team 1_31_assignsubmission_file/tiny.ipynb": notebook("both")}),
        "moodle",
        {"ada": "both", "joerg": "both"},
    ),
    ("gradescope zip", lambda: zipped(gradescope()), "gradescope", BOTH),
    ("gradescope, unpacked", gradescope, "gradescope", BOTH),
    (
        "github classroom",
        lambda: {
            "tiny-submissions/tiny-ada-l/tiny.ipynb": notebook("ada"),
            "tiny-submissions/tiny-ada-l/README.md": b"# tiny",
            "tiny-submissions/tiny-jm/tiny.ipynb": notebook("jörg"),
        },
        "github",
        BOTH,
    ),
    (
        "github clones in a folder of any name",
        lambda: {
            "clones/hw2-ada-l/.git/HEAD": b"ref: refs/heads/main",
            "clones/hw2-ada-l/tiny.ipynb": notebook("ada"),
            "clones/hw2-jm/.git/HEAD": b"ref: refs/heads/main",
            "clones/hw2-jm/tiny.ipynb": notebook("jörg"),
        },
        "github",
        BOTH,
    ),
    (
        "blackboard",
        lambda: zipped(
            {
                "Tiny_al_attempt_2027-01-14-10-00-00_tiny.ipynb": notebook("ada"),
                "Tiny_al_attempt_2027-01-14-10-00-00.txt": b"Name: Ada",
                "Tiny_jmu_attempt_2027-01-14-11-00-00_work.ipynb": notebook("jörg"),
                "Tiny_jmu_attempt_2027-01-14-11-00-00.txt": b"Name: Joerg",
            }
        ),
        "blackboard",
        BOTH,
    ),
    (
        "nbgrader's submitted/",
        lambda: {
            "ada/tiny/tiny.ipynb": notebook("ada"),
            "ada/tiny/timestamp.txt": b"2027-01-14 12:00:00.123456 UTC",
            "ada/other/other.ipynb": notebook("another assignment"),
            "joerg/tiny/tiny.ipynb": notebook("jörg"),
        },
        "nbgrader",
        BOTH,
    ),
    (
        "nbgrader's exchange",
        lambda: {
            "inbound/ada+tiny+2027-01-14 12:00:00.123456 UTC+x1/tiny.ipynb": notebook("ada"),
            "inbound/joerg+tiny+2027-01-14 12:00:00.123456 UTC+x2/tiny.ipynb": notebook("jörg"),
            "inbound/cy+other+2027-01-14 12:00:00.123456 UTC+x3/other.ipynb": notebook("another"),
        },
        "nbgrader-exchange",
        BOTH,
    ),
    (
        "otter's zips in students' folders",
        lambda: {
            "ada/tiny_2027_01_14T12_00_00_123456.zip": otter_zip("ada"),
            "joerg/tiny_2027_01_14T12_00_00_123456.zip": otter_zip("jörg"),
        },
        "otter",
        BOTH,
    ),
    (
        "otter's zips named after students",
        lambda: zipped(
            {
                "ada_tiny_2027_01_14T12_00_00_123456.zip": otter_zip("ada"),
                "jm@example.org_2027_01_14T12_00_00_123456.zip": otter_zip("jörg"),
            }
        ),
        "otter",
        BOTH,
    ),
    ("folders", lambda: {"ada/tiny.ipynb": notebook("ada"), "Jörg Müller/x/work.ipynb": notebook("jörg")}, "plain", BOTH),
    ("files", lambda: {"tiny_ada.ipynb": notebook("ada"), "Müller, Jörg.ipynb": notebook("jörg")}, "plain", BOTH),
    ("one file", lambda: notebook("ada"), "plain", {"ada": "ada"}),
    (
        "a zip of folders in a folder in a tar",
        lambda: tarred({"out/class.zip": zipped({"hw/ada/tiny.ipynb": notebook("ada"), "hw/joerg/t.ipynb": notebook("jörg")})}),
        "plain",
        BOTH,
    ),
    (
        "zips of students, nested",
        lambda: zipped(
            {
                "ada.zip": zipped({"deep/inner.zip": zipped({"tiny.ipynb": notebook("ada")})}),
                "joerg.tar.xz": tarred({"tiny.ipynb": notebook("jörg")}, "w:xz"),
            }
        ),
        "plain",
        BOTH,
    ),
    (
        "downloads of two systems in one folder",
        lambda: {
            "canvas/submissions.zip": zipped({"lovelaceada_101_5001_tiny.ipynb": notebook("ada")}),
            "moodle/Jörg Müller_7002_assignsubmission_file/tiny.ipynb": notebook("jörg"),
        },
        "canvas moodle",
        BOTH,
    ),
]  # fmt: skip
SUFFIX = {True: ".zip", False: ""}


@pytest.mark.parametrize(("build", "sources", "expected"), [s[1:] for s in SHAPES], ids=[s[0] for s in SHAPES])
def test_shapes_are_recognised(tmp_path, build, sources, expected):
    content = build()
    name = "download"
    if isinstance(content, bytes):
        name = "ada.ipynb" if content.startswith(b"{") else "download.zip" if content.startswith(b"PK") else "d.tar.gz"
    collection = collected(tmp_path, write(tmp_path / name, content))
    assert texts(tmp_path) == expected
    assert sorted({one.source for one in collection.taken}) == sources.split()
    assert collection.is_whole, collection


@pytest.mark.parametrize("source", ["canvas", "moodle", "gradescope"])
def test_a_system_can_be_named(tmp_path, source):
    build = {"canvas": canvas(), "moodle": moodle("/"), "gradescope": gradescope()}[source]
    place = write(
        tmp_path / "d", {**build, "notes/a.txt": b"", "notes/b.txt": b"", "notes/c.txt": b"", "notes/d.txt": b""}
    )
    if source == "canvas":
        for name in "abcdef":
            write(place / f"stray {name}.txt", b"stray")
    collected(tmp_path, place, source=source)
    assert texts(tmp_path) == BOTH


def test_a_system_that_it_is_not_is_one_sentence(tmp_path):
    place = write(tmp_path / "d.zip", zipped(canvas()))
    with pytest.raises(AutograderError, match="nothing that is named as moodle names it"):
        collected(tmp_path, place, source="moodle")


# -- what is hostile --------------------------------------------------------------------------------------------------

SMALL = replace(LIMITS, entries=200, ratio_from=2**20, tar_bytes=2**22, depth=2)


def link(name: str, kind: bytes) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname = kind, "/etc/passwd"
    return entry


def nested(depth: int) -> bytes:
    content = notebook("deep")
    name = "tiny.ipynb"
    for _ in range(depth):
        content, name = zipped({name: content}), "inner.zip"
    return content


HOSTILE: list[tuple[str, Callable[[], bytes], str]] = [
    ("zip slip", lambda: zipped({"../../tiny.ipynb": notebook("x")}), "is a path that leads out of it"),
    ("zip slip by backslashes", lambda: zipped({"a\\..\\..\\tiny.ipynb": notebook("x")}), "leads out of it"),
    ("absolute path", lambda: zipped({"/tmp/tiny.ipynb": notebook("x")}), "leads out of it"),
    ("drive letter", lambda: zipped({"C:\\tiny.ipynb": notebook("x")}), "leads out of it"),
    ("symbolic link", lambda: zip_of_kind("tiny.ipynb", stat.S_IFLNK), "is a symbolic link"),
    ("device", lambda: zip_of_kind("tiny.ipynb", stat.S_IFCHR), "is a device or a pipe"),
    ("tar slip", lambda: tarred({"../tiny.ipynb": notebook("x")}), "leads out of it"),
    ("tar with a symbolic link", lambda: tarred({}, extra=link("tiny.ipynb", tarfile.SYMTYPE)), "is a link"),
    ("tar with a hard link", lambda: tarred({}, extra=link("tiny.ipynb", tarfile.LNKTYPE)), "is a link"),
    ("tar with a device", lambda: tarred({}, extra=link("tiny.ipynb", tarfile.CHRTYPE)), "is a device"),
    ("tar with a pipe", lambda: tarred({}, extra=link("tiny.ipynb", tarfile.FIFOTYPE)), "is a device, a pipe"),
    ("zip bomb", lambda: zipped({"tiny.ipynb": bytes(2**22)}), "a zip bomb?"),
    ("tar bomb", lambda: tarred({"tiny.ipynb": bytes(2**23)}, "w:bz2"), "a zip bomb?"),
    ("many entries", lambda: zipped({f"{n}.txt": b"" for n in range(201)}), "holds more than 200 entries"),
    ("many entries of a tar", lambda: tarred({f"{n}.txt": b"" for n in range(201)}), "holds more than 200 entries"),
    ("a name twice", lambda: zipped({"tiny.ipynbX": b"a", "tiny.ipynbY": b"b"}).replace(b"nbX", b"nbZ").replace(b"nbY", b"nbZ"), "holds tiny.ipynbZ twice"),
    ("a control character", lambda: zipped({"ti\x1bny.ipynb": notebook("x")}), "has a control character"),
    ("folders without end", lambda: zipped({"a/" * 50 + "tiny.ipynb": notebook("x")}), "is longer than any path"),
    ("a name without end", lambda: zipped({"a" * 300: notebook("x")}), "is longer than any path"),
    ("names in no encoding", lambda: raw_zip("müllerjörg_102_5002_tiny.ipynb".encode("cp1252")), "names that are not in UTF-8"),
    ("names that are not the UTF-8 they say", lambda: raw_zip(b"m\xfcller_102_5002_tiny.ipynb", utf8_flag=True), "names that are not in UTF-8"),
    ("cut off", lambda: zipped(canvas())[:-30], "cannot be unpacked"),
    ("a RAR archive", lambda: b"Rar!\x1a\x07\x01\x00" + bytes(600), "is a RAR archive"),
    ("no archive", lambda: b"hello" * 200, "cannot be unpacked"),
    ("an empty file", lambda: b"", "neither a zip nor a tar"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "sentence"), [h[1:] for h in HOSTILE], ids=[h[0] for h in HOSTILE])
def test_a_hostile_download_is_refused_in_one_sentence(tmp_path, build, sentence):
    place = write(tmp_path / "download.zip", build())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(AutograderError) as caught:
        collected(tmp_path, place, limits=SMALL)
    assert sentence in str(caught.value)
    assert str(caught.value).count("\n") == 0
    new = {path for path in tmp_path.rglob("*") if path not in before}
    assert {path.name for path in new if path.is_file()} <= {".lock"}
    assert not (tmp_path / "submitted" / "ada").exists()


def test_within_the_same_limits_what_is_harmless_is_collected(tmp_path):
    collected(tmp_path, write(tmp_path / "d.zip", zipped(canvas())), limits=SMALL)
    assert texts(tmp_path) == BOTH
    collected(tmp_path, write(tmp_path / "d.tar.bz2", tarred({"cy/tiny.ipynb": notebook("cy")}, "w:bz2")), limits=SMALL)
    assert texts(tmp_path) == {**BOTH, "cy": "cy"}


OF_STUDENT = [h for h in HOSTILE if h[0] not in {"names in no encoding", "an empty file"}]


@pytest.mark.parametrize(("build", "sentence"), [h[1:] for h in OF_STUDENT], ids=[h[0] for h in OF_STUDENT])
def test_what_one_student_packed_hurts_nobody_else(tmp_path, build, sentence):
    files = {"lovelaceada_101_5001_work.zip": build(), "müllerjörg_102_5002_tiny.ipynb": notebook("jörg")}
    collection = collected(tmp_path, write(tmp_path / "d.zip", zipped(files)), limits=SMALL)
    assert texts(tmp_path) == {"joerg": "jörg"}
    [refusal] = collection.refused
    assert "lovelaceada_101_5001_work.zip" in refusal
    assert sentence in refusal
    assert not collection.is_whole


def test_archives_deep_in_each_other_are_refused(tmp_path):
    def of_depth(depth: int) -> Collection:
        place = write(tmp_path / f"{depth}.zip", zipped({"lovelaceada_101_1_work.zip": nested(depth)}))
        return collected(tmp_path, place, limits=SMALL)

    assert of_depth(2).is_whole
    assert "more than 2 deep" in of_depth(3).refused[0]


def test_a_million_entries_are_refused_before_they_are_listed(tmp_path):
    one = zipped({"a": b""})
    start = one.index(b"PK\x01\x02")
    entry = one[start : one.index(b"PK\x05\x06")]
    place = write(tmp_path / "d.zip", one[:start] + entry * 1_000_000 + one[one.index(b"PK\x05\x06") :])
    with pytest.raises(AutograderError, match="more than 100,000 entries"):
        collected(tmp_path, place)


def test_a_notebook_larger_than_any_is_refused(tmp_path):
    limits = replace(LIMITS, file_bytes=1000)
    place = write(tmp_path / "d.zip", zipped({"lovelaceada_101_1_tiny.ipynb": os.urandom(1001)}))
    assert "at most" in collected(tmp_path, place, limits=limits).refused[0]
    assert collected(tmp_path, place).is_whole


def test_links_in_a_folder_are_not_followed(tmp_path):
    place = write(tmp_path / "d", {"ada/tiny.ipynb": notebook("ada"), "joerg/readme.txt": b"see the link"})
    (place / "joerg" / "tiny.ipynb").symlink_to("/etc/passwd")
    (place / "cy").symlink_to(place / "ada")
    os.mkfifo(place / "pipe")
    collection = collected(tmp_path, place)
    assert sum("is a symbolic link and is not followed" in sentence for sentence in collection.refused) == 2
    assert any("is a named pipe" in sentence for sentence in collection.refused)
    assert b"root" not in b"".join(path.read_bytes() for path in (tmp_path / "submitted").rglob("*") if path.is_file())
    assert (tmp_path / "submitted" / "ada" / "tiny" / "tiny.ipynb").is_file()


def test_nothing_is_written_through_a_link_in_submitted(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "submitted").mkdir()
    (tmp_path / "submitted" / "ada").symlink_to(outside)
    collection = collected(tmp_path, write(tmp_path / "d.zip", zipped(canvas())))
    assert "is no folder" in collection.refused[0]
    assert not list(outside.iterdir())
    assert (tmp_path / "submitted" / "joerg" / "tiny" / "tiny.ipynb").is_file()


def test_files_have_our_permissions(tmp_path):
    write(tmp_path / "d", {"ada/tiny.ipynb": notebook("ada")})
    (tmp_path / "d" / "ada" / "tiny.ipynb").chmod(0o4777)
    collected(tmp_path, tmp_path / "d")
    assert (tmp_path / "submitted" / "ada" / "tiny" / "tiny.ipynb").stat().st_mode & 0o7777 == 0o644


def test_a_gradescope_file_that_would_grow_without_end_is_refused(tmp_path):
    lines = ["a0: &a0 {k0: x}"] + [f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 40)]
    place = write(tmp_path / "d.zip", zipped(gradescope("\n".join(lines))))
    with pytest.raises(AutograderError, match="is not as Gradescope writes it"):
        collected(tmp_path, place)


# -- whose it is ------------------------------------------------------------------------------------------------------


def test_a_name_that_two_have_is_not_guessed(tmp_path):
    roster = Roster((Person(id="ada1", name="Ada Lovelace"), Person(id="ada2", name="Lovelace, Ada")))
    place = write(tmp_path / "d.zip", zipped({"lovelaceada_101_5001_tiny.ipynb": notebook("ada")}))
    collection = collected(tmp_path, place, roster=roster)
    assert not collection.taken
    [sentence] = collection.unplaced
    assert "may be ada1, ada2; give the roster a column `canvas`" in sentence
    named = Roster((replace(roster.people[0], canvas="100"), replace(roster.people[1], canvas="101")))
    collected(tmp_path, place, roster=named)
    assert texts(tmp_path) == {"ada2": "ada"}


def test_a_number_and_a_name_that_contradict_each_other_are_not_guessed(tmp_path):
    place = write(tmp_path / "d.zip", zipped({"youngcy_101_5001_tiny.ipynb": notebook("whose?")}))
    [sentence] = collected(tmp_path, place).unplaced
    assert "the roster's canvas says that this is ada, the name says cy" in sentence


def test_nobody_passes_for_another_by_a_name_with_a_number(tmp_path):
    files = {
        "evil_102_103_5001_tiny.ipynb": notebook("not jörg's"),
        "lovelaceada_101_5002_2027_tiny.ipynb": notebook("ada"),
    }
    place = write(tmp_path / "d.zip", zipped(files))
    collection = collected(tmp_path, place)
    assert texts(tmp_path) == {"ada": "ada"}
    assert "says that this is joerg, whose name there is not evil (102)" in collection.unplaced[0]
    assert "can be read in two ways" in collected(tmp_path, place, roster=None).unplaced[0]


def test_a_number_of_another_assignment_does_not_place_a_submission(tmp_path):
    files = {"Nobody Known_7001_assignsubmission_file/tiny.ipynb": notebook("not ada's")}
    collection = collected(tmp_path, write(tmp_path / "d.zip", zipped(files)))
    assert "says that this is ada, whose name there is not Nobody Known (7001)" in collection.unplaced[0]
    assert not collection.taken


def test_whoever_is_not_in_the_roster_is_said_and_whoever_has_nothing_too(tmp_path):
    place = write(tmp_path / "d.zip", zipped({**canvas(), "stranger_999_5009_tiny.ipynb": notebook("?")}))
    collection = collected(tmp_path, place)
    assert "nobody in the roster is stranger (999)" in collection.unplaced[0]
    assert collection.missing == ["cy"]
    assert texts(tmp_path) == BOTH


@pytest.mark.parametrize(
    ("build", "students"),
    [
        (canvas(), {"101", "102"}),
        (moodle("/"), {"7001", "7002"}),
        (gradescope(), {"1001", "1002"}),
        ({"tiny-submissions/tiny-ada-l/tiny.ipynb": notebook("ada")}, {"ada-l"}),
        ({"ada/tiny.ipynb": notebook("ada"), "tiny bob (1).ipynb": notebook("bob")}, {"ada", "bob"}),
    ],
)
def test_without_a_roster_students_are_called_as_the_download_calls_them(tmp_path, build, students):
    collection = collected(tmp_path, write(tmp_path / "d", build), roster=None)
    assert set(texts(tmp_path)) == students
    assert collection.missing == []


def test_a_file_that_names_nobody_is_not_placed(tmp_path):
    for roster in (None, CLASS):
        collection = collected(tmp_path, write(tmp_path / "d", {"tiny.ipynb": notebook("whose?")}), roster=roster)
        assert "its name says nobody" in collection.unplaced[0]
        assert not collection.taken


def test_a_file_among_others_that_a_system_has_not_named_is_said(tmp_path):
    place = write(tmp_path / "d.zip", zipped({**canvas(), "notes.ipynb": notebook("?")}))
    [sentence] = collected(tmp_path, place).left_out
    assert "notes.ipynb: this is not named as canvas names a submission" in sentence


def test_names_are_found_in_whatever_form_of_unicode(tmp_path):
    import unicodedata

    name = unicodedata.normalize("NFD", "Jörg Müller_7002_assignsubmission_file_tiny.ipynb")
    collected(tmp_path, write(tmp_path / "d", {name: notebook("jörg")}))
    assert texts(tmp_path) == {"joerg": "jörg"}


def test_names_without_the_mark_of_utf8_are_read_where_they_are(tmp_path):
    collected(tmp_path, write(tmp_path / "d.zip", raw_zip("müllerjörg_102_5002_tiny.ipynb".encode())))
    assert texts(tmp_path) == {"joerg": "raw"}


def test_old_names_in_what_a_student_packed_do_no_harm(tmp_path):
    files = {"lovelaceada_101_5001_work.zip": raw_zip("Übung.ipynb".encode("cp850"))}
    collected(tmp_path, write(tmp_path / "d.zip", zipped(files)))
    assert texts(tmp_path) == {"ada": "raw"}


# -- groups -----------------------------------------------------------------------------------------------------------


def test_gradescope_names_all_of_a_group(tmp_path):
    metadata = "submission_9001:\n  :submitters:\n  - {':name': Ada, ':email': ada@example.org}\n  - {':name': J, ':email': jm@example.org}\n"
    metadata += "  :created_at: 2027-01-14 12:00:00 Z\n"
    collected(tmp_path, write(tmp_path / "d.zip", zipped(gradescope(metadata))))
    assert texts(tmp_path) == {"ada": "ada", "joerg": "ada"}
    assert times(tmp_path)["joerg"] == datetime(2027, 1, 14, 12, tzinfo=UTC)


def test_canvas_names_a_group_and_the_number_of_one_of_it(tmp_path):
    collected(tmp_path, write(tmp_path / "d.zip", zipped({"team1_102_5001_tiny.ipynb": notebook("ours")})))
    assert texts(tmp_path) == {"ada": "ours", "joerg": "ours"}


def test_one_of_a_group_hands_in_for_all_where_that_is_said(tmp_path):
    place = write(tmp_path / "d.zip", zipped({"lovelaceada_101_5001_tiny.ipynb": notebook("ours")}))
    collected(tmp_path, place)
    assert texts(tmp_path) == {"ada": "ours"}
    collected(tmp_path, place, groups=True)
    assert texts(tmp_path) == {"ada": "ours", "joerg": "ours"}


# -- when it came -----------------------------------------------------------------------------------------------------


def test_a_mark_of_lateness_makes_it_a_day_late(tmp_path):
    collection = collected(tmp_path, write(tmp_path / "d.zip", zipped(canvas(late="LATE_"))))
    assert [one.student for one in collection.taken if one.late] == ["joerg"]
    assert times(tmp_path)["ada"] is None
    policy = LatePolicy(grace_minutes=15)
    assert policy.late_days(times(tmp_path)["joerg"], DUE) == 1


def test_a_mark_of_lateness_without_a_due_date_is_on_time(tmp_path):
    assignment = Assignment(name="tiny", title="Tiny", points=6)
    collected(tmp_path, write(tmp_path / "d.zip", zipped(canvas(late="LATE_"))), assignment=assignment)
    assert times(tmp_path) == {"ada": None, "joerg": None}


def test_times_that_a_system_says_are_kept(tmp_path):
    collected(tmp_path, write(tmp_path / "d.zip", zipped(gradescope())))
    assert times(tmp_path)["ada"] == datetime(2027, 1, 14, 12, 0, 0, 123456, tzinfo=UTC)


def git(folder: Path, *arguments: str) -> None:
    """Run git on a folder of our own, at a certain time."""
    when = {"GIT_AUTHOR_DATE": "2027-01-14T12:00:00+0100", "GIT_COMMITTER_DATE": "2027-01-14T13:00:00+0100"}
    who = ["-c", "user.name=ada", "-c", "user.email=ada@example.org"]
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **when}
    subprocess.run(["git", "-C", folder, *who, *arguments], check=True, capture_output=True, env=env)


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
@pytest.mark.parametrize("form", ["loose", "packed", "detached", "cloned"])
def test_a_clone_has_the_time_of_its_commit(tmp_path, form):
    origin = tmp_path / ("tiny-submissions" if form != "cloned" else "origins") / "tiny-ada-l"
    write(origin, {"tiny.ipynb": notebook("ada")})
    git(origin, "init", "-q", "-b", "main")
    git(origin, "add", ".")
    git(origin, "commit", "-q", "-m", "done")
    if form == "packed":
        git(origin, "gc", "-q")
    if form == "detached":
        git(origin, "checkout", "-q", "--detach")
    if form == "cloned":
        (tmp_path / "tiny-submissions").mkdir()
        git(tmp_path, "clone", "-q", "--no-local", str(origin), "tiny-submissions/tiny-ada-l")
    collected(tmp_path, tmp_path / "tiny-submissions")
    assert times(tmp_path) == {"ada": datetime(2027, 1, 14, 12, tzinfo=UTC)}


@pytest.mark.parametrize(
    "head", ["ref: ../../../etc/passwd", "ref: refs/heads/../../x", "f" * 40, "", "ref: refs/heads/main"]
)
def test_a_clone_that_is_damaged_has_no_time(tmp_path, head):
    write(tmp_path / "tiny-submissions" / "tiny-ada-l", {".git/HEAD": head.encode(), "tiny.ipynb": notebook("ada")})
    collected(tmp_path, tmp_path / "tiny-submissions")
    assert times(tmp_path) == {"ada": None}


def test_the_newest_wins_and_the_others_are_kept_with_their_times(tmp_path):
    place = {f"ada/tiny_2027_01_{day}T12_00_00_000000.zip": otter_zip(f"day {day}") for day in (14, 16, 15)}
    collection = collected(tmp_path, write(tmp_path / "d", place))
    assert texts(tmp_path) == {"ada": "day 16"}
    assert times(tmp_path)["ada"] == datetime(2027, 1, 16, 12, tzinfo=UTC)
    assert attempts(tmp_path, "ada") == ["day 14", "day 15"]
    stamps = sorted((tmp_path / "submitted" / ".attempts").glob("*/ada/tiny/timestamp.txt"))
    assert [stamp.read_text()[:10] for stamp in stamps] == ["2027-01-14", "2027-01-15"]
    assert len(collection.taken) == 3


def test_of_what_canvas_has_numbered_the_newest_attachment_wins(tmp_path):
    files = {
        "lovelaceada_101_5009_tiny-2.ipynb": notebook("third"),
        "lovelaceada_101_5001_tiny.ipynb": notebook("first"),
        "lovelaceada_101_5005_tiny-1.ipynb": notebook("second"),
    }
    collected(tmp_path, write(tmp_path / "d.zip", zipped(files)))
    assert texts(tmp_path) == {"ada": "third"}
    assert attempts(tmp_path, "ada") == ["first", "second"]


def test_an_older_download_that_comes_later_does_not_win(tmp_path):
    new = write(tmp_path / "new.zip", zipped({"lovelaceada_101_5005_tiny-1.ipynb": notebook("second")}))
    old = write(tmp_path / "old.zip", zipped({"lovelaceada_101_5001_tiny.ipynb": notebook("first")}))
    collected(tmp_path, new)
    collection = collected(tmp_path, old)
    assert [one.outcome for one in collection.taken] == [Outcome.EARLIER]
    assert texts(tmp_path) == {"ada": "second"}
    assert attempts(tmp_path, "ada") == ["first"]


def test_earlier_attempts_are_no_students_and_can_be_graded_by_their_number(tmp_path):
    test_of_what_canvas_has_numbered_the_newest_attachment_wins(tmp_path)
    assert [one.student for one in find_submissions(tmp_path / "submitted", "tiny")] == ["ada"]
    assert [one.student for one in find_submissions(tmp_path / "submitted" / ".attempts" / "2", "tiny")] == ["ada"]


# -- again ------------------------------------------------------------------------------------------------------------


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.mark.parametrize("build", [canvas, lambda: canvas(late="LATE_"), lambda: moodle("/"), gradescope])
def test_running_it_again_adds_nothing(tmp_path, build):
    place = write(tmp_path / "d.zip", zipped(build()))
    collected(tmp_path, place)
    before = snapshot(tmp_path / "submitted")
    again = collected(tmp_path, place)
    assert {one.outcome for one in again.taken} == {Outcome.KNOWN}
    assert snapshot(tmp_path / "submitted") == before


def test_running_it_again_adds_what_is_new(tmp_path):
    collected(tmp_path, write(tmp_path / "1.zip", zipped(canvas())))
    more = {
        **canvas(),
        "lovelaceada_101_5010_tiny-1.ipynb": notebook("ada again"),
        "youngcy_103_5011_t.ipynb": notebook("cy"),
    }
    del more["lovelaceada_101_5001_tiny.ipynb"]
    collection = collected(tmp_path, write(tmp_path / "2.zip", zipped(more)))
    assert {one.student: str(one.outcome) for one in collection.taken} == {
        "ada": "newer",
        "cy": "new",
        "joerg": "known",
    }
    assert texts(tmp_path) == {"ada": "ada again", "joerg": "jörg", "cy": "cy"}
    assert attempts(tmp_path, "ada") == ["ada"]


def test_the_same_work_at_another_time_is_another_attempt(tmp_path):
    def at(day: int) -> Path:
        files = {
            "ada/tiny/tiny.ipynb": notebook("ada"),
            "ada/tiny/timestamp.txt": f"2027-01-{day} 12:00:00 UTC".encode(),
        }
        return write(tmp_path / f"{day}.zip", zipped(files))

    collected(tmp_path, at(14))
    assert [one.outcome for one in collected(tmp_path, at(15)).taken] == [Outcome.NEWER]
    assert times(tmp_path)["ada"] == datetime(2027, 1, 15, 12, tzinfo=UTC)


def test_what_staff_have_mended_is_not_written_over(tmp_path):
    place = write(tmp_path / "1.zip", zipped(canvas()))
    collected(tmp_path, place)
    mended = tmp_path / "submitted" / "ada" / "tiny" / "tiny.ipynb"
    mended.write_bytes(notebook("mended"))
    collected(tmp_path, place)
    assert texts(tmp_path)["ada"] == "mended"
    collected(tmp_path, write(tmp_path / "2.zip", zipped({"lovelaceada_101_6000_tiny.ipynb": notebook("newer")})))
    assert texts(tmp_path)["ada"] == "newer"
    assert attempts(tmp_path, "ada") == ["mended"]


def test_what_was_there_before_any_collecting_is_kept(tmp_path):
    write(tmp_path / "submitted", {"ada/tiny/tiny.ipynb": notebook("by hand"), "ada/mlp/mlp.ipynb": notebook("other")})
    collected(tmp_path, write(tmp_path / "d.zip", zipped(canvas())))
    assert texts(tmp_path)["ada"] == "ada"
    assert attempts(tmp_path, "ada") == ["by hand"]
    assert (tmp_path / "submitted" / "ada" / "mlp" / "mlp.ipynb").is_file()


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path):
    place = write(tmp_path / "d.zip", zipped(canvas()))
    before = snapshot(tmp_path)
    dry = collected(tmp_path, place, dry_run=True)
    assert snapshot(tmp_path) == before
    assert not (tmp_path / "submitted").exists()
    assert dry.taken == collected(tmp_path, place).taken


@pytest.mark.parametrize("last_call", range(1, 12))
def test_interrupted_anywhere_nothing_is_half_written_and_the_same_command_goes_on(tmp_path, monkeypatch, last_call):
    collected(tmp_path, write(tmp_path / "1.zip", zipped({"lovelaceada_101_1_tiny.ipynb": notebook("old")})))
    place = write(tmp_path / "2.zip", zipped(canvas()))
    calls = []

    def interrupted(descriptor):
        calls.append(descriptor)
        if len(calls) == last_call:
            raise KeyboardInterrupt

    monkeypatch.setattr(kept.os, "fsync", interrupted)
    try:
        collected(tmp_path, place)
        assert len(calls) < last_call
    except KeyboardInterrupt:
        assert len(calls) == last_call
    monkeypatch.undo()
    assert texts(tmp_path)["ada"] in {"old", "ada"}
    assert set(texts(tmp_path).values()) <= {"old", "ada", "jörg"}
    assert not list((tmp_path / "submitted" / ".attempts").glob(".new-*"))
    collected(tmp_path, place)
    assert texts(tmp_path) == BOTH
    assert attempts(tmp_path, "ada") == ["old"]


@pytest.mark.parametrize("last_call", [1, 2])
def test_interrupted_while_one_gives_way_to_another_the_old_one_stays(tmp_path, monkeypatch, last_call):
    collected(tmp_path, write(tmp_path / "1.zip", zipped({"lovelaceada_101_1_tiny.ipynb": notebook("old")})))
    place = write(tmp_path / "2.zip", zipped({"lovelaceada_101_2_tiny.ipynb": notebook("new")}))
    rename, calls = Path.rename, []

    def interrupted(path, target):
        calls.append(target)
        if len(calls) == last_call:
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        collected(tmp_path, place)
    monkeypatch.undo()
    assert texts(tmp_path) == {"ada": "old"}
    collected(tmp_path, place)
    assert (texts(tmp_path), attempts(tmp_path, "ada")) == ({"ada": "new"}, ["old"])


def test_a_disk_that_takes_nothing_is_one_sentence(tmp_path, monkeypatch):
    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept.os, "fsync", full)
    with pytest.raises(AutograderError, match="cannot be written \\(No space left on device\\)"):
        collected(tmp_path, write(tmp_path / "d.zip", zipped(canvas())))
    assert not (tmp_path / "submitted" / "ada" / "tiny").exists()


def test_what_a_killed_process_left_is_taken_away(tmp_path):
    left = write(tmp_path / "submitted" / ".attempts" / ".new-dead", {"tiny.ipynb": b"half"})
    collected(tmp_path, write(tmp_path / "d.zip", zipped(canvas())))
    assert not left.exists()


# -- what is kept of a submission -------------------------------------------------------------------------------------


def test_of_several_notebooks_the_batch_chooses(tmp_path):
    files = {"ada/Untitled.ipynb": notebook("scratch"), "ada/x/tiny.ipynb": notebook("ada"), "ada/net.pt": bytes(2**20)}
    collected(tmp_path, write(tmp_path / "d", files))
    folder = tmp_path / "submitted" / "ada" / "tiny"
    assert sorted(path.name for path in folder.iterdir()) == [".collected.json", "Untitled.ipynb", "tiny.ipynb"]
    assert texts(tmp_path) == {"ada": "ada"}


def test_the_same_notebook_twice_is_one(tmp_path):
    files = {"ada/copy.ipynb": notebook("ada"), "ada/work.zip": zipped({"tiny.ipynb": notebook("ada")})}
    collected(tmp_path, write(tmp_path / "d", files))
    assert texts(tmp_path) == {"ada": "ada"}
    assert not list((tmp_path / "submitted" / "ada" / "tiny").glob("copy*"))


def test_what_is_no_notebook_is_kept_so_that_grading_can_say_what_it_is(tmp_path):
    collected(
        tmp_path,
        write(tmp_path / "d.zip", zipped({"lovelaceada_101_1_tiny.pdf": b"%PDF", "lovelaceada_101_text.html": b"hi"})),
    )
    [submission] = find_submissions(tmp_path / "submitted", "tiny")
    assert "a print-out (text.html, tiny.pdf)" in submission.problem


# -- the command ------------------------------------------------------------------------------------------------------


def test_the_command_reports(course_root, capsys):
    (course_root / "roster.csv").write_text(
        "id,name,canvas\nada,Ada Lovelace,101\njoerg,Jörg Müller,102\ncy,Cy Young,103\n"
    )
    place = write(course_root / "d.zip", zipped({**canvas(late="LATE_"), "stranger_999_1_tiny.ipynb": notebook("?")}))
    arguments = ["collect", str(place), "--assignment", "tiny", "--course", str(course_root)]
    assert main([*arguments, "--dry-run"]) == 1
    assert "Nothing was written" in capsys.readouterr().out
    assert not (course_root / "submitted").exists()
    assert main(arguments) == 1
    out = capsys.readouterr().out
    assert "2 submissions (2 by canvas) of 2 students:\n  2 new\n" in out
    assert "nobody in the roster is stranger (999)" in out
    assert "1 are marked late, but tiny has no due date" in out
    assert "Nothing came from 1 in the roster: cy." in out
    assert set(texts(course_root)) == {"ada", "joerg"}
    assert main([*arguments, "--log", "json"]) == 1
    *lines, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert [line["outcome"] for line in lines] == ["known", "known"]
    assert (last["event"], last["known"], last["missing"]) == ("summary", 2, ["cy"])


def test_the_command_says_in_one_sentence_what_cannot_be_done(course_root, capsys):
    for where, says in (
        ("nothing.zip", "cannot be read"),
        (str(course_root / "submitted"), "where submissions are kept"),
    ):
        (course_root / "submitted").mkdir(exist_ok=True)
        assert main(["collect", where, "--assignment", "tiny", "--course", str(course_root)]) == 2
        assert says in capsys.readouterr().err


def test_groups_need_a_roster(course_root, capsys):
    place = write(course_root / "d.zip", zipped(canvas()))
    assert main(["collect", str(place), "--assignment", "tiny", "--course", str(course_root), "--groups"]) == 2
    assert "--groups needs a roster" in capsys.readouterr().err


def test_without_trouble_the_command_ends_with_0(course_root, capsys):
    place = write(course_root / "d.zip", zipped(canvas()))
    assert main(["collect", str(place), "--assignment", "tiny", "--course", str(course_root), "--from", "canvas"]) == 0
    assert "There is no roster" in capsys.readouterr().out
