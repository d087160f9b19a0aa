"""A grader's evening with a class that nobody is in, step by step and timed: from the LMS's zip to its filled-in file.

    python docs/measure/evening.py --students 300 --report docs/measure/evening.md

Makes a Canvas-like and a Moodle-like download of a simulated class, collects both, grades, gives points by hand to five
groups of answers in the browser, changes a check, grades again, and fills in the LMS's files. What must hold is looked
at after each step; exit code 1 and a sentence where something does not.
"""

import argparse
import csv
import io
import json
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "autograder"))

from page_looks import Seen, chromium, listen  # noqa: E402 - they lie beside the tests
from served_course import served  # noqa: E402

ASSIGNMENT = "parameter_counting"
REVIEWED = 5
OWN = {".collected.json", ".lock"}
"""What `collect` writes for itself."""
GIVEN = ("Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farah", "Grete", "Håkon", "Inés", "Jörg", "Keiko", "Łukasz")
FAMILY = ("Muster", "O'Hara", "Nguyễn", "García-López", "Yilmaz", "van Dijk", "Sørensen", "Novák", "Kowalska", "Silva")
FIRST_CHECK = re.compile(r'(def test_\w+\(student[^\n]*\n    """[^\n]*"""\n)')
CHECK = Path("tests") / ASSIGNMENT / "test_functions.py"


@dataclass(frozen=True)
class Student:
    """What the systems around the course call one student."""

    id: str
    name: str
    """As Moodle writes it: given name first."""
    sortable: str
    """As Canvas writes it: family name first."""
    canvas: int
    moodle: int
    section: str

    @property
    def email(self) -> str:
        """Return an address that nobody has."""
        return f"{self.id}@example.org"


