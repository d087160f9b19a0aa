"""What students and solutions get follows from the source alone, and a source that breaks the contract says where."""

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from tiny_course import ANSWER, CHECKS, DOUBLE, code, make_course, marks

from autograder.authoring.assignment import Difference, Tree, build_trees, compare, write
from autograder.cli import main
from autograder.course import load_course
from autograder.errors import AutograderError, BuildError, NotebookError

NOTEBOOK = Path("tiny.ipynb")


def build(root: Path) -> tuple[Tree, Tree]:
    """Return release and solutions."""
    course = load_course(root)
    release, solutions = build_trees(course, course.assignment("tiny"))
    return release, solutions


def edit_source(root: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = root / "source" / "tiny" / "tiny.ipynb"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


def edit_cell(root: Path, cell_id: str, **changes: object) -> None:
    def edit(content: dict[str, Any]) -> None:
        [cell] = [cell for cell in content["cells"] if cell.get("id") == cell_id]
        cell.update(changes)

    edit_source(root, edit)


def edit_checks(root: Path, old: str, new: str) -> None:
    assert CHECKS.count(old) == 1
    (root / "tests" / "tiny" / "test_tiny.py").write_text(CHECKS.replace(old, new))


def cells(tree: Tree) -> Mapping[str, Any]:
    """Return the cells of a built notebook by id."""
    return {cell["id"]: cell for cell in nbformat.reads(tree.files[NOTEBOOK].decode(), as_version=4).cells}


def everything(tree: Tree) -> bytes:
    return b"\n".join(tree.files.values())


@pytest.fixture(scope="module")
def trees(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tree, Tree]:
    """Release and solutions of the tiny course, not written."""
    return build(make_course(tmp_path_factory.mktemp("trees") / "course"))


@pytest.fixture(scope="module")
def release(trees) -> Tree:
    return trees[0]


@pytest.fixture(scope="module")
def solutions(trees) -> Tree:
    return trees[1]


def test_the_trees_lie_in_release_and_solutions(release, solutions):
    assert release.folder.parts[-3:] == ("course", "release", "tiny")
    assert solutions.folder.parts[-3:] == ("course", "solutions", "tiny")


def test_building_writes_nothing_by_itself(course_root):
    build(course_root)
    assert not (course_root / "release").exists()
    assert not (course_root / "solutions").exists()


def test_a_stub_names_its_question_and_keeps_what_is_to_be_done(release):
    source = cells(release)["double"]["source"]
    assert source.splitlines()[-2:] == [
        "    # TODO: return twice the tensor.",
        '    raise NotImplementedError("`double` is not written yet")',
    ]
    assert "Return 2·x" in source


@pytest.mark.parametrize("question", ["double", "answer"])
def test_a_stub_raises_when_it_is_used(release, question):
    import torch

    values: dict[str, Any] = {"torch": torch}
    with pytest.raises(NotImplementedError, match=f"`{question}` is not written yet"):
        exec(cells(release)[question]["source"] + "\ndouble(1)", values)


def test_a_solution_is_the_answer_without_what_was_to_be_done(solutions):
    assert cells(solutions)["double"]["source"].splitlines()[-1] == "    return helper(x)  # the secret recipe"
    assert cells(solutions)["answer"]["source"] == "answer = 42"


@pytest.mark.parametrize("gone", [b"TODO", b"BEGIN SOLUTION", b"END SOLUTION", b"###", b"NotImplementedError"])
def test_nothing_of_a_stub_is_in_the_solutions(solutions, gone):
    assert gone not in everything(solutions)


def test_a_long_todo_goes_whole_and_other_comments_stay(course_root):
    source = """# Powers of two, up to four
answer = []
# TODO: fill the list;
# the longest line of what is to be done
#   goes on here.
### BEGIN SOLUTION
# One by one
for n in range(3):
    answer.append(2**n)
### END SOLUTION
# What follows is ours
answer.sort()"""
    edit_cell(course_root, "answer", source=source)
    release, solutions = build(course_root)
    assert cells(solutions)["answer"]["source"].splitlines() == [
        "# Powers of two, up to four",
        "answer = []",
        "# One by one",
        "for n in range(3):",
        "    answer.append(2**n)",
        "# What follows is ours",
        "answer.sort()",
    ]
    assert "goes on here" in cells(release)["answer"]["source"]


def test_each_region_of_a_cell_becomes_a_stub_in_its_place(course_root):
    source = """class answer:
    def first(self):
        # TODO: one.
        ### BEGIN SOLUTION
        return 1
        ### END SOLUTION

    def second(self):
        # TODO: two.
        ### BEGIN SOLUTION
        return 2
        ### END SOLUTION"""
    edit_cell(course_root, "answer", source=source)
    release, solutions = build(course_root)
    stub = cells(release)["answer"]["source"]
    assert stub.count('        raise NotImplementedError("`answer` is not written yet")') == 2
    assert "return" not in stub
    ast.parse(stub)
    assert cells(solutions)["answer"]["source"].count("return") == 2


@pytest.mark.parametrize(
    "secret",
    [
        "the secret recipe",
        "return helper(x)",
        "42",
        "because the reference says so",
        "for solutions only",
        "BEGIN SOLUTION",
        "END SOLUTION",
        "solution-only",
        "test_double_of_hidden_numbers",
        "It must hold for all numbers",
        "torch.rand(5",
        "test_answer(",
        "Read the book again",
        "Off by one",
        "reference",
    ],
)
def test_no_file_of_the_release_holds_a_solution_or_a_hidden_check(release, secret):
    assert secret.encode() not in everything(release)


def test_what_is_only_for_solutions_is_in_the_solutions(solutions):
    assert cells(solutions)["why"]["source"] == "print('because the reference says so')"
    assert solutions.files[Path("solution/secret.py")] == b"KEY = 'for solutions only'\n"


def test_a_text_that_is_only_for_solutions_is_not_in_the_release(course_root):
    text = {"cell_type": "markdown", "id": "story", "metadata": {"tags": ["solution-only"]}, "source": "The proof."}
    edit_source(course_root, lambda content: content["cells"].append(text))
    release, solutions = build(course_root)
    assert b"The proof." not in everything(release)
    assert b"The proof." in everything(solutions)


def test_support_files_are_in_both_byte_for_byte(course_root):
    picture = bytes(range(256))
    (course_root / "source" / "tiny" / "figures").mkdir()
    (course_root / "source" / "tiny" / "figures" / "a.png").write_bytes(picture)
    for tree in build(course_root):
        assert tree.files[Path("figures/a.png")] == picture
        assert tree.files[Path("support.py")] == b"def helper(x):\n    return 2 * x\n"


@pytest.mark.parametrize("path", ["__pycache__/support.pyc", ".ipynb_checkpoints/tiny-checkpoint.ipynb", ".OTTER_LOG"])
def test_what_running_a_notebook_leaves_is_not_copied(course_root, path):
    left = course_root / "source" / "tiny" / path
    left.parent.mkdir(exist_ok=True, parents=True)
    left.write_text("left")
    for tree in build(course_root):
        assert b"left" not in everything(tree)


OUTPUTS = [
    {"output_type": "stream", "name": "stdout", "text": "printed-answer"},
    {"output_type": "error", "ename": "E", "evalue": "raised-answer", "traceback": ["traced-answer"]},
    {"output_type": "display_data", "data": {"text/plain": "shown-answer"}, "metadata": {}},
    {"output_type": "execute_result", "execution_count": 7, "data": {"text/plain": "given-answer"}, "metadata": {}},
]


@pytest.mark.parametrize("cell_id", ["setup", "double", "check-answer", "answer"])
def test_outputs_and_counts_are_cleared(course_root, cell_id):
    edit_cell(course_root, cell_id, outputs=OUTPUTS, execution_count=7)
    for tree in build(course_root):
        assert b"-answer" not in everything(tree).replace(b"check-answer", b"")
        assert cells(tree)[cell_id]["outputs"] == []
        assert cells(tree)[cell_id]["execution_count"] is None


def test_the_state_of_widgets_is_an_output_too(course_root):
    state = {"state": {"bar": {"model_name": "widget-answer"}}, "version_major": 2, "version_minor": 0}
    widgets = {"application/vnd.jupyter.widget-state+json": state}
    edit_source(course_root, lambda content: content["metadata"].update(widgets=widgets))
    for tree in build(course_root):
        assert b"widget-answer" not in everything(tree)


def test_whether_the_source_was_run_makes_no_difference(course_root):
    before = build(course_root)
    edit_cell(course_root, "double", outputs=OUTPUTS, execution_count=7)
    assert build(course_root) == before


def test_only_solution_cells_can_be_edited(release):
    locked = {name: cell["metadata"].get("editable", True) is False for name, cell in cells(release).items()}
    assert locked == {
        **dict.fromkeys(("title", "double", "answer", "release-hand-in-text"), False),
        **dict.fromkeys(("setup", "grader", "check-double", "check-answer"), True),
        **dict.fromkeys(("release-start", "release-hand-in"), True),
    }


def test_no_cell_with_a_grade_id_can_be_deleted(release):
    assert all(
        cell["metadata"]["deletable"] is False for cell in cells(release).values() if "nbgrader" in cell["metadata"]
    )


@pytest.mark.parametrize("question", ["double", "answer"])
def test_a_cell_that_checks_says_what_the_question_is_worth(release, question):
    assert cells(release)[f"check-{question}"]["source"] == f'grader.check("{question}")  # 3 points'


def test_one_point_is_one_point(course_root):
    edit_checks(course_root, "@pytest.mark.points(3)\n", "@pytest.mark.points(1)\n")
    config = course_root / "course_config.py"
    config.write_text(config.read_text().replace("points=6", "points=4"))
    assert cells(build(course_root)[0])["check-answer"]["source"] == 'grader.check("answer")  # 1 point'


@pytest.mark.parametrize("which", [0, 1])
def test_nbgrader_finds_its_metadata_right(trees, which):
    from nbgrader.nbgraderformat import MetadataValidator

    MetadataValidator().validate_nb(nbformat.reads(trees[which].files[NOTEBOOK].decode(), as_version=4))


@pytest.mark.parametrize("which", [0, 1])
def test_the_notebooks_are_valid_and_keep_the_ids_of_their_cells(trees, which):
    notebook = nbformat.reads(trees[which].files[NOTEBOOK].decode(), as_version=4)
    nbformat.validate(notebook)
    assert [cell["id"] for cell in notebook.cells if not cell["id"].startswith("release-")][:7] == [
        *("title", "setup", "grader", "double", "check-double", "answer", "check-answer")
    ]


def test_the_same_source_gives_the_same_bytes_wherever_it_lies(trees, course_root):
    for ours, theirs in zip(trees, build(course_root), strict=True):
        assert ours.files == theirs.files


@pytest.mark.parametrize("which", [0, 1])
def test_no_path_of_this_machine_is_in_what_is_built(trees, which):
    import autograder

    for folder in (trees[which].folder.parents[1], Path(autograder.__file__).parents[1]):
        assert str(folder).encode() not in everything(trees[which])


# Writing and comparing


@pytest.fixture
def written(course_root: Path) -> tuple[Tree, Tree]:
    """Release and solutions, on the disk."""
    trees = build(course_root)
    for tree in trees:
        write(tree)
    return trees


def test_what_was_never_written_is_missing(course_root):
    release, _ = build(course_root)
    assert {difference.what for difference in compare(release)} == {"missing"}
    assert len(compare(release)) == len(release.files)


def test_what_was_written_does_not_differ(written):
    assert [compare(tree) for tree in written] == [[], []]
    assert [write(tree) for tree in written] == [[], []]


def test_writing_makes_the_files_and_no_others(written):
    for tree in written:
        found = {path.relative_to(tree.folder): path for path in tree.folder.rglob("*") if path.is_file()}
        assert {name: path.read_bytes() for name, path in found.items()} == tree.files


def test_a_change_by_hand_is_found_and_undone(written):
    release, _ = written
    path = release.folder / "support.py"
    path.write_text("def helper(x): ...\n")
    assert compare(release) == [Difference(path=path, what="changed")]
    assert write(release) == [Difference(path=path, what="changed")]
    assert compare(release) == []


def test_a_missing_file_is_found_and_made(written):
    release, _ = written
    path = release.folder / "tests" / "double.py"
    path.unlink()
    assert write(release) == [Difference(path=path, what="missing")]
    assert path.read_bytes() == release.files[Path("tests/double.py")]


def test_a_stale_file_is_found_and_removed(written):
    release, _ = written
    path = release.folder / "tests" / "triple.py"
    path.write_text("")
    assert compare(release) == [Difference(path=path, what="not from the source")]
    write(release)
    assert not path.exists()


def test_what_running_a_notebook_leaves_is_left_alone(written):
    release, _ = written
    path = release.folder / "__pycache__" / "support.pyc"
    path.parent.mkdir()
    path.write_text("")
    assert write(release) == []
    assert path.exists()


def test_comparing_changes_nothing(written):
    release, _ = written
    path = release.folder / "stale"
    path.write_text("")
    compare(release)
    assert path.exists()


def test_build_writes_both_and_says_so(course_root, capsys):
    assert main(["build", "--course", str(course_root)]) == 0
    out = capsys.readouterr().out
    assert "release/tiny: 7 files written" in out
    assert "solutions/tiny: 5 files written" in out
    assert (course_root / "release" / "tiny" / "tiny.ipynb").is_file()


def test_build_check_accepts_what_is_up_to_date(course_root, capsys):
    main(["build", "--course", str(course_root)])
    assert main(["build", "--check", "--course", str(course_root)]) == 0
    assert "release/tiny: up to date" in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["release", "solutions"])
