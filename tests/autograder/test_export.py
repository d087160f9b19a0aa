"""Scores get into an LMS's own file, and nothing else in it changes; what is not certain is said and left alone."""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.cli import main
from autograder.errors import AutograderError
from autograder.exporting.csv_text import read_csv_text
from autograder.exporting.number_style import NumberStyle, number_of
from autograder.exporting.table import COLUMNS
from autograder.results import CheckRecord, CheckStatus, Flag, Measurement, Result, Status, write_result

BOM = "\ufeff"
CONFIG = """
from datetime import datetime, timezone

from autograder.course import Assignment, Course, LatePolicy

course = Course(
    name="Tiny",
    assignments=[
        Assignment(name="mlp", title="Train an MLP", points=20{more}),
        Assignment(name="lenet", title="LeNet", points=20),
    ],
)
"""
GRADEBOOK = """\
Student,ID,SIS User ID,SIS Login ID,Section,MLP (53170),LeNet (53171),Assignments Current Score,Final Score
,,,,,Manual Posting,,,
    Points Possible,,,,,20.0,20.0,(read only),(read only)
"Muster, Amelie",101,S1001,amelie,CNN 2027,,18.0,90.0,90.0
"Beispiel, Bruno",102,S1002,bruno,CNN 2027,,,,
"Probe, Chiara",103,S1003,chiara,"CNN 2027, CNN 2028",EX,,,
"Student, Test",199,,4cb1fa,CNN 2027,,,,
"""
WORKSHEET = """\
Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,Last modified (submission),\
Last modified (grade),Feedback comments
Participant 657737,Amelie Muster,amelie@example.org,Submitted for grading - ,,20.00,Yes,\
"Thursday, 14 January 2027, 12:00 PM",-,
Participant 657738,Bruno Beispiel,bruno@example.org,Submitted for grading - ,12.00,20.00,Yes,\
"Thursday, 14 January 2027, 12:00 PM","Friday, 15 January 2027, 9:00 AM","<p>Well,
done</p>"
Participant 657739,Chiara Probe,chiara@example.org,No submission - ,,20.00,Yes,-,-,
""".replace("\n", "\r\n")
ROSTER = """\
id,name,email,canvas,login,moodle
amelie,"Muster, Amelie",amelie@example.org,101,amelie,657737
bruno,"Beispiel, Bruno",bruno@example.org,102,bruno,657738
"""


def check(name: str, score: float, points: float, **values: object) -> CheckRecord:
    status = CheckStatus.PASSED if score == points else CheckStatus.FAILED
    fields = {"question": "MLP", "status": status, "public": False, "seconds": 0.5, **values}
    return CheckRecord(id=f"test_mlp.py::test_{name}", points=points, score=score, **fields)


def result(student: str, score: float = 17.5, **values: object) -> Result:
    checks = (check("forward", score, 20, message="The `ReLU` <b>is</b> missing."),)
    fields = {"assignment": "mlp", "status": Status.GRADED, "score": score, "max_score": 20.0, "checks": checks}
    return Result(student=student, **{**fields, **values})


class Place:
    """A course with results, and files that were downloaded."""

    def __init__(self, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.root, self.capsys = root, capsys
        for name in ("mlp", "lenet"):
            (root / "source" / name).mkdir(parents=True)
            (root / "tests" / name).mkdir(parents=True)
            (root / "source" / name / f"{name}.ipynb").write_text("{}")
        self.configure()

    def configure(self, more: str = "") -> None:
        (self.root / "course_config.py").write_text(CONFIG.format(more=more))

    def has(self, *results: Result) -> None:
        for one in results:
            write_result(self.root / "results", one)

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self, *arguments: str | Path) -> tuple[int, str]:
        code = main(["export", *map(str, arguments), "--course", str(self.root)])
        said = self.capsys.readouterr()
        return code, said.out + said.err

    def fill(self, system: str, content: str | bytes, *more: str | Path) -> tuple[int, str, str]:
        """Fill in a file; return the exit code, what was said, and the new file, "" where none was written."""
        fill, output = self.file("downloaded.csv", content), self.root / "filled.csv"
        output.unlink(missing_ok=True)
        code, said = self.run(system, "mlp", "--fill", fill, "--output", output, *more)
        return code, said, output.read_bytes().decode() if output.exists() else ""

    def refuses(self, system: str, content: str | bytes, *more: str | Path) -> str:
        """Fill in a file that cannot be; return the one sentence."""
        code, said, written = self.fill(system, content, *more)
        assert (code, written) == (2, "")
        [line] = said.strip().splitlines()
        return line


@pytest.fixture
def place(tmp_path, capsys) -> Place:
    return Place(tmp_path, capsys)


# Canvas


def test_of_a_gradebook_two_cells_change_and_no_other_byte(place):
    place.has(result("amelie"), result("bruno", 0.0))
    code, said, written = place.fill("canvas", GRADEBOOK)
    expected = GRADEBOOK.replace("amelie,CNN 2027,,", "amelie,CNN 2027,17.5,")
    assert code == 0, said
    assert written == expected.replace("bruno,CNN 2027,,", "bruno,CNN 2027,0.0,")
    assert "2 of 2 scores stand in" in said


