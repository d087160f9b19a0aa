"""A release stands on its own: opened anywhere it finds its files and packages, shows its pictures, is handed in."""

import ast
import http.server
import io
import json
import os
import subprocess
import sys
import threading
import tomllib
import types
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest
from tiny_course import REPOSITORY, code, make_course, notebook, source_cells

from autograder.authoring import hand_in
from autograder.authoring.archive import pack
from autograder.authoring.assignment import Tree, build_trees, write
from autograder.authoring.pictures import MOST_CHARACTERS
from autograder.authoring.readme import readme
from autograder.authoring.requirements import AT_LEAST
from autograder.cli import main
from autograder.course import Course, load_course
from autograder.errors import BuildError
from autograder.notebooks import plan_run, read_cells

PIXEL = bytes.fromhex("89504e470d0a1a0a")
"""Not a whole picture, but one to whom only its bytes matter."""


def build(root: Path, **changes: object) -> tuple[Tree, Tree]:
    """Return release and solutions of a course that is configured otherwise."""
    course = replace(load_course(root), **changes)
    release, solutions = build_trees(course, course.assignment("tiny"))
    return release, solutions


def cells(tree: Tree) -> Mapping[str, Any]:
    return {cell["id"]: cell for cell in nbformat.reads(tree.files[Path("tiny.ipynb")].decode(), as_version=4).cells}


def start_of(tree: Tree) -> str:
    return cells(tree)["release-start"]["source"]


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tree, Tree]:
    return build(make_course(tmp_path_factory.mktemp("alone") / "course"))


@pytest.fixture(scope="module")
def release(trees: tuple[Tree, Tree]) -> Tree:
    return trees[0]


# What build adds


@pytest.mark.parametrize("name", ["release-start", "release-hand-in"])
def test_what_is_added_is_locked_and_does_not_run_when_grading(release, name):
    metadata = cells(release)[name]["metadata"]
    assert metadata["tags"] == ["skip-grading"]
    assert metadata["editable"] is False
    assert metadata["nbgrader"]["locked"] is True


def test_the_start_is_the_first_code_cell_and_handing_in_the_last(release):
    found = [name for name, cell in cells(release).items() if cell["cell_type"] == "code"]
    assert found[0] == "release-start"
    assert found[-1] == "release-hand-in"


def test_solutions_have_neither_cells_nor_files_of_it(trees):
    assert not {"release-start", "release-hand-in", "release-hand-in-text"} & cells(trees[1]).keys()
    assert not {Path("README.md"), Path("requirements.txt"), Path("hand_in.py")} & trees[1].files.keys()


def test_a_readme_says_how_to_begin_in_commands(release):
    text = release.files[Path("README.md")].decode()
    assert text.startswith("# A tiny assignment\n")
    assert "pip install -r requirements.txt\n$ jupyter lab tiny.ipynb" in text
    assert "Colab](" not in text
    assert "git-pull" not in text


def test_a_readme_says_how_to_do_with_less_where_pytorch_is_needed(course_root):
    course = load_course(course_root)
    with_it, without = (readme(course, course.assignment("tiny"), {"numpy", *more}) for more in ({"torch"}, ()))
    assert "`pip install torch --index-url https://download.pytorch.org/whl/cpu`" in with_it
    assert "CUDA" in with_it
    assert "CUDA" not in without


def test_a_readme_of_the_authors_own_stays(course_root):
    (course_root / "source" / "tiny" / "README.md").write_text("Mine.\n")
    assert build(course_root)[0].files[Path("README.md")] == b"Mine.\n"


def test_a_support_file_cannot_take_the_place_of_handing_in(course_root):
    (course_root / "source" / "tiny" / "hand_in.py").write_text("")
    with pytest.raises(BuildError, match=r"source/tiny/hand_in\.py: support files cannot be called so"):
        build(course_root)


def test_where_a_repository_is_given_the_readme_opens_it_in_colab_and_on_the_hub(course_root):
    addresses = {"repository_url": "https://github.com/us/course", "hub_url": "https://hub.example.org"}
    text = build(course_root, **addresses)[0].files[Path("README.md")].decode()
    assert "(https://colab.research.google.com/github/us/course/blob/main/tiny/tiny.ipynb)" in text
    assert (
        "(https://hub.example.org/hub/user-redirect/git-pull?repo=https%3A%2F%2Fgithub.com%2Fus%2Fcourse&branch=main"
        "&urlpath=lab%2Ftree%2Fcourse%2Ftiny%2Ftiny.ipynb)" in text
    )