def test_build_check_refuses_what_is_out_of_date_and_names_it(course_root, capsys, folder):
    main(["build", "--course", str(course_root)])
    path = course_root / folder / "tiny" / "support.py"
    path.write_text("changed")
    assert main(["build", "--check", "--course", str(course_root)]) == 1
    out = capsys.readouterr().out
    assert f"{folder}/tiny/support.py: changed" in out
    assert f"{folder}/tiny: OUT OF DATE" in out
    assert path.read_text() == "changed"


def test_build_check_refuses_what_was_never_built_and_writes_nothing(course_root):
    assert main(["build", "--check", "--course", str(course_root)]) == 1
    assert not (course_root / "release").exists()


def test_build_tells_a_broken_contract_in_one_sentence(course_root, capsys):
    edit_checks(course_root, "@pytest.mark.points(3)\n", "@pytest.mark.points(4)\n")
    assert main(["build", "--course", str(course_root)]) == 2
    err = capsys.readouterr().err
    assert err.startswith("autograder: tests/tiny: the checks add up to 7 points; course_config.py says 6")
    assert err.count("\n") == 1
    assert not (course_root / "release").exists()


# Contracts of the source


def refusal(root: Path, kind: type[AutograderError] = BuildError) -> str:
    with pytest.raises(kind) as caught:
        build(root)
    message = str(caught.value)
    assert "\n" not in message
    return message