DIALECTS: dict[str, Callable[[str], str]] = {
    "byte order mark": lambda text: BOM + text,
    "carriage returns": lambda text: text.replace("\n", "\r\n"),
    "no last line end": lambda text: text.removesuffix("\n"),
    "a quoted line end": lambda text: text.replace("CNN 2027, CNN 2028", "CNN 2027\nCNN, 2028"),
    "everything quoted": lambda text: _written(text, quoting=csv.QUOTE_ALL),
    "semicolons": lambda text: _written(text, delimiter=";"),
    "tabs": lambda text: _written(text, delimiter="\t", lineterminator="\r\n"),
    "empty lines": lambda text: text.replace('"Beispiel', '\n,,,,,,,,\n"Beispiel'),
    "names of all kinds": lambda text: text.replace("Beispiel, Bruno", 'Łukasz-Żak ""B"", Bru\u0301no 🦆'),
    "first and last name": lambda text: (
        text.replace("Student,ID", "LastName,FirstName,ID")
        .replace(",,,,,Manual", ",,,,,,Manual")
        .replace("Possible,,,,,", "Possible,,,,,,")
        .replace('"Muster, Amelie"', "Muster,Amelie")
        .replace('"Beispiel, Bruno"', "Beispiel,Bruno")
        .replace('"Probe, Chiara"', "Probe,Chiara")
        .replace('"Student, Test"', "Student,Test")
    ),
}


def _written(text: str, **dialect: object) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, **{"lineterminator": "\n", **dialect}).writerows(csv.reader(io.StringIO(text)))
    return file.getvalue()


@pytest.mark.parametrize("change", DIALECTS.values(), ids=DIALECTS)
def test_the_dialect_of_a_gradebook_is_kept(place, change):
    place.has(result("amelie", 16.25), result("bruno", 8.333))
    downloaded = change(GRADEBOOK)
    code, said, written = place.fill("canvas", downloaded)
    assert code == 0, said
    assert written.replace("16.25", "").replace("8.33", "") == downloaded
    delimiter = ";" if ";" in downloaded else "\t" if "\t" in downloaded else ","
    rows = {row[0]: row for row in csv.reader(io.StringIO(written), delimiter=delimiter) if any(row)}
    assert next(row for row in rows.values() if "amelie" in row)[-4] == "16.25"
    assert next(row for row in rows.values() if "bruno" in row)[-4] == "8.33"


@pytest.mark.parametrize(("delimiter", "cell"), [(";", "16,25"), (",", '"16,25"')])
def test_a_decimal_comma_is_kept(place, delimiter, cell):
    place.has(result("amelie", 16.25))
    german = _written(GRADEBOOK.replace("20.0", '"20,0"').replace("18.0", '"18,0"'), delimiter=delimiter)
    _, _, written = place.fill("canvas", german)
    assert written.replace(cell, "") == german


def test_excused_and_not_assigned_stay_and_are_said(place):
    place.has(result("chiara"), result("bruno"))
    downloaded = GRADEBOOK.replace("bruno,CNN 2027,,", "bruno,CNN 2027,N/A,")
    code, said, written = place.fill("canvas", downloaded, "--replace")
    assert written == downloaded
    assert code == 1
    assert "bruno (N/A, here 17.5), chiara (EX, here 17.5)" in said


def test_a_score_that_somebody_typed_is_replaced_on_demand_alone(place):
    place.has(result("amelie"), result("bruno", 12.0))
    downloaded = GRADEBOOK.replace("amelie,CNN 2027,", "amelie,CNN 2027,3.5").replace(
        "bruno,CNN 2027,", "bruno,CNN 2027,12"
    )
    code, said, written = place.fill("canvas", downloaded)
    assert (code, written) == (1, downloaded)
    assert "amelie (3.5, here 17.5)" in said
    assert "bruno" not in said
    code, said, written = place.fill("canvas", downloaded, "--replace")
    assert (code, written) == (0, downloaded.replace("3.5", "17.5"))
    assert "2 of 2 scores stand" in said
    assert "1 of them new" in said


def test_a_grading_that_failed_is_no_score(place):
    failed = result("amelie", 0.0, status=Status.FAILED, checks=(), reason="OSError: disk")
    invalid = result("bruno", 0.0, status=Status.INVALID, checks=(), reason="mlp.ipynb is no notebook.")
    place.has(failed, invalid)
    code, said, written = place.fill("canvas", GRADEBOOK)
    assert written == GRADEBOOK.replace("bruno,CNN 2027,,", "bruno,CNN 2027,0.0,")
    assert code == 1
    assert re.search(r"grading itself failed.*\(1\): amelie\n", said)
    assert re.search(r"0 points.*\(1\): bruno\n", said)


def test_who_is_not_found_is_said_both_ways(place):
    place.has(result("amelie"), result("zoe"))
    code, said, written = place.fill("canvas", GRADEBOOK)
    assert written == GRADEBOOK.replace("amelie,CNN 2027,,", "amelie,CNN 2027,17.5,")
    assert code == 1
    assert re.search(r"Not found in the file.*\(1\): zoe\n", said)
    assert re.search(r"known to nobody here \(2\): Beispiel, Bruno, Probe, Chiara\n", said)
    assert "Student, Test" not in said


