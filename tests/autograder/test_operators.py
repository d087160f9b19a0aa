"""What docs/operators holds is run by nobody in CI; that it is well-formed and calls us rightly can be tested."""

import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from autograder import cli

ROOT = Path(__file__).parents[2]
OPERATORS = ROOT / "docs" / "operators"
RAYJOB = yaml.safe_load((OPERATORS / "rayjob.yaml").read_text())
SCRIPT = (OPERATORS / "slurm.sh").read_text()


def grade_command(text: str) -> list[str]:
    """Return the options of the `autograder grade` in a shell command."""
    words = shlex.split(text.replace("\\\n", " "))
    return words[words.index("autograder") + 1 :]


@pytest.mark.parametrize(
    "options",
    [
        grade_command(RAYJOB["spec"]["entrypoint"]),
        [word for word in grade_command(SCRIPT[SCRIPT.index("srun") :]) if word != "$@"] + ["mlp"],
    ],
    ids=["rayjob.yaml", "slurm.sh"],
)
def test_the_command_is_one_that_we_know(options, tmp_path, capsys):
    places = ["--course", str(ROOT), "--submissions", str(ROOT / "examples/class"), "--results", str(tmp_path)]
    assert cli.main([*options, *places, "--dry-run"]) == 0
    printed = capsys.readouterr()
    assert "to grade" in printed.out + printed.err


def test_the_shell_script_is_well_formed():
    subprocess.run(["bash", "-n", OPERATORS / "slurm.sh"], check=True)


def test_what_the_image_is_made_of_is_there():
    lines = [line.split() for line in (OPERATORS / "Containerfile").read_text().splitlines()]
    copied = [name for words in lines if words[:1] == ["COPY"] for name in words[1:-1]]
    assert copied
    assert all((ROOT / name).exists() for name in copied)


def test_only_the_workers_may_isolate_and_only_the_head_sees_the_course():
    cluster = RAYJOB["spec"]["rayClusterSpec"]
    head = cluster["headGroupSpec"]["template"]["spec"]
    (worker,) = [group["template"]["spec"] for group in cluster["workerGroupSpecs"]]
    assert worker["containers"][0]["securityContext"]["capabilities"]["add"] == ["SYS_ADMIN"]
    assert "volumes" not in worker
    assert "securityContext" not in head["containers"][0]
    assert not worker["automountServiceAccountToken"]
