"""Pairs worth a look: what is rare and shared is found under other names, what everybody writes is not, nothing runs."""

import csv
import json
import random
import shutil
from pathlib import Path

import pytest
from tiny_course import REPOSITORY, RIGHT, answers, code, submit

from autograder.cli import main
from autograder.own_notebooks import fill_in

RARE = '''
def double(x):
    """Return twice x."""
    # by way of a sum over a stacked pair, as nobody else does it
    pile = torch.stack([x.flatten(), x.flatten().clone()], dim=0)
    weights = torch.ones(2, dtype=x.dtype)
    total = torch.einsum("kn,k->n", pile, weights)
    for row in range(total.numel()):
        assert total[row] == pile[0, row] + pile[1, row], row
    return total.reshape(x.shape)
'''
RENAMED = """
def double(images):
    stapel = torch.stack([images.flatten(), images.flatten().clone()],
                         dim=0)  # stack them
    w = torch.ones(2, dtype=images.dtype)
    # now the sum
    summe = torch.einsum('ab,a->b', stapel, w);
    for i in range(summe.numel()):
        assert summe[i] == stapel[0, i] + stapel[1, i], i
    return summe.reshape(images.shape)
"""
OTHER = """
def double(x):
    result = []
    while len(result) < x.numel():
        result.append(x.flatten()[len(result)].item() * 2.0)
    return torch.tensor(result).view_as(x)
"""


@pytest.fixture
def course(built_course: Path, tmp_path: Path) -> Path:
    """A built course of one's own."""
    ignored = shutil.ignore_patterns("results", "submitted")
    return Path(shutil.copytree(built_course, tmp_path / "course", ignore=ignored))


def find(course: Path, *more: str, assignment: str = "tiny") -> list[dict[str, str]]:
    table = course / "pairs.csv"
    assert main(["similar", assignment, "--course", str(course), "--csv", str(table), *more]) == 0
    return list(csv.DictReader(table.read_text().splitlines()))


def page_of(course: Path) -> str:
    return (course / "results" / "tiny" / "similar.html").read_text()


def who(row: dict[str, str]) -> set[str]:
    return {row["student_1"], row["student_2"]}


def test_renamed_variables_another_layout_and_moved_comments_are_found(course):
    submit(course, "ada", *answers(RARE))
    submit(course, "bob", *answers(RENAMED))
    submit(course, "cleo", *answers(OTHER))
    [pair] = find(course)
    assert who(pair) == {"ada", "bob"}
    assert float(pair["share"]) > 0.9
    assert pair["questions"] == "double"
    page = page_of(course)
    assert '<mark class="rare">' in page
    assert "This is no verdict" in page
    assert "<script" not in page


def test_the_same_obvious_one_liner_is_no_pair(course):
    for student in ("ada", "bob", "cleo"):
        submit(course, student, *answers(RIGHT))
    assert find(course) == []


def test_the_template_alone_is_no_pair(course):
    release = json.loads((course / "release" / "tiny" / "tiny.ipynb").read_bytes())
    for student in ("ada", "bob"):
        submit(course, student, content=json.dumps(release).encode())
    assert find(course) == []


def test_what_all_write_and_what_is_known_to_be_right_weighs_less(course):
    submit(course, "ada", *answers(RARE))
    submit(course, "bob", *answers(RARE))
    [alone] = find(course)
    known = (
        f"from autograder.validate.answers import Right\nANSWERS = [Right('by a sum', cells={{'double': {RARE!r}}})]"
    )
    for number in range(12):
        submit(course, f"other-{number}", *answers(OTHER if number < 6 else RIGHT))
    [pair] = [row for row in find(course) if who(row) == {"ada", "bob"}]
    assert float(pair["rare_places"]) == float(alone["rare_places"])
    (course / "tests" / "tiny" / "known_answers.py").write_text(known)
    rest = [row for row in find(course) if who(row) == {"ada", "bob"}]
    assert not rest or float(rest[0]["rare_places"]) < 0.5 * float(alone["rare_places"])
    for number in range(12):
        submit(course, f"other-{number}", *answers(RARE))
    assert find(course) == []


def test_one_students_attempts_and_groups_are_no_pairs(course):
    submit(course, "ada", *answers(RARE))
    submit(course, "cleo", *answers(OTHER))
    earlier = course / "submitted" / ".attempts" / "1"
    shutil.copytree(course / "submitted" / "ada", earlier / "ada")
    assert find(course, "--also", str(earlier)) == []
    shutil.copytree(course / "submitted" / "ada", course / "submitted" / "bob")
    assert len(find(course)) == 1
    record = json.dumps({"source": "Canvas", "from": "all.zip/group 1/tiny.ipynb", "digest": "sha256:1"})
    for student in ("ada", "bob"):
        (course / "submitted" / student / "tiny" / ".collected.json").write_text(record)
    assert find(course) == []
    assert "Handed in together: 1" in page_of(course)
    submit(course, "bob", *answers(RENAMED))  # since then it is another one
    assert len(find(course)) == 1


def test_an_earlier_years_folder_is_compared_but_not_within_itself(course, tmp_path):
    submit(tmp_path / "2025", "zoe", *answers(RARE))
    submit(tmp_path / "2025", "yan", *answers(RARE))
    submit(course, "ada", *answers(OTHER))
    submit(course, "bob", *answers(RENAMED))
    folder = tmp_path / "2025" / "submitted"
    rows = find(course, "--also", str(folder))
    assert sorted(map(sorted, map(who, rows))) == [["bob", "yan"], ["bob", "zoe"]]
    assert {frozenset((row["folder_1"], row["folder_2"])) for row in rows} == {
        frozenset((str(folder), str(course / "submitted")))
    }