@pytest.mark.parametrize(
    ("title", "finds"),
    [
        ("MLP (53170)", True),
        ("mlp (53170)", True),
        ("Train an MLP (53170)", True),
        ("Train an MLP! (part 1) (53170)", False),
        ("MLP bonus (53170)", False),
        ("MLP", False),
    ],
)
def test_the_column_is_found_by_its_whole_name_alone(place, title, finds):
    place.has(result("amelie"))
    downloaded = GRADEBOOK.replace("MLP (53170)", title)
    if finds:
        assert place.fill("canvas", downloaded)[0] == 0
        return
    said = place.refuses("canvas", downloaded)
    assert "no column" in said
    assert "--column" in said
    assert "'LeNet (53171)'" in said


@pytest.mark.parametrize("column", ["Übung 3 (53170)", "Übung 3", "53170"])
def test_a_column_can_be_named(place, column):
    place.has(result("amelie"))
    downloaded = GRADEBOOK.replace("MLP (53170)", "Übung 3 (53170)")
    _, _, written = place.fill("canvas", downloaded, "--column", column)
    assert written == downloaded.replace("amelie,CNN 2027,,", "amelie,CNN 2027,17.5,")


@pytest.mark.parametrize("column", ["Final Score", "Assignments Current Score", "Section", "No such"])
def test_another_kind_of_column_cannot_be_named(place, column):
    place.has(result("amelie"))
    assert "no column" in place.refuses("canvas", GRADEBOOK, "--column", column)


def test_a_column_that_is_there_twice_is_asked_about(place):
    place.has(result("amelie"))
    twice = GRADEBOOK.replace("LeNet (53171)", "Train an MLP (53171)")
    said = place.refuses("canvas", twice)
    assert "2 columns" in said
    assert "'MLP (53170)', 'Train an MLP (53171)'" in said
    assert place.fill("canvas", twice, "--column", "53171")[0] == 1  # 18 stands there
    same = GRADEBOOK.replace("LeNet (53171)", "MLP (53170)")
    assert "2 columns" in place.refuses("canvas", same, "--column", "MLP")


def test_other_points_are_never_scaled(place):
    place.has(result("amelie"))
    said = place.refuses("canvas", GRADEBOOK.replace("20.0,20.0", "100.0,20.0"))
    assert "worth 100.0, mlp 20 points" in said
    assert "set the points in Canvas" in said


NO_GRADEBOOKS = {
    "a worksheet": WORKSHEET,
    "without points": GRADEBOOK.replace("    Points Possible", ""),
    "without sections": GRADEBOOK.replace("Section", "Group"),
    "latin 1": GRADEBOOK.replace("Amelie", "Amélie").encode("latin-1"),
    "utf-16": GRADEBOOK.encode("utf-16"),
    "empty": "",
    "a zip": b"PK\x03\x04",
    "one column": "Student\nAmelie\n",
    "a quote that is not closed": GRADEBOOK.replace('"Probe, Chiara"', '"Probe, Chiara'),
    "a quote inside": GRADEBOOK.replace('"Probe, Chiara"', '"Probe" Chiara'),
    "decimal commas without quotes": GRADEBOOK.replace("18.0", "18,0"),
    "a row that is cut off": GRADEBOOK.replace("102,S1002,bruno,CNN 2027,,,,", "102,S1002"),
}


@pytest.mark.parametrize("content", NO_GRADEBOOKS.values(), ids=NO_GRADEBOOKS)
def test_what_is_no_gradebook_is_refused_in_one_sentence(place, content):
    place.has(result("amelie"))
    assert "download" in place.refuses("canvas", content)


def test_a_student_in_two_rows_gets_nothing(place):
    place.has(result("amelie"), result("bruno"))
    twice = GRADEBOOK + '"Muster, Amelie",101,S1001,amelie,CNN 2028,,,,\n'
    code, said, written = place.fill("canvas", twice)
    assert written == twice.replace("bruno,CNN 2027,,", "bruno,CNN 2027,17.5,")
    assert code == 1
    assert "amelie (rows 4 and 8 are both theirs)" in said


def test_a_row_of_two_students_gets_nothing(place):
    place.has(result("amelie"), result("S1001", 3.0), result("bruno"))
    code, said, written = place.fill("canvas", GRADEBOOK)
    assert written == GRADEBOOK.replace("bruno,CNN 2027,,", "bruno,CNN 2027,17.5,")
    assert code == 1
    assert "amelie (Muster, Amelie could be S1001 or amelie)" in said


def test_the_roster_says_who_is_who(place):
    place.has(result("k1", 1.0), result("k2", 2.0), result("k3", 3.0), result("102", 4.0))
    place.file("roster.csv", "id,name,canvas,login\nk1,,,AMELIE\nk2,,102,\nk3,Chiara Probe,,\n102,Somebody Else,777,\n")
    downloaded = GRADEBOOK.replace("EX", "")
    code, said, written = place.fill("canvas", downloaded)
    cells = {row[1]: row[5] for row in csv.reader(io.StringIO(written)) if row[1]}
    assert cells == {"ID": "MLP (53170)", "101": "1.0", "102": "2.0", "103": "3.0", "199": ""}
    assert code == 1
    assert re.search(r"Not found in the file.*\(1\): 102\n", said)