CELL = "source/tiny/tiny.ipynb, cell {} ({}): "
NO_TODO = DOUBLE.replace("    # TODO: return twice the tensor.\n", "")
LATE_TODO = f"{NO_TODO}\n    # not TODO"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (DOUBLE.replace("    ### END SOLUTION", ""), "line 4: `### BEGIN SOLUTION` has no partner"),
        (DOUBLE.replace("    ### BEGIN SOLUTION\n", ""), "line 5: `### END SOLUTION` has no partner"),
        (
            DOUBLE.replace("### BEGIN", "### BEGIN SOLUTION\n    ### BEGIN"),
            "line 5: `### BEGIN SOLUTION` has no partner",
        ),
        ("def double(x):\n    # TODO: double.\n    return 2 * x", "needs ### BEGIN SOLUTION … ### END SOLUTION"),
        ("", "needs ### BEGIN SOLUTION … ### END SOLUTION"),
        (NO_TODO, "say in a `# TODO:` comment"),
        (LATE_TODO, "say in a `# TODO:` comment"),
        (DOUBLE.replace("def double", "def triple"), "it defines ['triple']; it must define its grade_id"),
    ],
)
def test_a_solution_cell_that_breaks_the_contract_is_named(course_root, source, says):
    edit_cell(course_root, "double", source=source)
    message = refusal(course_root)
    assert message.startswith(CELL.format(4, "double").removesuffix(": "))
    assert says in message