def test_a_repository_that_is_not_on_github_has_no_badge_for_colab(course_root):
    text = build(course_root, repository_url="https://git.example.org/us/course")[0].files[Path("README.md")].decode()
    assert "colab.research" not in text


def test_where_to_hand_in_is_said_in_the_readme_and_above_the_last_cell(course_root):
    release, _ = build(course_root, hand_in="in [Moodle](https://moodle.example.org).")
    assert "in [Moodle](https://moodle.example.org)." in release.files[Path("README.md")].decode()
    assert "in [Moodle](https://moodle.example.org)." in cells(release)["release-hand-in-text"]["source"]


def test_an_assignment_may_be_handed_in_elsewhere(course_root):
    course = replace(load_course(course_root), hand_in="here.")
    assignment = replace(course.assignment("tiny"), hand_in="there.")
    release, _ = build_trees(course, assignment)
    assert release.files[Path("README.md")].endswith(b"**Hand in:** there.\n")


@pytest.mark.parametrize(("own", "headings"), [("## Hand in\n\nRestart first.", 1), ("# The end", 1)])
def test_there_is_one_heading_on_handing_in(course_root, own, headings):
    text = {"cell_type": "markdown", "id": "end", "metadata": {}, "source": own}
    path = course_root / "source" / "tiny" / "tiny.ipynb"
    path.write_text(json.dumps(notebook(*source_cells(), text)))
    texts = [cell["source"] for cell in cells(build(course_root)[0]).values() if cell["cell_type"] == "markdown"]
    assert "\n".join(texts).count("## Hand in") == headings


# Packages


def test_requirements_name_what_is_imported_and_what_opens_the_notebook(course_root):
    source = course_root / "source" / "tiny"
    (source / "support.py").write_text(
        "import os\nfrom PIL import Image\ndef helper(x):\n    import yaml\n    return 2 * x\n"
    )
    lines = build(course_root)[0].files[Path("requirements.txt")].decode().splitlines()[1:]
    assert lines == ["jupyterlab>=4.2", "numpy>=1.26", "otter-grader>=7.0", "pillow>=10.0", "pyyaml", "torch>=2.5"]


def test_the_oldest_versions_are_those_of_this_package():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    ours = dict(line.split(">=") for line in (*project["dependencies"], *extras) if ">=" in line)
    both = AT_LEAST.keys() & ours.keys()
    assert {"torch", "jupyterlab", "otter-grader"} <= both
    assert {name: AT_LEAST[name] for name in both} == {name: ours[name] for name in both}


# The archive


