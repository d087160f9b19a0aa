"""`autograder serve`: pages for whoever has the token, orders from our own pages, nothing of a student's runs."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from author_course import Author
from edited_file import with_edited_file
from served_course import Served, served
from tiny_course import RIGHT, code, notebook, submit
from tiny_course import numpy_answers as answers

from autograder.cli import main
from autograder.course import load_course
from autograder.grading.batch_log import BATCH_LOG
from autograder.grading.job import job_for
from autograder.grading.station_process import StationConfig, StationProcess
from autograder.grading.submissions import Submission
from autograder.grading.warm_station import WarmStations
from autograder.results import Status

HOSTILE = "</code></script><script>document.title='REACHED'</script><img src=x onerror=\"document.title='REACHED'\">"
WRONG = f"def double(x):\n    return {HOSTILE!r}"


@pytest.fixture(scope="module")
def root(built_numpy_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with three submissions, graded."""
    root = tmp_path_factory.mktemp("served") / "course"
    shutil.copytree(built_numpy_course, root, ignore=shutil.ignore_patterns("submitted", "results"))  # of other tests
    submit(root, "right", *answers(RIGHT))
    submit(root, "wrong", code("setup", f"print({HOSTILE!r})"), *answers(WRONG))
    submit(root, "no notebook", content=b"%PDF-1.7")
    assert main(["grade", "tiny", "--course", str(root)]) == 0
    return root


@pytest.fixture(scope="module")
def server(root: Path) -> Iterator[Served]:
    with served(root) as server:
        yield server


# Who is let in


def test_the_address_that_was_printed_opens_the_pages_and_leaves_no_token_in_the_history(server):
    found = server.ask(server.url.partition(server.host)[2], without=("Cookie",))
    assert found.status == 303
    assert found.headers["location"] == "/"
    assert "HttpOnly" in found.headers["set-cookie"]
    assert "SameSite=strict" in found.headers["set-cookie"]
    assert server.cookie in found.headers["set-cookie"]
    assert server.ask("/").status == 200


@pytest.mark.parametrize(
    ("path", "without", "headers", "status"),
    [
        ("/", ("Cookie",), {}, 401),
        ("/", (), {"Cookie": "autograder-1=x"}, 401),
        ("/static/site.js", ("Cookie",), {}, 401),
        ("/events", ("Cookie",), {}, 401),
        ("/?token=guessed", ("Cookie",), {}, 401),
        ("/?token=%ff%00", ("Cookie",), {}, 401),
        ("/", (), {"Host": "evil.example"}, 421),
        ("/", (), {"Host": "127.0.0.1:1"}, 421),
        ("/", ("Host",), {}, 400),
    ],
)
def test_who_has_no_token_or_calls_us_by_another_name_sees_nothing(server, path, without, headers, status):
    found = server.ask(path, without=without, **headers)
    assert found.status == status
    assert "tiny" not in found.text.lower()


@pytest.mark.parametrize(
    ("without", "headers", "status"),
    [
        ((), {}, 303),
        (("Origin",), {}, 403),
        ((), {"Origin": "http://evil.example"}, 403),
        ((), {"Origin": "null"}, 403),
        ((), {"Origin": "http://127.0.0.1:1"}, 403),
        ((), {"Sec_Fetch_Site": "same-site"}, 403),
        ((), {"Sec_Fetch_Site": "cross-site"}, 403),
        (("Cookie",), {}, 401),
        ((), {"Host": "evil.example", "Origin": "http://evil.example"}, 421),
    ],
)
def test_orders_come_from_our_own_pages_alone(server, without, headers, status):
    assert server.ask("/batch/stop", {}, without=without, **headers).status == status