def test_a_name_that_two_have_names_nobody(place):
    place.has(result("k1"), result("k2"))
    place.file("roster.csv", "id,name\nk1,Chiara Probe\nk2,Bruno Beispiel\n")
    two = GRADEBOOK.replace("EX", "") + '"Probe, Chiara",104,S1004,chiara2,CNN 2027,,,,\n'
    code, said, written = place.fill("canvas", two)
    assert written == two.replace("bruno,CNN 2027,,", "bruno,CNN 2027,17.5,")
    assert code == 1
    assert re.search(r"Not found in the file.*\(1\): k1\n", said)


@pytest.mark.parametrize(
    "line", ["102,,777,,", "k1,Bruno Beispiel,777,,", "k1,Bruno Beispiel,,bruno.b,", "bruno,,,,S9999"]
)
def test_a_namesake_of_whom_the_roster_says_otherwise_is_somebody_else(place, line):
    student = line.partition(",")[0]
    place.has(result("amelie"), result(student, 1.0))
    place.file("roster.csv", f"id,name,canvas,login,sis\namelie,,,,\n{line}\n")
    code, said, written = place.fill("canvas", GRADEBOOK)
    assert written == GRADEBOOK.replace("amelie,CNN 2027,,", "amelie,CNN 2027,17.5,")
    assert code == 1
    assert re.search(rf"Not found in the file.*\(1\): {student}\n", said)


def test_ids_that_differ_by_case_are_two_students(place):
    place.has(result("Amelie", 1.0), result("amelie", 2.0))
    code, _, written = place.fill("canvas", GRADEBOOK)
    assert written == GRADEBOOK.replace("amelie,CNN 2027,,", "amelie,CNN 2027,2.0,")
    assert code == 1


def test_what_was_downloaded_is_never_written_over(place):
    place.has(result("amelie"))
    fill = place.file("gradebook.csv", GRADEBOOK)
    code, said = place.run("canvas", "mlp", "--fill", fill, "--output", fill)
    assert code == 2
    assert "is what was downloaded" in said
    assert fill.read_bytes().decode() == GRADEBOOK
    assert place.run("canvas", "mlp", "--fill", fill)[0] == 0
    assert (place.root / "results" / "mlp" / "canvas.csv").is_file()


# Feedback files for Canvas


def _zip(place: Place, *names: str) -> Path:
    path = place.root / "submissions.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "what was handed in")
    return path


def _taken_by_canvas(name: str) -> tuple[str, str] | None:
    """Read a name as `infer_comment_context_from_filename` of Canvas's does."""
    parts = [part for part in name.split("_") if part != "LATE"]
    numbers = [part for part in parts if re.fullmatch("[0-9]+", part)]
    return (numbers[0], numbers[1]) if len(numbers) > 1 else None


def test_feedback_goes_back_to_canvas_under_the_names_of_the_submissions(place):
    place.has(result("amelie"), result("bruno"), result("chiara"))
    names = ["musteramelie_101_9001_mlp.ipynb", "musteramelie_101_9003_mlp-1.ipynb", "musteramelie_101_9004_data.txt"]
    names += ["beispielbruno_LATE_102_9002_my_mlp_2.html", "stranger_300_9009_mlp.ipynb", "probechiara_103_text.html"]
    feedback = place.root / "feedback.zip"
    downloaded = GRADEBOOK.replace("EX", "")
    code, said, _ = place.fill("canvas", downloaded, "--feedback", feedback, "--submissions", _zip(place, *names))
    with zipfile.ZipFile(feedback) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert {_taken_by_canvas(name) for name in files} == {("101", "9003"), ("102", "9002")}
    assert set(files) <= set(names)
    notebook = nbformat.reads(files["musteramelie_101_9003_mlp-1.ipynb"], as_version=4)
    nbformat.validate(notebook)
    assert "17.5 of 20 points" in notebook.cells[0].source
    assert files["beispielbruno_LATE_102_9002_my_mlp_2.html"].startswith("<!doctype html>")
    assert code == 0
    assert re.search(r"No file of theirs.*\(1\): chiara\n", said)


@pytest.mark.parametrize("name", ["x_101_9001_mlp.zip", "x_101_9001_mlp.py", "x_101_9001_mlp"])
def test_feedback_is_what_its_name_says(place, name):
    place.has(result("amelie"))
    feedback = place.root / "feedback.zip"
    place.fill("canvas", GRADEBOOK, "--feedback", feedback, "--submissions", _zip(place, name))
    content = zipfile.ZipFile(feedback).read(name)
    if name.endswith(".zip"):
        assert zipfile.ZipFile(io.BytesIO(content)).namelist() == ["mlp-feedback.html"]
    else:
        assert content.startswith(b"# Train an MLP\n")


def test_the_folder_of_the_unpacked_submissions_will_do(place):
    place.has(result("amelie"))
    folder, feedback = place.root / "unpacked", place.root / "feedback.zip"
    folder.mkdir()
    (folder / "x_101_9001_mlp.ipynb").write_text("{}")
    (folder / "._x_101_9001_mlp.ipynb").write_text("{}")
    place.fill("canvas", GRADEBOOK, "--feedback", feedback, "--submissions", folder)
    assert zipfile.ZipFile(feedback).namelist() == ["x_101_9001_mlp.ipynb"]