def test_a_solution_cell_may_define_more_than_its_grade_id(course_root):
    edit_cell(course_root, "double", source=f"limit = 3\n{DOUBLE}\n\n\ndef triple(x):\n    return 3 * x")
    assert "def triple" in cells(build(course_root)[0])["double"]["source"]


def test_a_solution_outside_of_a_solution_cell_is_refused(course_root):
    edit_cell(course_root, "setup", source="### BEGIN SOLUTION\nimport torch\n### END SOLUTION")
    message = refusal(course_root)
    assert message.startswith(
        "source/tiny/tiny.ipynb, cell 2 (setup): an answer stands in it, and it is no solution cell"
    )


def test_a_grade_id_that_is_there_twice_is_refused_by_its_name(course_root):
    edit_cell(course_root, "grader", metadata=marks("setup"))
    message = refusal(course_root)
    assert message.startswith("source/tiny/tiny.ipynb, cell 3 (setup): cell 2 has that grade_id too")


@pytest.mark.parametrize("field", ["grade", "solution", "locked"])
def test_metadata_that_lacks_a_field_is_refused_by_its_name(course_root, field):
    metadata = marks("setup")
    del metadata["nbgrader"][field]
    edit_cell(course_root, "setup", metadata=metadata)
    message = refusal(course_root)
    assert message.startswith("source/tiny/tiny.ipynb: nbgrader says: ")
    assert f"'{field}'" in message