def test_an_address_does_not_give_an_order(server):
    assert server.ask("/batch/stop").status == 405
    assert server.ask("/assignments/tiny/grade").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static//etc/passwd",
        "/assignments/nothing",
        "/assignments/..",
        "/assignments/..%2f..%2fetc",
        "/assignments/tiny/students/nobody",
        "/assignments/tiny/students/..%2fright",
        "/assignments/tiny/students/..%2f..%2f..%2fcourse_config",
        "/assignments/tiny/students/attempts%2fright%2f1",
        "/assignments/tiny/students/%00",
        "/assignments/tiny/students/.%2fright/feedback",
        "/assignments/tiny/compare?with=..%2f..%2f",
        "/assignments/tiny/compare?with=%2fetc",
        "/assignments/tiny/try/guessed/page",
    ],
)
def test_a_path_leads_nowhere_but_to_pages(server, path):
    found = server.ask(path)
    assert found.status == 404, found.text
    assert "root:" not in found.text
    assert "Starlette" not in found.text


def test_the_same_paths_without_tricks_lead_to_pages(server):
    for path in (
        "/static/site.js",
        "/assignments/tiny",
        "/assignments/tiny/students/right",
        "/assignments/tiny/compare",
    ):
        assert server.ask(path).status == 200


# What is shown


def test_the_pages_show_what_is_known(server):
    home = server.ask("/").text
    assert "A tiny assignment" in home
    students = server.ask("/assignments/tiny").text
    assert "6 of 6" in students
    assert "no notebook" in students
    assert "invalid" in students
    one = server.ask("/assignments/tiny/students/wrong").text
    assert "test_double_of_ones" in one
    assert "6 of 6" in server.ask("/assignments/tiny/students/right").text
    assert "A tiny assignment" in server.ask("/assignments/tiny/report/page").text


@pytest.mark.parametrize("path", ["students/wrong", "students/wrong/feedback", "report/page"])
def test_what_a_student_wrote_is_text_and_runs_nowhere(server, path):
    found = server.ask(f"/assignments/tiny/{path}")
    policy = found.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'unsafe-inline'" not in policy
    assert "<img src=x" not in found.text
    assert "<script>document" not in found.text
    assert found.headers["x-content-type-options"] == "nosniff"
    if path.endswith(("feedback", "page")):
        assert policy.startswith("sandbox")
    if path.endswith("feedback"):
        assert "&lt;script&gt;" in found.text.replace('<span class="o">', "").replace("</span>", "")


def test_what_was_graded_anew_is_compared_with_before(root, server, tmp_path):
    beside = root / "results before"
    shutil.copytree(root / "results", beside)
    path = beside / "tiny" / "right.json"
    result = json.loads(path.read_text())
    result["checks"][0] |= {"score": 0.0, "status": "failed"}
    result["score"] -= result["checks"][0]["points"]
    path.write_text(json.dumps(result))
    (tmp_path / "elsewhere" / "tiny").mkdir(parents=True)
    (root / "a link").symlink_to(tmp_path / "elsewhere")
    page = server.ask("/assignments/tiny/compare?with=results%20before").text
    assert "1 of 3 results differ" in page
    assert "+1" in page
    assert "a link" not in page
    shutil.rmtree(beside)


# What is done


def test_a_batch_is_started_watched_and_its_results_are_there(root, server):
    submit(root, "late", *answers(RIGHT, "answer = 41"))
    found = server.ask("/assignments/tiny/grade", {})
    assert found.status == 303
    assert found.headers["location"].endswith("/assignments/tiny")
    assert server.ask("/assignments/tiny/grade", {}).status == 409, "one at a time"
    last = server.ended()
    assert (last["finished"], last["total"], last["reused"]) == (1, 1, 3)
    assert json.loads((root / "results/tiny/late.json").read_text())["score"] == 3
    assert "3 of 6" in server.ask("/assignments/tiny/students/late").text