@dataclass
class Evening:
    """The course's copy, and what was done in it."""

    course: Path
    steps: list[tuple[str, float, str]] = field(default_factory=list)

    @contextmanager
    def step(self, what: str) -> Iterator[list[str]]:
        """Time a step; what is put into the list is said of it."""
        said: list[str] = []
        began = time.monotonic()
        yield said
        self.steps.append((what, time.monotonic() - began, "; ".join(said)))
        print(f"{self.steps[-1][1]:7.1f} s  {what}: {self.steps[-1][2]}", flush=True)

    def run(self, *arguments: object, expect: int = 0) -> str:
        """Run the package's command in the course; return what it printed."""
        command = [sys.executable, "-m", "autograder", *map(str, arguments), "--course", str(self.course)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        require(
            done.returncode == expect, f"{' '.join(command[2:])} ended with {done.returncode}:\n{done.stdout[-3000:]}"
        )
        return done.stdout

    def results(self) -> Mapping[str, dict]:
        """Return the result files by student."""
        folder = self.course / "results" / ASSIGNMENT
        return {path.stem: json.loads(path.read_text()) for path in folder.glob("*.json")}


def require(holds: object, sentence: str) -> None:
    """End the script where something does not hold."""
    if not holds:
        raise SystemExit(f"This does not hold: {sentence}")


def main() -> None:
    """Go through the evening in a temporary copy of the course."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=300)
    parser.add_argument("--report", type=Path, help="write the table there too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evening-") as folder:
        evening = Evening(Path(folder) / "course")
        copy_course(evening.course)
        go(evening, Path(folder), options.students)
    command = f"python docs/measure/evening.py --students {options.students}"
    lines = [
        f"{options.students} simulated students, `{ASSIGNMENT}`, by `{command}`:",
        "",
        "| step | seconds | what came of it |",
        "|---|--:|---|",
        *(f"| {what} | {seconds:.1f} | {said} |" for what, seconds, said in evening.steps),
        f"| all | {sum(seconds for _, seconds, _ in evening.steps):.1f} | |",
    ]
    print("\n".join(lines))
    if options.report:
        options.report.write_text("# A grader's evening\n\n" + "\n".join(lines) + "\n")


def copy_course(course: Path) -> None:
    """Copy what grading needs; the tests of the package itself stay away."""
    course.mkdir()
    shutil.copy(ROOT / "course_config.py", course)
    for name in ("source", "release", "solutions"):
        shutil.copytree(ROOT / name, course / name, symlinks=True)
    shutil.copytree(ROOT / "tests", course / "tests", ignore=shutil.ignore_patterns("autograder", "__pycache__"))
    (course / "data").symlink_to(ROOT / "data")


def go(evening: Evening, folder: Path, count: int) -> None:
    """Do what a grader does, and look at what comes of it."""
    simulated = folder / "simulated"
    with evening.step("simulate the class") as said:
        evening.run("simulate", ASSIGNMENT, count, "--output", simulated)
        students = meet(sorted(path.name for path in simulated.iterdir() if path.is_dir()))
        said.append(f"{len(students)} students")
    (evening.course / "roster.csv").write_text(roster(students), encoding="utf-8")
    canvas, moodle = folder / "submissions.zip", folder / "moodle.zip"
    with evening.step("make Canvas's and Moodle's downloads of it") as said:
        late = write_canvas(canvas, simulated, students)
        write_moodle(moodle, simulated, students)
        said.append(f"{canvas.stat().st_size / 1e6:.1f} and {moodle.stat().st_size / 1e6:.1f} MB, {late} marked LATE")
    with evening.step("collect Canvas's zip") as said:
        evening.run("collect", canvas, "--assignment", ASSIGNMENT)
        said.append(f"{collected(evening.course / 'submitted')} submissions")
    with evening.step("collect Moodle's zip, into another folder, to compare") as said:
        evening.run("collect", moodle, "--assignment", ASSIGNMENT, "--submissions", folder / "from-moodle")
        mine, theirs = (notebooks(place) for place in (evening.course / "submitted", folder / "from-moodle"))
        differ = sorted(place for place in mine.keys() | theirs.keys() if mine.get(place) != theirs.get(place))
        require(not differ, f"both systems' files are the same; these are not: {differ[:5]}")
        said.append(f"the same {len(mine)} notebooks, to the byte")
    with evening.step("collect Canvas's zip once more") as said:
        before = times(evening.course / "submitted")
        evening.run("collect", canvas, "--assignment", ASSIGNMENT)
        after = times(evening.course / "submitted")
        require(before == after, "a second time changes nothing")
        said.append("nothing new")
    with evening.step("grade") as said:
        evening.run("grade", ASSIGNMENT)
        said.append(counted(evening.results()))
    review(evening)
    change_a_check(evening)
    with evening.step("class report, with its tables"):
        evening.run("report", ASSIGNMENT, "--tables", folder / "tables")
    with evening.step("feedback for everybody") as said:
        evening.run("feedback", ASSIGNMENT)
        pages = list((evening.course / "results").rglob("feedback/**/*.html")) or list(
            evening.course.rglob("feedback/**/*.html")
        )
        said.append(f"{len(pages)} pages")
    export(evening, folder, students, canvas)


def meet(ids: list[str]) -> list[Student]:
    """Give each student a name and numbers; names repeat, as they do."""
    rng = random.Random(0)
    students = []
    for number, student in enumerate(ids):
        given, family = rng.choice(GIVEN), f"{rng.choice(FAMILY)} {number}"
        names = {"name": f"{given} {family}", "sortable": f"{family}, {given}"}
        students.append(
            Student(student, **names, canvas=1000 + number, moodle=657_000 + number, section=f"Group {number % 4 + 1}")
        )
    return students


def roster(students: list[Student]) -> str:
    """Return roster.csv."""
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(["id", "name", "email", "section", "canvas id", "moodle id"])
    writer.writerows([s.id, s.name, s.email, s.section, s.canvas, s.moodle] for s in students)
    return file.getvalue()


def files_of(simulated: Path, student: Student) -> Iterator[tuple[str, bytes]]:
    """Yield what a student handed in, by its name; not the time."""
    for path in sorted((simulated / student.id).rglob("*")):
        if path.is_file() and path.name != "timestamp.txt":
            yield path.name, path.read_bytes()


def write_canvas(path: Path, simulated: Path, students: list[Student]) -> int:
    """Write a zip as Canvas does: flat, with its own numbers in the names; return how many are late."""
    late = 0
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, student in enumerate(students):
            plain = "".join(letter for letter in student.sortable.lower() if letter.isalnum())
            is_late = number % 10 == 0
            late += is_late
            for name, content in files_of(simulated, student):
                mark = "LATE_" if is_late else ""
                archive.writestr(f"{plain}_{mark}{student.canvas}_{90_000 + number}_{name}", content)
    return late


def write_moodle(path: Path, simulated: Path, students: list[Student]) -> None:
    """Write a zip as Moodle 4.1 and newer do: a folder for each participant."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for student in students:
            for name, content in files_of(simulated, student):
                archive.writestr(f"{student.name}_{student.moodle}_assignsubmission_file/{name}", content)


def collected(folder: Path) -> int:
    """Return how many students have handed in something."""
    return sum(path.is_dir() and not path.name.startswith(".") for path in folder.iterdir())


def notebooks(folder: Path) -> Mapping[str, bytes]:
    """Return each notebook by its place, as it was handed in."""
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() != ".txt"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.name not in OWN}