def test_feedback_for_canvas_needs_the_names(place):
    place.has(result("amelie"))
    assert "--submissions" in place.refuses("canvas", GRADEBOOK, "--feedback", place.root / "f.zip")
    broken = place.file("submissions.zip", "no zip")
    more = ["--feedback", place.root / "f.zip", "--submissions", broken]
    assert "neither the submissions.zip" in place.refuses("canvas", GRADEBOOK, *more)


def test_feedback_waits_for_its_time(place):
    place.has(result("amelie"))
    soon = datetime.now(UTC) + timedelta(days=2)
    place.configure(f", feedback_at=datetime({soon.year}, {soon.month}, {soon.day}, tzinfo=timezone.utc)")
    assert "is kept until" in place.refuses("moodle", WORKSHEET, "--feedback", place.root / "f.zip")
    place.file("roster.csv", ROSTER)
    code, said, written = place.fill("moodle", WORKSHEET)
    assert written == WORKSHEET.replace("grading - ,,20.00", "grading - ,17.50,20.00")
    assert "There are no comments yet" in said
    assert code == 0


# Moodle


def test_of_a_worksheet_grades_and_comments_change_and_no_other_byte(place):
    place.has(result("amelie"), result("chiara", 4.0, late_days=1, penalty=2.0))
    place.file("roster.csv", ROSTER + 'chiara,,,,,"Participant 657739"\n')
    code, said, written = place.fill("moodle", WORKSHEET)
    assert code == 0, said
    rows = list(csv.reader(io.StringIO(written, newline="")))
    comments = [row[-1] for row in rows]
    assert comments[1].startswith("<p><strong>17.5 of 20 points</strong></p>")
    assert "The <code>ReLU</code> &lt;b&gt;is&lt;/b&gt; missing." in comments[1]
    bare = written
    for text in (comments[1], comments[3]):
        bare = bare.replace(text if "," not in text else f'"{text.replace(chr(34), chr(34) * 2)}"', "")
    expected = WORKSHEET.replace("grading - ,,20.00", "grading - ,17.50,20.00")
    assert bare == expected.replace("No submission - ,,20.00", "No submission - ,4.00,20.00")


def _worksheet(header: Sequence[str], *rows: Sequence[str], **dialect: object) -> str:
    file = io.StringIO(newline="")
    csv.writer(file, **{"lineterminator": "\r\n", **dialect}).writerows([header, *rows])
    return file.getvalue()


GERMAN = ["ID", "Vollständiger Name", "E-Mail-Adresse", "Status", "Bewertung", "Bestwertung"]
GERMAN += ["Bewertung kann geändert werden", "Zuletzt geändert (Abgabe)", "Zuletzt geändert (Bewertung)"]
GERMAN += ["Feedback als Kommentar"]
GERMAN_ROW = ["Teilnehmer/in657737", "Amelie Muster", "amelie@example.org", "Zur Bewertung abgegeben", "-", "20,00"]
GERMAN_ROW += ["Ja", "Donnerstag, 14. Januar 2027, 12:00", "-", ""]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_worksheet_in_another_language_keeps_it(place, delimiter):
    place.has(result("amelie", 16.5))
    place.file("roster.csv", ROSTER)
    german = BOM + _worksheet(GERMAN, GERMAN_ROW, delimiter=delimiter)
    code, said, written = place.fill("moodle", german)
    assert code == 0, said
    header, row = csv.reader(io.StringIO(written.removeprefix(BOM), newline=""), delimiter=delimiter)
    assert header == GERMAN
    assert row[4] == "16,50"
    assert row[:4] + row[5:9] == GERMAN_ROW[:4] + GERMAN_ROW[5:9]
    assert row[9].startswith("<p>")
    assert written.startswith(BOM)


BLIND = ["Identifiant", "Statut", "Note", "Note maximale", "La note peut être modifiée", "Modifié (travail)"]
BLIND += ["Texte en ligne", "Modifié (note)", "Feedback par commentaires"]
BLIND_ROW = ["Participant657737", "Remis pour évaluation", "", "20,00", "Oui", "jeudi 14 janvier 2027, 12:00"]
BLIND_ROW += ["<p>mon travail, fait le 14 janvier 2027 à 12:00, voir aussi " + "x" * 80 + "</p>", "-", ""]


def test_a_worksheet_marked_blind(place):
    place.has(result("amelie", 16.5))
    place.file("roster.csv", ROSTER)
    feedback = place.root / "feedback.zip"
    code, said, written = place.fill("moodle", _worksheet(BLIND, BLIND_ROW), "--feedback", feedback)
    assert code == 0, said
    row = list(csv.reader(io.StringIO(written)))[1]
    assert row[2] == "16,50"
    assert row[8].startswith("<p>")
    assert zipfile.ZipFile(feedback).namelist() == ["Participant657737_657737_assignfeedback_file_/mlp-feedback.html"]


@pytest.mark.parametrize("times", ["-", "jeudi 14 janvier 2027, 12:00"])
def test_a_worksheet_without_comments_gets_none(place, times):
    place.has(result("amelie"))
    place.file("roster.csv", ROSTER)
    downloaded = _worksheet(BLIND[:-1], [*BLIND_ROW[:-2], times])
    code, said, written = place.fill("moodle", downloaded)
    assert written == downloaded.replace("évaluation,,", 'évaluation,"17,50",')
    assert code == 0
    assert "no column for comments" in said