def test_a_folder_without_the_assignment_is_one_sentence(course, tmp_path, capsys):
    submit(course, "ada", *answers(RARE))
    assert main(["similar", "tiny", "--course", str(course), "--also", str(tmp_path / "nowhere")]) == 2
    assert "nowhere is not a folder" in capsys.readouterr().err.replace("\n", " ")


def test_hostile_notebooks_are_survived_and_escaped(course, tmp_path, capsys):
    attack = "\n<script>alert(1)</script></pre><img src=x onerror=alert(2)>\x1b[2J\x1b]0;title\x07\u202e\ndef broken(:"
    submit(course, "ada", *answers(RARE + attack))
    submit(course, "bob", *answers(RENAMED + attack))
    marker = tmp_path / "ran"
    submit(course, "runs", *answers(f"open({str(marker)!r}, 'w').write('x')\n{OTHER}"))
    submit(course, "huge", *answers("x = [" + "1," * 2_000_000 + "]"))
    submit(course, "nested", *answers("x = " + "(" * 100_000))
    submit(course, "sums", *answers("x = " + "1+" * 50_000 + "1"))
    setup = code("setup", "z = " + "1+" * 1_500 + "1", answers(RIGHT)[0]["metadata"])
    submit(course, "deep", setup, *answers(RIGHT)[1:])
    submit(course, "quotes", *answers('"""' * 30_001 + "\\" * 30_001 + "f'{" * 5_000))
    submit(course, "many", *(code(f"c{n}", f"a{n} = {n}\nb{n} = a{n} + {n}") for n in range(2_000)))
    submit(course, "print-out", content=b"%PDF-1.4\n")
    submit(course, "<b>&", content=b"{}")
    rows = find(course)
    assert {"ada", "bob"} in [who(row) for row in rows]
    page = page_of(course)
    assert "<script" not in page
    assert "<img" not in page
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "<bdi>print-out</bdi>" in page
    assert "<b>&<" not in page
    assert "only the beginning was read" in page
    assert "9 students and groups" in capsys.readouterr().out  # code too deep to be parsed is compared as text
    assert not marker.exists()


def test_rows_never_begin_a_formula(course):
    submit(course, "=cmd()", *answers(RARE))
    submit(course, "@bob", *answers(RARE))
    [row] = find(course)
    assert who(row) == {"'=cmd()", "'@bob"}


def test_feedback_and_results_know_nothing_of_it(course):
    from autograder.results import read_results

    submit(course, "ada", *answers(RARE))
    submit(course, "bob", *answers(RARE))
    assert len(find(course)) == 1
    assert list(read_results(course / "results", "tiny")) == []
    assert sorted(path.name for path in (course / "results" / "tiny").iterdir()) == ["similar.html"]
    for room in ("feedback", "grading", "checks", "report"):
        for path in (REPOSITORY / "autograder" / room).rglob("*.py"):
            assert "similar.html" not in path.read_text()
            assert "autograder.similar" not in path.read_text()


def test_a_rare_structure_that_was_copied_comes_first_among_sixty(tmp_path):
    """On the course's own mlp: 60 drawn from few known answers, one with a structure of its own, one with its copy."""
    folder, table = tmp_path / "class", tmp_path / "pairs.csv"
    call = ["--course", str(REPOSITORY)]
    assert main(["simulate", "mlp", "60", *call, "--seed", "3", "--output", str(folder)]) == 0
    release = json.loads((REPOSITORY / "release" / "mlp" / "mlp.ipynb").read_bytes())
    solution = json.loads((REPOSITORY / "solutions" / "mlp" / "mlp.ipynb").read_bytes())
    cells = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell["source"] for cell in solution["cells"]}
    ordinary = {name: "".join(cells[name]) for name in ("MLP", "train_mlp")}
    rare = RARE.replace("double", "evaluate"), RENAMED.replace("double", "evaluate")
    chosen = random.Random(1).sample(sorted(path.name for path in folder.iterdir() if path.is_dir()), 2)
    for student, evaluate in zip(chosen, rare, strict=True):
        shutil.rmtree(folder / student / "mlp")
        (folder / student / "mlp").mkdir()
        notebook = fill_in(release, {**ordinary, "evaluate": evaluate})
        (folder / student / "mlp" / "mlp.ipynb").write_text(json.dumps(notebook))
    out = ["--output", str(tmp_path / "page.html"), "--csv", str(table), "--most", "5"]
    assert main(["similar", "mlp", *call, "--submissions", str(folder), *out]) == 0
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert who(rows[0]) == set(chosen)
    assert rows[0]["questions"] == "evaluate"
    assert all(float(row["rare_places"]) < 0.6 * float(rows[0]["rare_places"]) for row in rows[1:])


def test_a_pair_in_another_assignment_too_is_said(tmp_path):
    """Two assignments of the course's own."""
    for name, question in (("mlp", "evaluate"), ("lenet", "translate")):
        release = json.loads((REPOSITORY / "release" / name / f"{name}.ipynb").read_bytes())
        for student in ("ada", "bob"):
            path = tmp_path / "submitted" / student / name / f"{name}.ipynb"
            path.parent.mkdir(parents=True)
            path.write_text(json.dumps(fill_in(release, {question: RARE.replace("double", question)})))
    where = ["--submissions", str(tmp_path / "submitted"), "--output", str(tmp_path / "page.html")]
    assert main(["similar", "mlp", "--course", str(REPOSITORY), *where, "--across", "lenet", "mlp"]) == 0
    assert "a pair too in lenet" in (tmp_path / "page.html").read_text()
    assert main(["similar", "mlp", "--course", str(REPOSITORY), *where]) == 0
    assert "a pair too in" not in (tmp_path / "page.html").read_text()