def test_a_batch_of_a_terminal_is_watched_and_left_to_it(root, server):
    for name in ("slow 1", "slow 2"):
        submit(root, name, *answers("import time\ntime.sleep(3)\n" + RIGHT))
    command = [
        sys.executable,
        "-m",
        "autograder",
        "grade",
        "tiny",
        "--course",
        str(root),
        "--untried",
        "--workers",
        "1",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    with contextlib.closing(server.events()) as events:
        told = next(event for event in events if event.get("working") and event["in_terminal"])
        assert told["assignment"] == "tiny"
        assert told["state"] == "running"
        assert server.ask("/batch/stop", {}).status == 303
        refused = server.ask("/assignments/tiny/grade", {})
        assert refused.status == 409
        assert "stop it first in the terminal that it was started in" in refused.text
        last = next(event for event in events if event["state"] == "ended")
    assert last["finished"] == last["total"] > 1, "nobody stopped it"
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert server.ask("/assignments/tiny/grade", {}).status == 303, "now it is the server's turn"
    assert server.ended()["in_terminal"] is False


def test_what_cannot_be_kept_for_watchers_takes_nothing_from_a_batch(root, tmp_path):
    (tmp_path / "results" / BATCH_LOG / "in the way").mkdir(parents=True)
    command = ["grade", "tiny", "--course", str(root), "--untried", "--student", "right"]
    assert main([*command, "--results", str(tmp_path / "results")]) == 0
    assert json.loads((tmp_path / "results/tiny/right.json").read_text())["score"] == 6


def test_one_student_is_graded_again_and_an_unknown_one_is_not(root, server):
    before = (root / "results/tiny/right.json").stat().st_mtime_ns
    assert server.ask("/assignments/tiny/grade", {"student": "right", "force": "1"}).status == 303
    last = server.ended()
    assert (last["student"], last["finished"]) == ("right", 1)
    assert (root / "results/tiny/right.json").stat().st_mtime_ns > before
    for name in ("nobody", "--force", "../right"):
        assert server.ask("/assignments/tiny/grade", {"student": name}).status == 404


def test_an_id_may_hold_what_means_something_in_an_address(root, server):
    student = "50% of #1? & <b>"
    submit(root, student, *answers(RIGHT))
    found = server.ask("/assignments/tiny/grade", {"student": student})
    server.ended()
    page = server.ask(found.headers["location"])
    assert page.status == 200
    assert "50% of #1? &amp; &lt;b&gt;" in page.text
    assert "/students/50%25%20of%20%231%3F%20%26%20%3Cb%3E" in server.ask("/assignments/tiny").text


def test_a_batch_that_cannot_run_says_why(root, server):
    (root / "submitted").rename(root / "elsewhere")
    assert server.ask("/assignments/tiny/grade", {}).status == 303
    assert "is not a folder" in str(server.ended()["ending"])
    (root / "elsewhere").rename(root / "submitted")


def test_a_configuration_that_is_wrong_is_said_on_the_page(root, server):
    config = root / "course_config.py"
    text = config.read_text()
    config.write_text(text.replace("points=6", "points=-6"))
    found = server.ask("/assignments/tiny")
    assert found.status == 409
    assert "points is -6" in found.text
    config.write_text(text + "\n")
    assert server.ask("/assignments/tiny").status == 200


def multipart(*files: tuple[str, bytes], **fields: str) -> tuple[bytes, str]:
    parts = [f'--edge\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n'.encode() for k, v in fields.items()]
    for name, content in files:
        head = f'--edge\r\nContent-Disposition: form-data; name="notebook"; filename="{name}"\r\n\r\n'.encode()
        parts += [head, content, b"\r\n"]
    return b"".join([*parts, b"--edge--\r\n"]), "multipart/form-data; boundary=edge"


def drop(server: Served, content: bytes, name: str = "tiny.ipynb") -> str:
    """Drop a notebook, and return its feedback page."""
    body, kind = multipart((name, content), student="")
    found = server.ask("/assignments/tiny/try", content=body, Content_Type=kind)
    assert found.status == 303, found.text
    page = server.ask(found.headers["location"] + "/page")
    assert page.headers["content-security-policy"].startswith("sandbox;")
    return page.text


def test_a_notebook_that_is_dropped_is_graded_and_nothing_of_it_stays(root, server):
    before = sorted(root.rglob("*"))
    right = drop(server, json.dumps(notebook(*answers(RIGHT))).encode())
    wrong = drop(server, json.dumps(notebook(*answers(WRONG))).encode())
    assert "6" in right
    assert "did you return x itself?" in wrong or "must be" in wrong
    assert "<img src=x" not in wrong
    assert "not a notebook" in drop(server, b"%PDF-1.7", "../../tiny.ipynb")
    assert sorted(root.rglob("*")) == before


def test_files_that_students_edit_are_dropped_with_the_notebook(tmp_path):
    author = Author(tmp_path / "course")
    with_edited_file(author)
    assert main(["build", "--course", str(author.root)]) == 0
    book = (author.root / "solutions" / "week" / "week.ipynb").read_bytes()
    solved = (author.root / "solutions" / "week" / "layers.py").read_bytes()
    with served(author.root) as server:

        def dropped(*files: tuple[str, bytes]) -> str:
            body, kind = multipart(*files, student="ada")
            found = server.ask("/assignments/week/try", content=body, Content_Type=kind)
            return found.text if found.status == 409 else server.ask(found.headers["location"] + "/page").text

        whole = '<p class="score">7 <small>of 7 points</small></p>'
        assert whole in dropped(("mine.ipynb", book), ("layers.py", solved))
        assert '<p class="score">4 <small>of 7 points</small></p>' in dropped(("week.ipynb", book))
        for files in (("layers.py",), ("a.ipynb", "other.py"), ("a.ipynb", "../layers.py")):
            said = dropped(*((name, book) for name in files))
            assert "is not one notebook and, each once, layers.py; choose these." in said
        assert "layers.py" in server.ask("/assignments/week/try").text


def test_what_is_no_upload_is_refused(server):
    body, kind = multipart(("", b""))
    assert server.ask("/assignments/tiny/try", content=body, Content_Type=kind).status == 409
    assert server.ask("/assignments/tiny/try", {"notebook": "text"}).status == 409
    huge = server.ask("/assignments/tiny/try", content=b"", without=("Origin",))
    assert huge.status == 403


def test_the_server_ends_by_a_signal_and_leaves_no_process(root):
    with served(root) as server:
        drop(server, json.dumps(notebook(*answers(RIGHT))).encode())
        listening = server.ask("/")
        assert listening.status == 200
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(30) == 0


def test_an_address_that_is_taken_is_said(root, server, capsys):
    port = server.host.rpartition(":")[2]
    assert main(["serve", "--course", str(root), "--port", port]) == 2
    assert "cannot be listened on" in capsys.readouterr().err
    assert main(["serve", "--course", str(root), "--port", "99999"]) == 2
    assert main(["serve", "--course", str(root), "--host", "0.0.0.0"]) == 2
    assert "--name" in capsys.readouterr().err


# The station that is kept


def test_a_warm_station_serves_one_job_after_the_other_until_what_it_loaded_changes(
    built_numpy_course, tmp_path, monkeypatch
):
    course = load_course(built_numpy_course)
    assignment = course.assignments[0]
    started = []

    def start(config, environment):
        started.append(config.assignment)
        return StationProcess(config, environment)

    monkeypatch.setattr("autograder.grading.warm_station.StationProcess", start)
    config = StationConfig(course=course, assignment=assignment.name, isolated=False)
    path = tmp_path / "tiny.ipynb"
    path.write_text(json.dumps(notebook(*answers(RIGHT))))
    job = job_for(course, assignment, Submission(student="one", notebook=path), device="cpu", fingerprint="")
    stations = WarmStations()
    try:
        found = [stations.grade(config, loaded, job) for loaded in ("a", "a", "b")]
        assert [result.status for result in found] == [Status.GRADED] * 3
        assert {result.score for result in found} == {6.0}
        assert started == ["tiny", "tiny"]
        stations.end_idle(1000)
        stations.grade(config, "b", job)
        assert started == ["tiny", "tiny"]
        stations.end_idle(0)
        stations.grade(config, "b", job)
        assert started == ["tiny", "tiny", "tiny"]
    finally:
        stations.close()