@pytest.mark.parametrize("version", [0, 1, 2, 4])
def test_metadata_of_another_version_is_refused(course_root, version):
    metadata = marks("setup")
    metadata["nbgrader"]["schema_version"] = version
    edit_cell(course_root, "setup", metadata=metadata)
    assert re.search(f"(?i)nbgrader says: .*schema version.*: {version}", refusal(course_root))


def test_a_notebook_of_another_language_is_refused(course_root):
    edit_source(course_root, lambda content: content["metadata"]["kernelspec"].update(language="cobol"))
    assert "cobol" in refusal(course_root)


@pytest.mark.parametrize("place", [0, 1])
def test_a_cell_without_an_id_is_refused_for_it_would_get_another_each_time(course_root, place):
    edit_source(course_root, lambda content: content["cells"][place].pop("id"))
    assert f"cell {place + 1} has no id" in refusal(course_root, NotebookError)


def test_an_id_that_is_there_twice_is_refused(course_root):
    edit_cell(course_root, "grader", id="setup")
    assert "cell 3 has the id 'setup' of cell 2" in refusal(course_root, NotebookError)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"nbformat": 3}', '{"nbformat": 4, "cells": [7]}'])
def test_a_source_that_is_no_notebook_is_named(course_root, content):
    path = course_root / "source" / "tiny" / "tiny.ipynb"
    path.write_text(content)
    assert refusal(course_root, NotebookError).startswith("source/tiny/tiny.ipynb")


