"""The command line says in one sentence what is wrong, and ends with the exit code that it promises."""

import subprocess
import sys

import pytest

from autograder.cli import main


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["grade", "lenet"], "no assignment 'lenet'"),
        (["grade", "tiny", "--submissions", "nowhere"], "not a folder"),
        (["build", "lenet"], "no assignment 'lenet'"),
        (["report", "tiny"], "run `autograder grade tiny` first"),
    ],
)
def test_a_call_that_cannot_be_done_ends_with_2_and_one_sentence(course_root, capsys, arguments, says):
    assert main([*arguments, "--course", str(course_root)]) == 2
    printed = capsys.readouterr()
    assert says in printed.err
    assert "Traceback" not in printed.err


def test_grading_before_building_says_what_to_run(course_root, capsys):
    (course_root / "submitted" / "alice" / "tiny").mkdir(parents=True)
    assert main(["grade", "tiny", "--course", str(course_root)]) == 2
    assert "run `autograder build tiny`" in capsys.readouterr().err


def test_a_traceback_comes_with_v_only(course_root, capsys):
    main(["grade", "lenet", "-v", "--course", str(course_root)])
    assert "Traceback" in capsys.readouterr().err


def test_outside_a_course_the_sentence_says_where_to_go(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["build"]) == 2
    assert "--course DIR" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["bild"], ["grade"], ["grade", "tiny", "--workers", "0"]])
def test_a_call_that_cannot_be_read_ends_with_2(arguments):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


def test_help_does_not_wait_for_torch():
    code = (
        "import sys; from autograder.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules and 'pytest' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "build" in done.stdout


def test_a_release_that_is_out_of_date_is_found(course_root, capsys):
    assert main(["build", "--check", "--course", str(course_root)]) == 1
    assert main(["build", "--course", str(course_root)]) == 0
    assert main(["build", "--check", "--course", str(course_root)]) == 0
    (course_root / "release" / "tiny" / "support.py").write_text("changed")
    assert main(["build", "--check", "--course", str(course_root)]) == 1
    assert "release/tiny/support.py: changed" in capsys.readouterr().out