def times(folder: Path) -> Mapping[Path, int]:
    """Return when each file was written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def counted(results: Mapping[str, dict]) -> str:
    """Return how the batch ended, in words."""
    kinds = [result["status"] for result in results.values()]
    require(
        "failed" not in kinds, f"no grading fails; {[name for name, r in results.items() if r['status'] == 'failed']}"
    )
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))


def review(evening: Evening) -> None:
    """Give points to five groups of answers to one question, in the browser, by keyboard alone."""
    lost: Counter[str] = Counter()
    for result in evening.results().values():
        lost.update({check["question"] for check in result["checks"] if check["score"] < check["points"]})
    question = lost.most_common(1)[0][0]
    with evening.step("review one question in the browser, by keyboard") as said:
        began = time.monotonic()
        with served(evening.course, "--who", "T. A.") as server, chromium() as browser:
            page, seen = browser.new_page(), Seen()
            listen(page, seen)
            page.goto(server.url)
            page.goto(f"http://{server.host}/assignments/{ASSIGNMENT}/review/{question}")
            said.append(f"first page after {time.monotonic() - began:.1f} s")
            began = time.monotonic()
            for number in range(1, REVIEWED + 1):
                with page.expect_navigation():
                    page.keyboard.press("n")
                page.keyboard.press("p")
                page.keyboard.type("0.5")
                page.keyboard.press("Escape")
                page.keyboard.press("c")
                page.keyboard.type(f"The idea is right ({number}).")
                with page.expect_navigation():
                    page.keyboard.press("Control+Enter")
                page.locator("#standing", has_text=f"The idea is right ({number}).").wait_for(timeout=120_000)
            said_by_browser = [one for one in seen.errors if not one.endswith("/events")]  # left open by a page
            require(not said_by_browser, f"the browser has nothing to say: {said_by_browser}")
        given = by_hand(evening)
        require(len(given) >= REVIEWED, f"five groups at least have points by hand: {given}")
        each = (time.monotonic() - began) / REVIEWED
        said.append(f"{question}: {REVIEWED} groups, {len(given)} students, {each:.1f} s for a group")


def by_hand(evening: Evening) -> Mapping[str, float]:
    """Return who has points by hand, and how many, as the table of everything has it."""
    table = evening.course / "table.csv"
    evening.run("export", "table", ASSIGNMENT, "--output", table)
    with table.open(encoding="utf-8-sig", newline="") as file:
        given = {row["student"]: row for row in csv.DictReader(file) if row["check"] == "by hand"}
    require(all(row["status"] == "counted" for row in given.values()), f"what was given counts: {given}")
    return {student: float(row["score"]) for student, row in given.items()}


def change_a_check(evening: Evening) -> None:
    """Make a check ask for another number, grade again, and see that points by hand stand."""
    with evening.step("change a check and grade again") as said:
        given, before = by_hand(evening), evening.results()
        path = evening.course / CHECK
        changed, count = FIRST_CHECK.subn(r"\1    assert student is not None\n", path.read_text(), count=1)
        require(count == 1, f"{CHECK} has a check")
        path.write_text(changed)
        evening.run("grade", ASSIGNMENT)
        again = [name for name, one in evening.results().items() if one["graded_at"] != before[name]["graded_at"]]
        require(len(again) > len(before) / 2, "whoever has an answer there is graded again")
        require(by_hand(evening) == given, "points by hand stand after a regrade")
        said.append(f"{len(again)} graded again, of {counted(evening.results())}; points by hand stand")


def export(evening: Evening, folder: Path, students: list[Student], submissions: Path) -> None:
    """Fill in both systems' files, and see that nothing but the scores and comments has changed."""
    gradebook, worksheet = folder / "grades.csv", folder / "worksheet.csv"
    points = "10.0"
    with gradebook.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["Student", "ID", "SIS Login ID", "Section", "Another (1)", f"{ASSIGNMENT} (53170)", "Final Score"]
        )
        writer.writerow(["    Points Possible", "", "", "", "20.0", points, "(read only)"])
        writer.writerows([s.sortable, s.canvas, s.id, s.section, "17.5", "", "80"] for s in students)
    with worksheet.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            [
                "Identifier",
                "Full name",
                "Email address",
                "Status",
                "Grade",
                "Maximum Grade",
                "Grade can be changed",
                "Last modified (submission)",
                "Last modified (grade)",
                "Feedback comments",
            ]
        )
        writer.writerows(
            [f"Participant {s.moodle}", s.name, s.email, "Submitted", "", "10.00", "Yes", "-", "-", ""]
            for s in students
        )
    results = evening.results()
    for system, download, column, others in (
        ("canvas", gradebook, f"{ASSIGNMENT} (53170)", ()),
        ("moodle", worksheet, "Grade", ("Feedback comments",)),
    ):
        with evening.step(f"fill in {system.title()}'s file") as said:
            filled = folder / f"filled-{system}.csv"
            more = ["--feedback", folder / f"feedback-{system}.zip"]
            more += ["--submissions", submissions] if system == "canvas" else []
            evening.run("export", system, ASSIGNMENT, "--fill", download, "--output", filled, *more)
            scores = unchanged_but(download, filled, {column, *others}, column)
            require(len(scores) == len(results), f"everybody's score is in: {len(scores)} of {len(results)}")
            said.append(f"{len(scores)} scores; every other cell is as it was")


def unchanged_but(before: Path, after: Path, columns: set[str], scores: str) -> list[str]:
    """Return the scores that were filled in; require that nothing differs but these columns."""
    old, new = (path.read_bytes() for path in (before, after))
    require(old[:3] == new[:3], "the file begins as it did")
    require(old.endswith(b"\r\n") == new.endswith(b"\r\n"), "lines end as they did")
    old_rows, new_rows = (list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""))) for text in (old, new))
    head = old_rows[0]
    require(head == new_rows[0] and len(old_rows) == len(new_rows), "the same columns and rows")
    found = []
    for one, other in zip(old_rows[1:], new_rows[1:], strict=True):
        differ = {head[n] for n, (a, b) in enumerate(zip(one, other, strict=True)) if a != b}
        require(differ <= columns, f"only {columns} change; {differ - columns} did")
        if scores in differ:
            found.append(other[head.index(scores)])
    return found


if __name__ == "__main__":
    main()