def test_support_files_cannot_take_the_place_of_the_public_checks(course_root):
    (course_root / "source" / "tiny" / "tests").mkdir()
    (course_root / "source" / "tiny" / "tests" / "mine.py").write_text("")
    assert "support files cannot be called tests/" in refusal(course_root)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("points(2)", "points(2.5)", "tests/tiny: the checks add up to 6.5 points; course_config.py says 6 for 'tiny'"),
        ("points(2)", "points(-2)", "test_double_of_hidden_numbers: points is -2"),
        ("points(2)", "points('two')", "test_double_of_hidden_numbers: points('two') must be given one number"),
        ("points(2)", "points(True)", "test_double_of_hidden_numbers: points(True) must be given one number"),
        (
            '@pytest.mark.question("answer")\n@pytest.mark.points(3)',
            '@pytest.mark.question("anwser")\n@pytest.mark.points(3)',
            "tests/tiny/test_tiny.py::test_answer: there is no solution cell 'anwser' (did you mean 'answer'?); name one of ['double', 'answer']",
        ),
        (
            '@pytest.mark.question("answer")\n@pytest.mark.points(3)',
            "@pytest.mark.points(3)",
            "test_answer needs @pytest.mark.question",
        ),
        (
            '@pytest.mark.question("answer")\n@pytest.mark.public',
            '@pytest.mark.question("answer")\n@pytest.mark.points(0)',
            "source/tiny/tiny.ipynb, cell 6 (answer): the question has no public check",
        ),
        ('    """Read the book again."""\n', "", "test_tiny.py::test_answer needs a docstring"),
        ('"""Read the book again."""', '"""   """', "test_tiny.py::test_answer needs a docstring"),
        ("import torch\n", "import torch\nimport no_such_module\n", "No module named 'no_such_module'"),
        ("LENGTH = 3", "LENGTH = = 3", "test_tiny.py, line 8: it is no Python"),
    ],
)
def test_a_check_that_breaks_the_contract_is_named(course_root, old, new, says):
    edit_checks(course_root, old, new)
    assert says in refusal(course_root)


def test_a_folder_without_checks_is_refused(course_root):
    (course_root / "tests" / "tiny" / "test_tiny.py").unlink()
    assert "tests/tiny holds no checks" in refusal(course_root)


PUBLIC = '''@pytest.mark.public
def test_answer_is_a_number(student):
    """A whole number is asked for."""
    integer(student.answer, "answer")
'''


def public_check(root: Path, check: str, before: str = "") -> None:
    """Put another check in the place of the public one of `answer`."""
    edit_checks(root, f'@pytest.mark.question("answer")\n{PUBLIC}', f'{before}@pytest.mark.question("answer")\n{check}')


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (PUBLIC.replace("(student)", "(student, reference)"), "cannot use the fixture 'reference'"),
        (PUBLIC.replace("(student)", "(student, rng)"), "cannot use the fixture 'rng'"),
        (PUBLIC.replace("(student)", "(student, tmp_path)"), "cannot use the fixture 'tmp_path'"),
        (PUBLIC.replace("integer(", "with pytest.raises(ValueError): integer("), "cannot use 'pytest' of pytest"),
        (PUBLIC.replace("integer(", 'partial(0.5, "") or integer('), "cannot use 'partial' of autograder.checks"),
        (
            PUBLIC.replace("def", '@pytest.mark.parametrize("n", [1, 2])\ndef').replace("(student)", "(student, n)"),
            "test_answer_is_a_number[1]: a public check cannot be parametrised",
        ),
        (PUBLIC.replace('    """A whole number is asked for."""\n', ""), "test_answer_is_a_number needs a docstring"),
        (PUBLIC.replace('    integer(student.answer, "answer")\n', ""), "the check has no body"),
        (PUBLIC.replace('asked for."""\n    ', 'asked for."""; '), "the check has no body on the lines below"),
    ],
)
def test_a_public_check_cannot_use_what_students_do_not_have(course_root, check, says):
    public_check(course_root, check)
    message = refusal(course_root)
    assert says in message
    assert "test_answer_is_a_number" in message