def test_a_comment_goes_beside_its_score_alone(place):
    place.has(result("bruno", 17.5))
    place.file("roster.csv", ROSTER)
    code, said, written = place.fill("moodle", WORKSHEET)
    assert (code, written) == (1, WORKSHEET)
    assert "bruno (12.00, here 17.50)" in said
    place.has(result("bruno", 12.0))
    code, said, written = place.fill("moodle", WORKSHEET)
    assert (code, written) == (0, WORKSHEET)
    assert "Another comment stands there and was kept (1): bruno" in said
    _, _, written = place.fill("moodle", WORKSHEET, "--replace")
    assert "<p><strong>12 of 20 points</strong></p>" in written
    assert "Well," not in written


def test_the_maximum_grade_has_to_be_ours(place):
    place.has(result("amelie"))
    said = place.refuses("moodle", WORKSHEET.replace("20.00", "100.00"))
    assert "the maximum grade is 100, mlp has 20 points" in said


def test_two_columns_that_could_be_the_grade_are_asked_about(place):
    place.has(result("amelie"))
    place.file("roster.csv", ROSTER)
    header = [*BLIND[:2], "Points", "Sur", *BLIND[2:]]
    downloaded = _worksheet(header, [*BLIND_ROW[:2], "", "20,00", *BLIND_ROW[2:]])
    assert "one of 'Points', 'Note'" in place.refuses("moodle", downloaded)
    _, _, written = place.fill("moodle", downloaded, "--column", "Note")
    assert list(csv.reader(io.StringIO(written)))[1][4] == "17,50"


NO_WORKSHEETS = {
    "a gradebook": GRADEBOOK,
    "a scale": WORKSHEET.replace("20.00", "Distinction"),
    "nobody": WORKSHEET.partition("\r\n")[0],
    "names first": re.sub(r"Participant \d+", "Amelie", WORKSHEET),
}


@pytest.mark.parametrize("content", NO_WORKSHEETS.values(), ids=NO_WORKSHEETS)
def test_what_is_no_worksheet_is_refused_in_one_sentence(place, content):
    place.has(result("amelie"))
    assert "downloaded.csv" in place.refuses("moodle", content)


def _taken_by_moodle(path: str) -> tuple[int, str, str] | None:
    """Read a path as Moodle's `is_valid_filename_for_import` does, before 4.1 and after: participant, plugin, file."""
    parts = path.split("/")
    if parts[-1].startswith((".", "~")):
        return None
    while parts:
        info = parts.pop(0).split("_", 4)
        if len(info) == 5 and info[1].isdecimal() and info[2] in {"assignsubmission", "assignfeedback"}:
            return int(info[1]), f"{info[2]}_{info[3]}", "/".join([info[4], *parts])
    return None


@pytest.mark.parametrize(
    "name",
    [
        "Amelie Muster",
        "../../etc/passwd",
        "a_12_assignsubmission_file_",
        "~.hidden",
        "",
        'C:\\x"<>|?*',
        "\u202e_ö🦆" * 90,
    ],
)
def test_feedback_goes_back_to_moodle_under_the_names_that_it_reads(place, name):
    place.has(result("amelie"))
    place.file("roster.csv", ROSTER)
    feedback = place.root / "feedback.zip"
    row = [GERMAN_ROW[0], name, *GERMAN_ROW[2:]]
    code, said, _ = place.fill("moodle", _worksheet(GERMAN, row), "--feedback", feedback)
    assert code == 0, said
    archive = zipfile.ZipFile(feedback)
    [path] = archive.namelist()
    assert _taken_by_moodle(path) == (657737, "assignfeedback_file", "/mlp-feedback.html")
    assert ".." not in Path(path).parts
    assert len(path.encode()) < 500
    assert archive.read(path).startswith(b"<!doctype html>")
    first = feedback.read_bytes()
    place.fill("moodle", _worksheet(GERMAN, row), "--feedback", feedback)
    assert feedback.read_bytes() == first


HOSTILE = (
    "</p><script>alert(1)</script><img src=x onerror=alert(2)>=cmd|' /C calc'!A0\x1b[31m\u202e\x00\ud800\r\n`=1+1`"
)


