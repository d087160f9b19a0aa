"""The comparison grades the same things everywhere and does its sums right."""

import subprocess
import sys
from pathlib import Path

import pytest

from autograder.bench.bench import BenchRequest, Row, _row, _sizes, table
from autograder.bench.peers import Outcome
from autograder.bench.subjects import Subject
from autograder.bench.usage import Usage, measure
from autograder.cli import main
from autograder.errors import AutograderError


def usage(wall: float, cpu: float) -> Usage:
    return Usage(wall_seconds=wall, cpu_seconds=cpu, peak_bytes=2**30)


def row(system: str, wall: float, cpu: float, **more) -> Row:
    values = {"submissions": 11, "start": usage(1.0, 1.0), "start_submissions": 1, "cores": 2, "disagreements": []}
    return Row(system=system, usage=usage(wall, cpu), **{**values, **more})


def test_one_more_submission_is_told_from_the_start():
    ours = row("autograder", wall=3.0, cpu=4.0)
    assert ours.per_minute == 220
    assert ours.steady_per_minute == 300
    assert ours.cpu_seconds == pytest.approx(0.3)


def test_ratios_are_against_the_first_row_and_by_busy_core():
    peer = row("nbgrader", wall=22.0, cpu=22.0, start=None, cores=1, disagreements=["bob"])
    text = table("mlp", [row("autograder", wall=3.0, cpu=4.0), peer, row("floor", wall=2.0, cpu=3.0)])
    assert "| nbgrader | 11 | 30.0 | 30.0 | 7.33× | 10.00× | 5.00× | 2.000 | 6.67× | 1.0 GB |" in text
    assert "| floor | 11 | 330.0 | 600.0 | 0.67× | 0.50× | 0.50× | 0.200 | 0.67× | 1.0 GB |" in text
    assert "Against the floor, once it runs: 2.00 of its wall time, 100 ms more CPU each." in text
    assert "nbgrader gives other points, or none, to: bob." in text


def test_the_peers_start_is_told_from_its_work_too():
    peer = row("nbgrader", wall=25.0, cpu=25.0, start=usage(3.0, 3.0), start_submissions=0, cores=1)
    assert peer.per_minute == pytest.approx(26.4)
    assert peer.steady_per_minute == pytest.approx(30)
    assert peer.cpu_seconds == pytest.approx(2.0)


def test_too_few_submissions_to_tell_the_start_from_the_work_are_refused():
    with pytest.raises(AutograderError, match="larger --count"):
        _ = row("autograder", wall=1.0, cpu=0.9).steady_per_minute


@pytest.mark.parametrize(("count", "peer_count", "mix"), [(1, 1, 1), (2, 6, 6), (10, 4, 3), (500, 6, 6)])
def test_every_batch_holds_whole_rounds_of_the_same_mix(tmp_path, count, peer_count, mix):
    request = BenchRequest(
        assignment="mlp", submissions=tmp_path, count=count, peer_count=peer_count, peers=["nbgrader"], workers=2
    )
    sizes = _sizes(request, mix)
    assert all(size % mix == 0 for size in sizes.values())
    assert sizes["many"] >= max(count, sizes["few"])
    assert sizes["many"] > sizes["start"] >= 2


def test_no_score_is_a_disagreement():
    request = BenchRequest(assignment="mlp", submissions=Path(), count=2, peer_count=2, peers=[], workers=1)
    layout = [Subject(student=name, notebook=Path()) for name in ("ann", "bob", "cem")]
    layouts = dict.fromkeys(("start", "few", "many"), layout)
    outcome = Outcome(usage=usage(1, 1), scores={"ann": 1.0, "bob": float("nan")})
    assert _row("floor", request, outcome, layouts, {"ann": 1.0, "bob": 1.0, "cem": 1.0}).disagreements == [
        "bob",
        "cem",
    ]


def test_a_system_without_any_score_is_an_error():
    request = BenchRequest(assignment="mlp", submissions=Path(), count=2, peer_count=2, peers=["otter"], workers=1)
    layouts: dict[str, list[Subject]] = {"start": [], "few": [], "many": []}
    with pytest.raises(AutograderError, match="otter gave no submission"):
        _row("otter", request, Outcome(usage=usage(1, 1), scores={}), layouts, {})


def test_a_check_without_torch_does_not_load_it(built_course):
    code = "import sys; import autograder.bench.in_kernel; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_what_takes_too_long_is_killed_with_its_children(tmp_path):
    parent = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    used = measure([sys.executable, "-c", parent], tmp_path, bytecode=tmp_path / "bytecode", tolerate=True, seconds=1)
    assert used.wall_seconds < 20


def test_python_keeps_what_it_compiles(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    (tmp_path / "one.py").write_text("")
    measure([sys.executable, "-c", "import one"], tmp_path, bytecode=tmp_path / "bytecode")
    assert list((tmp_path / "bytecode").rglob("one.*.pyc"))


def test_what_a_commands_children_use_counts(tmp_path):
    burn = "import time\nwhile time.process_time() < 0.5: pass"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {burn!r}])"
    used = measure(["python3", "-c", parent], tmp_path, bytecode=tmp_path / "bytecode")
    assert used.cpu_seconds > 0.5


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path):
    with pytest.raises(AutograderError, match="ended with 3: so long"):
        measure(["sh", "-c", "echo so long; exit 3"], tmp_path, bytecode=tmp_path / "bytecode")


@pytest.mark.slow
def test_every_system_gives_the_same_points(built_course, capsys):
    """The real thing, on the assignment with nothing to compute."""
    assert main(["bench", "empty", "--course", str(built_course), "--count", "60", "--peer-count", "1"]) == 0
    printed = capsys.readouterr().out
    for system in ("autograder", "nbgrader", "otter", "floor"):
        assert f"| {system} | " in printed
    assert "gives other points, or none" not in printed