def test_a_public_check_cannot_use_what_students_lack_by_way_of_a_helper(course_root):
    helper = "def near(x):\n    return pytest.approx(x)\n\n\n"
    public_check(course_root, PUBLIC.replace("integer(", "assert near(3) == integer("), before=helper)
    assert "test_answer_is_a_number: a public check cannot use 'pytest'" in refusal(course_root)


def test_two_helpers_of_one_name_are_refused_for_a_question_has_one_file(course_root):
    (course_root / "tests" / "tiny" / "test_more.py").write_text(
        "import pytest\n\nLENGTH = 4\n\n\n"
        + PUBLIC.replace("integer(student.answer, ", "assert LENGTH != (student.double, ")
        .replace("is_a_number", "has_a_length")
        .replace("@pytest", '@pytest.mark.question("double")\n@pytest', 1)
    )
    assert refusal(course_root).startswith(
        "tests/tiny: the public checks of 'double' go into one file, in which 'LENGTH'"
    )


@pytest.mark.parametrize("name", ["points", "name", "Student", "test_case"])
def test_a_helper_cannot_take_the_name_of_what_a_public_check_needs(course_root, name):
    public_check(course_root, PUBLIC.replace("integer(", f"{name} and integer("), before=f"{name} = 7\n\n\n")
    assert f"{name!r} would stand for two things" in refusal(course_root)


# Public checks, as students get them


def public(root: Path, question: str) -> str:
    return build(root)[0].files[Path("tests") / f"{question}.py"].decode()


@pytest.mark.parametrize("question", ["double", "answer"])
def test_public_checks_are_python_and_travel_in_both(release, solutions, question):
    path = Path("tests") / f"{question}.py"
    ast.parse(release.files[path])
    assert release.files[path] == solutions.files[path]


def test_the_body_of_a_public_check_is_word_for_word(release):
    text = release.files[Path("tests/double.py")].decode()
    body = CHECKS[CHECKS.index("    result = tensor(") : CHECKS.index("\n\n\n", CHECKS.index("    result = tensor("))]
    assert body in text


def test_only_what_a_public_check_uses_travels_with_it(release):
    double = release.files[Path("tests/double.py")].decode()
    answer = release.files[Path("tests/answer.py")].decode()
    assert "LENGTH = 3" in double
    assert "def ones()" in double
    assert "LENGTH" not in answer
    assert "import torch" not in answer
    assert "autograder" not in answer.partition("OK_FORMAT")[2]
    assert "pytest" not in double


def test_a_text_of_many_lines_in_a_check_keeps_its_lines(course_root):
    check = (
        PUBLIC
        + '''    text = """
first line
    second line
"""
    assert text.splitlines()[1:] == ["first line", "    second line"]
'''
    )
    public_check(course_root, check)
    texts = [
        node.value for node in ast.walk(ast.parse(public(course_root, "answer"))) if isinstance(node, ast.Constant)
    ]
    assert "\nfirst line\n    second line\n" in texts


def test_imports_travel_with_their_names(course_root):
    lines = (
        "import math as m\nimport torch.nn.functional as F\nfrom collections import OrderedDict as Od, Counter\n\n\n"
    )
    public_check(course_root, PUBLIC + "    assert m.pi and F.relu and Od and True\n", before=lines)
    text = public(course_root, "answer")
    for line in ("import math as m", "import torch.nn.functional as F", "from collections import OrderedDict as Od"):
        assert f"{line}\n" in text
    assert "Counter" not in text