class Tags(HTMLParser):
    """Collect the tags of a comment."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes = set[str](), []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += attrs


def test_nothing_hostile_gets_into_a_comment(place):
    hostile = check("forward", 0, 20, message=HOSTILE, question=HOSTILE)
    place.has(result("amelie", 0.0, checks=(hostile,)), result("bruno", 12, status=Status.INVALID, reason=HOSTILE))
    place.file("roster.csv", ROSTER)
    _, _, written = place.fill("moodle", WORKSHEET, "--replace")
    rows = list(csv.reader(io.StringIO(written, newline=""), strict=True))
    assert [len(row) for row in rows] == [10] * 4
    for row in rows[1:3]:
        parsed = Tags(row[9])
        assert parsed.tags <= {"p", "strong", "ul", "li", "code"}
        assert parsed.attributes == []
        assert row[9].startswith("<p>")
        assert row[9].isprintable()


# The table


def table(place: Place, *more: str) -> list[dict[str, str]]:
    path = place.root / "table.csv"
    code, said = place.run("table", *(more or ["mlp"]), "--output", path)
    assert code == 0, said
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode(), newline="")))


def test_a_table_has_a_row_for_each_student_and_check(place):
    checks = (check("sizes", 2, 2, public=True), check("loss", 1.5, 3, carried=("MLP",), question="train"))
    accuracy = Measurement(of="accuracy", value=0.97, at_least=0.96)
    checks = (*checks, check("accuracy", 5, 5, measured=(accuracy,), question="train", message="Well done."))
    flags = (Flag.RENAMED, Flag.MOVED)
    place.configure(", due=datetime(2027, 1, 15, tzinfo=timezone.utc), late_policy=LatePolicy(penalty_per_day=0.1)")
    late = {"submitted_at": "2027-01-15T12:00:00+00:00", "flags": flags}
    place.has(result("amelie", 8.5, checks=checks, **late), result("bruno"))
    rows = table(place)
    assert list(rows[0]) == list(COLUMNS)
    assert [(row["student"], row["question"], row["check"], row["score"]) for row in rows] == [
        ("amelie", "MLP", "test_mlp.py::test_sizes", "2.0"),
        ("amelie", "train", "test_mlp.py::test_loss", "1.5"),
        ("amelie", "train", "test_mlp.py::test_accuracy", "5.0"),
        ("bruno", "MLP", "test_mlp.py::test_forward", "17.5"),
    ]
    first, second, third, _ = rows
    assert (first["late_days"], first["penalty"], first["flags"], first["total"]) == (
        "1",
        "2.0",
        "renamed moved",
        "6.5",
    )
    assert (first["points"], first["status"], first["public"], first["seconds"]) == ("2.0", "passed", "true", "0.5")
    assert (second["public"], second["carried"], third["measured"]) == ("false", "MLP", "accuracy=0.97")


def test_nobody_is_missing_in_a_table(place):
    place.has(result("failed", 0.0, status=Status.FAILED, checks=(), reason="disk"))
    place.has(result("invalid", 0.0, status=Status.INVALID, checks=(), reason="no notebook"))
    rows = {row["student"]: row for row in table(place)}
    assert (rows["failed"]["total"], rows["failed"]["result"], rows["failed"]["check"]) == ("", "failed", "")
    assert (rows["invalid"]["total"], rows["invalid"]["reason"]) == ("0.0", "no notebook")


def test_a_table_of_several_assignments_with_names(place):
    place.has(result("amelie"), result("amelie", 3.0, assignment="lenet"))
    place.file("roster.csv", "id,name,section,group\namelie,Amelie Muster,A,blue\n")
    rows = table(place, "mlp", "lenet", "mlp")
    assert [(row["assignment"], row["name"], row["section"], row["group"]) for row in rows] == [
        ("mlp", "Amelie Muster", "A", "blue"),
        ("lenet", "Amelie Muster", "A", "blue"),
    ]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t=", "\r="])
def test_no_text_of_a_table_is_a_formula_and_numbers_stay(place, begin):
    text = f"{begin}1+1"
    place.has(result("amelie", 17.5, checks=(check("forward", 17.5, 20, message=text, cause=text),), reason=text))
    place.file("roster.csv", f'id,name\namelie,"{text}"\n')
    [row] = table(place)
    for name in ("name", "message", "cause", "reason"):
        assert not row[name].startswith(("=", "+", "-", "@", "\t", "\r"))
        assert row[name].endswith("1+1")
    assert row["score"] == "17.5"


def test_a_table_can_be_parquet(place):
    parquet = pytest.importorskip("pyarrow.parquet")
    checks = (check("sizes", 2, 2, public=True, message="=1+1\ud800"), check("loss", 1.5, 3))
    place.has(result("0042", 3.5, checks=checks), result("failed", 0.0, status=Status.FAILED, checks=()))
    path = place.root / "table.parquet"
    assert place.run("table", "mlp", "--output", path)[0] == 0
    found = parquet.read_table(path)
    assert found.column_names == list(COLUMNS)
    rows = found.to_pylist()
    assert [(row["student"], row["public"], row["score"], row["total"]) for row in rows] == [
        ("0042", True, 2.0, 3.5),
        ("0042", False, 1.5, 3.5),
        ("failed", None, None, None),
    ]
    assert rows[0]["message"] == "=1+1?"
    assert (rows[0]["late_days"], rows[0]["flags"]) == (0, None)


# The call


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["canvas", "mlp"], "--fill"),
        (["moodle", "mlp"], "grading worksheet"),
        (["canvas", "mlp", "lenet", "--fill", "x.csv"], "one assignment at a time"),
        (["canvas", "mlp", "--fill", "x.csv", "--submissions", "x.zip"], "together"),
        (["moodle", "mlp", "--fill", "x.csv", "--submissions", "x.zip"], "for canvas"),
        (["canvas", "mlp", "--fill", "no/such.csv"], "cannot be read"),
        (["canvas", "lenet", "--fill", "x.csv"], "holds no results"),
        (["canvas", "nothing", "--fill", "x.csv"], "nothing"),
        (["table", "mlp", "--fill", "x.csv"], "--fill is for canvas and moodle"),
        (["table", "mlp", "--replace"], "--replace is for canvas and moodle"),
        (["table", "mlp", "--output", "table.xlsx"], ".csv or .parquet"),
        (["table", "mlp", "--roster", "no/roster.csv"], "no/roster.csv"),
    ],
)
def test_a_call_that_cannot_be_is_one_sentence(place, arguments, says):
    place.has(result("amelie"))
    place.file("x.csv", GRADEBOOK)
    code, said = place.run(*(str(place.root / "x.csv") if word == "x.csv" else word for word in arguments))
    assert code == 2
    [line] = said.strip().splitlines()
    assert says in line


# The parts


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[list[str]], dict[str, object]]:
    width = draw(st.integers(2, 5))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    ends = ["\n", "\r\n"] if quoting == csv.QUOTE_MINIMAL else ["\n", "\r\n", "\r"]
    dialect = {
        "delimiter": draw(st.sampled_from(",;\t")),
        "lineterminator": draw(st.sampled_from(ends)),
        "quoting": quoting,
    }
    returns = "\r" if len(ends) == 3 else ""  # csv.writer does not quote them where they end no line
    cell = st.text(st.sampled_from(f'ab ,;\t"\n=é🦆\u2028{returns}'), max_size=6)
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=5))
    return [[f"column {n}" for n in range(width)], *rows], dialect


@given(tables(), st.data())
def test_cells_are_read_as_csv_reads_them_and_changed_alone(tmp_path_factory, drawn, data):
    rows, dialect = drawn
    text = _worksheet(*rows, **dialect)
    path = tmp_path_factory.mktemp("cells") / "some.csv"
    path.write_bytes(text.encode())
    file = read_csv_text(path)
    assert [[cell.text for cell in row] for row in file.rows] == rows
    row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.integers(0, len(rows[0]) - 1))
    new = data.draw(st.sampled_from(["17,5", "17.5", 'a "quoted", text;\nof two lines', ""]))
    changed = file.changed({(row, column): new}).decode()
    rows[row][column] = new
    assert list(csv.reader(io.StringIO(changed, newline=""), delimiter=dialect["delimiter"], strict=True)) == rows
    assert file.changed({}) == text.encode()


@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_file_is_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    path.write_bytes(raw)
    try:
        file = read_csv_text(path)
    except AutograderError:
        return
    assert file.changed({}) == raw


@pytest.mark.parametrize(
    ("samples", "score", "text"),
    [
        ([], 17.5, "17.5"),
        ([], 17.0, "17"),
        (["20.00"], 17.0, "17.00"),
        (["20,0"], 17.0, "17,0"),
        (["20,0"], 8.333, "8,33"),
        (["x", "-", "20", "3,5"], 0.0, "0,0"),
        (["20.00000"], 17.5, "17.50000"),
        (["1.234,50"], 3.0, "3,00"),
    ],
)
def test_scores_are_written_as_the_file_writes_its_own(samples, score, text):
    assert NumberStyle.of(samples).written(score) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *[("17,5", 17.5), (" 17.50 ", 17.5), ("1.234,5", 1234.5), ("-1", -1), ("17.", 17), ("", None), ("-", None)],
        *[("EX", None), ("\u0661\u0667", None), ("1e3", None), ("nan", None)],
    ],
)
def test_numbers_are_read_with_point_and_comma(text, number):
    assert number_of(text) == number


def test_results_are_read_and_not_written(place):
    place.has(result("amelie"))
    before = (place.root / "results" / "mlp" / "amelie.json").read_bytes()
    place.fill("canvas", GRADEBOOK)
    place.run("table", "mlp")
    assert (place.root / "results" / "mlp" / "amelie.json").read_bytes() == before
    assert json.loads(before)["score"] == 17.5
    assert sorted(path.name for path in (place.root / "results" / "mlp").iterdir()) == ["amelie.json", "table.csv"]


def test_what_people_gave_is_in_every_export(place):
    place.has(result("amelie", 12.0), result("bruno", 12.0))
    arguments = ["mlp", "amelie", "MLP", "--correction", "3", "--comment", "The layers are right.", "--who", "Eva"]
    assert main(["adjust", *arguments, "--course", str(place.root)]) == 0
    place.file("roster.csv", ROSTER)
    _, _, sheet = place.fill("moodle", WORKSHEET, "--replace")
    grades = {row["Full name"]: row for row in csv.DictReader(io.StringIO(sheet))}
    assert float(grades["Amelie Muster"]["Grade"]) == 15
    assert float(grades["Bruno Beispiel"]["Grade"]) == 12
    assert "The layers are right." in grades["Amelie Muster"]["Feedback comments"]
    _, _, gradebook = place.fill("canvas", GRADEBOOK)
    assert "15.0" in next(line for line in gradebook.splitlines() if "Amelie" in line)
    place.run("table", "mlp", "--output", place.root / "table.csv")
    rows = list(csv.DictReader(io.StringIO((place.root / "table.csv").read_text())))
    by_student = {name: [row for row in rows if row["student"] == name] for name in ("amelie", "bruno")}
    assert [row["check"] for row in by_student["bruno"]] == ["test_mlp.py::test_forward"]
    given = by_student["amelie"][1]
    assert (given["check"], given["question"], given["score"], given["points"]) == ("by hand", "MLP", "3.0", "0.0")
    assert sum(float(row["score"]) for row in by_student["amelie"]) == float(given["total"]) == 15