def test_build_writes_an_archive_of_the_release(built_course):
    with zipfile.ZipFile(built_course / "release" / "tiny.zip") as archive:
        found = {name: archive.read(name) for name in archive.namelist()}
    folder = built_course / "release" / "tiny"
    assert found == {
        f"tiny/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_the_same_files_give_the_same_archive_in_whatever_order():
    files = {Path("b.txt"): b"b", Path("a/a.txt"): b"a" * 1000}
    content = pack("tiny", files)
    assert content == pack("tiny", dict(reversed(files.items())))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["tiny/a/a.txt", "tiny/b.txt"]
        assert {(entry.compress_type, entry.date_time) for entry in archive.infolist()} == {(0, (1980, 1, 1, 0, 0, 0))}


def test_build_writes_the_archive_once_and_check_does_not_ask_for_it(course_root, capsys):
    main(["build", "--course", str(course_root)])
    assert "release/tiny.zip: written" in capsys.readouterr().out
    main(["build", "--course", str(course_root)])
    assert "release/tiny.zip: up to date" in capsys.readouterr().out
    (course_root / "release" / "tiny.zip").unlink()
    assert main(["build", "--check", "--course", str(course_root)]) == 0
    assert not (course_root / "release" / "tiny.zip").exists()


# The first cell, in folders of all kinds


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with nothing in it."""
    folder = tmp_path / "content"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Run a cell; return what it prints, or the sentence that it ends with."""

    def run(source: str) -> str:
        try:
            exec(compile(source, "cell", "exec"), {})
        except Exception as error:  # noqa: BLE001 - the class is the cell's own
            [sentence] = error._render_traceback_()
            assert "\n" not in sentence
            return sentence
        return capsys.readouterr().out

    return run


Serve = Callable[[bytes], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Give out one content for each address, and say the address of the folder."""
    servers = []

    def start(content: bytes, *, cut: int = 0) -> str:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200 if self.path == "/release/tiny.zip" else 404)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) - cut])

            def log_message(self, *_: object) -> None:
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/release"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def lay_out(release: Tree, folder: Path) -> None:
    write(replace(release, folder=folder))


def files_in(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


NEEDED = {"hand_in.py", "requirements.txt", "support.py", "tests/answer.py", "tests/double.py"}


def test_where_all_is_there_nothing_happens(release, empty, run):
    lay_out(release, empty)
    before = {path: path.stat().st_mtime_ns for path in empty.rglob("*")}
    assert run(start_of(release)) == "All is here.\n"
    assert {path: path.stat().st_mtime_ns for path in empty.rglob("*")} == before


def test_it_unpacks_the_archive_beside_it(release, empty, run):
    (empty / "tiny.zip").write_bytes(pack("tiny", release.files))
    assert run(start_of(release)) == "All is here.\n"
    assert files_in(empty) == NEEDED | {"tiny.zip"}
    assert (empty / "support.py").read_bytes() == release.files[Path("support.py")]


def test_it_fetches_the_archive_from_the_address_of_the_config(course_root, empty, run, serve, release):
    address = serve(pack("tiny", release.files))
    assert run(start_of(build(course_root, release_url=address)[0])) == "All is here.\n"
    assert files_in(empty) == NEEDED


def test_it_overwrites_nothing(release, empty, run):
    (empty / "tiny.zip").write_bytes(pack("tiny", release.files))
    (empty / "support.py").write_text("mine = 1\n")
    (empty / "tiny.ipynb").write_text("my answers")
    assert run(start_of(release)) == "All is here.\n"
    assert (empty / "support.py").read_text() == "mine = 1\n"
    assert (empty / "tiny.ipynb").read_text() == "my answers"


def test_it_takes_nothing_out_of_an_archive_that_it_does_not_name(release, empty, run):
    more = {**release.files, Path("../outside.py"): b"", Path("more.py"): b""}
    (empty / "tiny.zip").write_bytes(pack("tiny", more))
    assert run(start_of(release)) == "All is here.\n"
    assert files_in(empty.parent) == {f"content/{name}" for name in NEEDED | {"tiny.zip"}} | {
        name for name in files_in(empty.parent) if name.startswith("course/")
    }


def test_with_neither_files_nor_archive_nor_address_it_says_what_to_bring(release, empty, run):
    said = run(start_of(release))
    assert said.startswith("hand_in.py, requirements.txt, support.py …: not here")
    assert "put tiny.zip from your course beside this notebook" in said
    assert files_in(empty) == set()


@pytest.mark.parametrize("cut", [1, 300])
def test_a_broken_download_leaves_nothing(course_root, empty, run, serve, cut):
    address = serve(pack("tiny", build(course_root)[0].files), cut=cut)
    said = run(start_of(build(course_root, release_url=address)[0]))
    assert f"put tiny.zip from {address}/tiny.zip beside this notebook" in said
    assert files_in(empty) == set()


@pytest.mark.parametrize("content", [b"<html>Log in first</html>", b"", pack("other", {Path("support.py"): b""})])
def test_what_is_no_archive_of_this_assignment_leaves_nothing(course_root, empty, run, serve, content):
    address = serve(content)
    said = run(start_of(build(course_root, release_url=address)[0]))
    assert "not to be had from tiny.zip" in said
    assert files_in(empty) == set()


def test_an_address_that_nobody_answers_is_told(course_root, empty, run):
    said = run(start_of(build(course_root, release_url="http://127.0.0.1:9/release")[0]))
    assert "put tiny.zip from http://127.0.0.1:9/release/tiny.zip" in said
    assert files_in(empty) == set()


def without(release: Tree, package: str = "no_such_package") -> str:
    """Return a first cell that looks for a package that is not there."""
    source = start_of(release)
    assert source.count('"torch": "torch>=2.5"') == 1
    return source.replace('"torch": "torch>=2.5"', f'"{package}": "{package}>=1"')


def test_a_package_that_is_missing_is_named_with_what_to_run(release, empty, run):
    lay_out(release, empty)
    assert run(without(release)) == (
        "Not installed: no_such_package>=1; run `%pip install -r requirements.txt`, then this cell again."
    )


@pytest.fixture(params=["colab", "kaggle"])
def hosted(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Colab or Kaggle, as far as the first cell can tell."""
    if request.param == "colab":
        monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    else:
        monkeypatch.setenv("KAGGLE_KERNEL_RUN_TYPE", "Interactive")


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> types.SimpleNamespace:
    """What stands in for pip: how it ends, and what it was asked."""
    made = types.SimpleNamespace(ends_with=0, asked=[])

    def run(command: list[str]) -> subprocess.CompletedProcess[bytes]:
        made.asked.append(command)
        return subprocess.CompletedProcess(command, made.ends_with)

    monkeypatch.setattr(subprocess, "run", run)
    return made


def test_in_colab_and_kaggle_it_is_installed(release, empty, run, hosted, pip):
    lay_out(release, empty)
    assert run(without(release)).endswith("All is here.\n")
    assert pip.asked == [[sys.executable, "-m", "pip", "install", "--quiet", "no_such_package>=1"]]


def test_where_it_cannot_be_installed_a_sentence_says_so(release, empty, run, hosted, pip):
    lay_out(release, empty)
    pip.ends_with = 1
    assert run(without(release)) == "pip could not install no_such_package>=1: is the internet switched on here?"


def test_the_first_cell_is_read_by_python_3_9_and_defines_one_name(release):
    tree = ast.parse(start_of(release), feature_version=(3, 9))
    assert [type(statement).__name__ for statement in tree.body] == ["FunctionDef", "Expr"]


@pytest.mark.parametrize("stripped", [False, True])
def test_grading_runs_neither_of_the_added_cells(built_course, stripped):
    release = read_cells(built_course / "release" / "tiny" / "tiny.ipynb")
    bare = [replace(cell, grade_id="", locked=False, solution=False, tags=frozenset(), id="") for cell in release]
    plan = plan_run(release, bare if stripped else release, "alice")
    assert [cell.source for cell in plan if "start(" in cell.source or "hand_in" in cell.source] == []
    assert [cell.index for cell in plan] == [2, 4, 6]


# Pictures


def with_picture(root: Path, size: int, text: str = '<img src="figures/a.png" alt="a"> and ![b](b.png)') -> None:
    folder = root / "source" / "tiny"
    (folder / "figures").mkdir()
    (folder / "figures" / "a.png").write_bytes(PIXEL + bytes(size))
    (folder / "b.png").write_bytes(PIXEL)
    cell = {"cell_type": "markdown", "id": "picture", "metadata": {}, "source": text}
    (folder / "tiny.ipynb").write_text(json.dumps(notebook(cell, *source_cells())))


def test_pictures_are_in_the_text_of_the_release_and_beside_that_of_the_solutions(course_root):
    with_picture(course_root, 100)
    release, solutions = build(course_root)
    assert cells(release)["picture"]["source"].count("data:image/png;base64,iVBORw0K") == 2
    assert 'alt="a"' in cells(release)["picture"]["source"]
    assert cells(release)["picture"]["metadata"] == {"editable": False}
    assert "data:" not in cells(solutions)["picture"]["source"]
    assert "a.png" not in start_of(release)


def test_pictures_that_are_too_large_stay_files_which_the_first_cell_fetches(course_root):
    with_picture(course_root, MOST_CHARACTERS)
    release, _ = build(course_root)
    assert 'src="figures/a.png"' in cells(release)["picture"]["source"]
    assert cells(release)["picture"]["metadata"] == {}
    assert '"figures/a.png"' in start_of(release)


def test_a_picture_from_elsewhere_keeps_its_address(course_root):
    text = '<img src="https://example.org/a.png"> ![c](missing.png)'
    with_picture(course_root, 0, text)
    assert cells(build(course_root)[0])["picture"]["source"] == text


# Handing in


@pytest.fixture(scope="module")
def handed_in(built_numpy_course: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., tuple[str, Path]]:
    """Run the release in a folder of its own, with some answers; return what the last cell shows, and the folder."""

    def run(name: str, **answers: str) -> tuple[str, Path]:
        folder = tmp_path_factory.mktemp(name)
        with zipfile.ZipFile(built_numpy_course / "release" / "tiny.zip") as archive:
            archive.extractall(folder)
        path = folder / "tiny" / "tiny.ipynb"
        content = nbformat.read(path, as_version=4)
        for cell in content.cells:
            cell.source = answers.get(cell.id, cell.source)
        nbformat.write(content, path)
        script = (
            "import sys, nbformat\nfrom nbclient import NotebookClient\n"
            "notebook = nbformat.read(sys.argv[1], as_version=4)\n"
            "NotebookClient(notebook, allow_errors=True, resources={'metadata': {'path': sys.argv[2]}}).execute()\n"
            "nbformat.write(notebook, sys.argv[3])\n"
        )
        done = folder / "done.ipynb"
        command = [sys.executable, "-c", script, str(path), str(path.parent), str(done)]
        environment = {name: value for name, value in os.environ.items() if name != "JPY_SESSION_NAME"}
        subprocess.run(command, check=True, timeout=300, env=environment, capture_output=True)
        outputs = nbformat.read(done, as_version=4).cells[-1].outputs
        shown = [output.get("data", {}).get("text/markdown") or str(output) for output in outputs]
        return "\n".join(shown), path.parent

    return run


def test_the_untouched_release_names_every_question_and_is_packed(handed_in):
    shown, folder = handed_in("blank")
    assert "| `double` | ⚪ not written yet | 3 | 1 of 3 |" in shown
    assert "| `answer` | ⚪ not written yet | 3 | 0 of 3 |" in shown
    assert "**Not green: `double`, `answer`.**" in shown
    with zipfile.ZipFile(folder / "tiny_hand_in.zip") as archive:
        assert archive.read("tiny.ipynb") == (folder / "tiny.ipynb").read_bytes()


def test_what_is_solved_is_green_and_what_is_wrong_is_red(handed_in):
    shown, folder = handed_in("wrong", double="def double(x):\n    return x", answer="answer = 42")
    assert "| `double` | 🔴 red | 3 | 1 of 3 |" in shown
    assert "| `answer` | 🟢 green | 3 | 0 of 3 |" in shown
    assert (folder / "tiny_hand_in.zip").is_file()


class Case:
    def __init__(self, message: str, *, passed: bool = False) -> None:
        self.message, self.passed = message, passed


class Grader:
    """Otter, as far as handing in knows it."""

    def __init__(self, *cases: Case) -> None:
        self.cases, self.exported = cases, dict[str, object]()

    def check(self, question: str, global_env: object) -> types.SimpleNamespace:
        sys.stdout.write("a student's noise")
        return types.SimpleNamespace(passed_all=all(c.passed for c in self.cases), test_case_results=self.cases)

    def export(self, **settings: object) -> None:
        self.exported = settings


STUB = 'def double(x):\n    raise NotImplementedError("`double` is not written yet")'


@pytest.mark.parametrize(
    ("message", "ran", "state"),
    [
        ("IdNotSet: Set `STUDENT_ID` first", [STUB.replace("raise", "return 2 * x #")[:40]], hand_in.NEEDS_ID),
        ("IdNotSet: Set `STUDENT_ID` first", [STUB], hand_in.NOT_WRITTEN),
        ("NotPassed: NotImplementedError: `double` is not written yet", [STUB], hand_in.NOT_WRITTEN),
        ("NotPassed: NotImplementedError: `other` is not written yet", ["def double(x): return other(x)"], hand_in.RED),
        ("NotPassed: `double` is not defined yet: fill in its cell and run it.", [], hand_in.NOT_RUN),
        ("NotPassed: `double` is not defined yet", [STUB.splitlines()[1].strip()], hand_in.NOT_WRITTEN),
        ("NotPassed: No.", [STUB, "def double(x):\n    return x"], hand_in.RED),
    ],
)
def test_an_answer_that_is_not_green_says_how_far_it_is(capsys, message, ran, state):
    assert hand_in.state_of("double", Grader(Case("passed", passed=True), Case(message)), {}, ran) == state
    assert capsys.readouterr().out == ""


def test_an_answer_whose_checks_pass_is_green_though_its_stub_was_left_below():
    assert hand_in.state_of("double", Grader(Case("", passed=True)), {}, [STUB]) == hand_in.GREEN


def test_the_table_says_nothing_of_hidden_checks_where_there_are_none():
    assert "hidden" not in hand_in.table({"double": (1, 1)}, {"double": hand_in.GREEN})
    assert "hidden" in hand_in.table({"double": (2, 1)}, {"double": hand_in.GREEN})


class Shell:
    def __init__(self, *ran: str) -> None:
        self.user_ns: dict[str, object] = {}
        self.history_manager = types.SimpleNamespace(input_hist_raw=["", *ran])


class ColabShell(Shell):
    def __str__(self) -> str:
        return "<google.colab._shell.Shell object>"


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    texts: list[str] = []
    monkeypatch.setattr(hand_in, "display", lambda markdown: texts.append(markdown.data))
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    return texts


GREEN = Case("", passed=True)
ANSWER = "def double(x):\n    return 2 * x"


def save(path: Path, *sources: str) -> None:
    path.write_text(json.dumps(notebook(*(code(str(n), source) for n, source in enumerate(sources)))))


def test_what_was_run_and_not_saved_is_not_packed(empty, monkeypatch, shown):
    monkeypatch.setattr(hand_in, "get_ipython", lambda: Shell(STUB, ANSWER))
    grader = Grader(GREEN)
    save(empty / "tiny.ipynb", STUB)
    hand_in.hand_in("tiny", grader, {"double": (1, 1)})
    assert "`tiny.ipynb` does not hold what you ran last for `double`. Run its cell, save" in shown[-1]
    assert grader.exported == {}
    save(empty / "tiny.ipynb", ANSWER)
    hand_in.hand_in("tiny", grader, {"double": (1, 1)})
    assert grader.exported["nb_path"] == "tiny.ipynb"
    assert grader.exported["pdf"] is False


@pytest.mark.parametrize("by", ["JPY_SESSION_NAME", "__vsc_ipynb_file__"])
def test_a_notebook_of_another_name_is_the_one_that_is_packed(empty, monkeypatch, shown, by):
    shell, grader = Shell(ANSWER), Grader(GREEN)
    monkeypatch.setattr(hand_in, "get_ipython", lambda: shell)
    save(empty / "tiny.ipynb", STUB)
    save(empty / "tiny (1).ipynb", ANSWER)
    if by == "JPY_SESSION_NAME":
        monkeypatch.setenv(by, str(empty / "tiny (1).ipynb"))
    else:
        shell.user_ns[by] = str(empty / "tiny (1).ipynb")
    hand_in.hand_in("tiny", grader, {"double": (1, 1)})
    assert grader.exported["nb_path"] == "tiny (1).ipynb"


def test_without_a_file_the_student_is_asked_to_download_it(empty, monkeypatch, shown):
    monkeypatch.setattr(hand_in, "get_ipython", lambda: Shell(ANSWER))
    hand_in.hand_in("tiny", Grader(GREEN), {"double": (1, 1)})
    assert "download it (*File*, *Download*) as `tiny.ipynb`" in shown[-1]


def test_in_colab_the_notebook_in_the_browser_is_packed_and_downloaded(empty, monkeypatch, shown):
    live = notebook(code("a", ANSWER))
    downloads: list[str] = []
    colab = types.ModuleType("google.colab")
    colab._message = types.SimpleNamespace(blocking_request=lambda *_, **__: {"ipynb": live})
    colab.files = types.SimpleNamespace(download=downloads.append)
    monkeypatch.setitem(sys.modules, "google", types.ModuleType("google"))
    monkeypatch.setitem(sys.modules, "google.colab", colab)
    monkeypatch.setattr(hand_in, "get_ipython", lambda: ColabShell(ANSWER))
    grader = Grader(GREEN)
    hand_in.hand_in("tiny", grader, {"double": (1, 1)})
    assert downloads == ["tiny_hand_in.zip"]
    assert grader.exported == {}
    with zipfile.ZipFile("tiny_hand_in.zip") as archive:
        assert json.loads(archive.read("tiny.ipynb")) == live


def test_the_copy_in_the_release_needs_nothing_of_this_package(release):
    text = release.files[Path("hand_in.py")].decode()
    assert "autograder" not in "\n".join(line for line in text.splitlines() if "import" in line)
    assert "noqa" not in text
    ast.parse(text, feature_version=(3, 10))


# What the config says


@pytest.mark.parametrize("field", ["release_url", "repository_url", "hub_url"])
@pytest.mark.parametrize(
    "address", ["example.org", "http://example.org", "file:///etc", 'https://a"b.org', "https://", 7]
)
def test_an_address_that_is_none_is_refused(field, address):
    from autograder.errors import ConfigError

    with pytest.raises(ConfigError, match=f"{field} is .*; it must be an address"):
        Course(name="c", assignments=[], **{field: address})


@pytest.mark.parametrize("address", ["", "https://example.org/course/", "http://127.0.0.1:8000/x", "http://localhost"])
def test_an_address_is_kept_without_its_last_slash(address):
    assert Course(name="c", assignments=[], release_url=address).release_url == address.rstrip("/")