OTTER = """
import json, os, sys
from autograder.cli import main
root, question, *answers = sys.argv[1:]
assert main(["build", "--course", root]) == 0
os.chdir(f"{root}/release/tiny")
import otter
grader = otter.Notebook(tests_dir="tests")
said = []
for answer in answers:
    values = {}
    try:
        exec(answer, values)
    except NotImplementedError:
        pass
    said.append([case.message for case in grader.check(question, global_env=values).test_case_results])
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def built_elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The root of a course that another process is to build."""
    return make_course(tmp_path_factory.mktemp("elsewhere") / "course")


@pytest.fixture(scope="module")
def said(built_elsewhere: Path, release: Tree) -> Mapping[str, str]:
    """Build the release in another process; return what its public check of `double` says there to each answer."""
    answers = {
        "blank": "import torch\n" + cells(release)["double"]["source"],
        "absent": "",
        "right": "def double(x): return x + x",
        "itself": "def double(x): return x",
        "list": "def double(x): return [2.0] * 3",
        "shape": "import torch\ndef double(x): return torch.ones(4)",
        "nan": "def double(x): return x * float('nan')",
        "raises": "def double(x): return x / None",
    }
    command = [sys.executable, "-c", OTTER, str(built_elsewhere), "double", *answers.values()]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, env=environment)
    assert run.returncode == 0, run.stderr
    messages = json.loads(run.stdout.splitlines()[-1])
    return {answer: message for answer, [message] in zip(answers, messages, strict=True)}


def test_the_same_source_gives_the_same_bytes_in_another_process(said, built_elsewhere, trees):
    for tree, folder in zip(trees, ("release", "solutions"), strict=True):
        for path, content in tree.files.items():
            assert (built_elsewhere / folder / "tiny" / path).read_bytes() == content


def test_a_right_answer_passes_the_public_check(said):
    assert "passed" in said["right"]
    assert "failed" not in said["right"]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("blank", "NotImplementedError: `double` is not written yet"),
        ("absent", "`double` is not defined yet: fill in its cell and run it."),
        ("itself", "Every element must be doubled; did you return x itself?"),
        ("list", "`double(ones)` must be a tensor. Yours is of type list."),
        ("shape", "`double(ones)` must have shape [3]. Yours is of shape [4]."),
        ("nan", "`double(ones)` must be finite."),
        ("raises", "TypeError"),
    ],
)
def test_a_wrong_answer_fails_the_public_check_and_says_why(said, answer, says):
    assert "failed" in said[answer]
    assert says in said[answer]


def test_nbgrader_validates_the_solution(course_root):
    """The notebook runs from end to end in a kernel, and its locked cells have their checksums."""
    from nbgrader.validator import Validator

    _, solutions = build(course_root)
    write(solutions)
    assert Validator(validate_all=True).validate(str(solutions.folder / "tiny.ipynb")) == {}


def test_nbgrader_sees_that_a_locked_cell_was_changed(course_root):
    from nbgrader.validator import Validator

    _, solutions = build(course_root)
    notebook = nbformat.reads(solutions.files[NOTEBOOK].decode(), as_version=4)
    notebook.cells[1].source += "\nimport os"
    validator = Validator()
    assert validator._get_changed_cells(notebook) == [notebook.cells[1]]


def test_a_markdown_cell_may_speak_of_todos(course_root):
    text = {"cell_type": "markdown", "id": "how", "metadata": {}, "source": "Look for # TODO: in the cells."}
    edit_source(course_root, lambda content: content["cells"].append(text))
    assert b"Look for # TODO: in the cells." in everything(build(course_root)[1])


def test_an_assignment_may_have_more_cells_without_marks(course_root):
    edit_source(course_root, lambda content: content["cells"].append(code("play", ANSWER.splitlines()[0])))
    assert cells(build(course_root)[0])["play"]["metadata"] == {}
