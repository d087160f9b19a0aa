"""A check that ends with an object, or without a file, of the student's is a verdict, which asks nobody any more."""

from pathlib import Path

import pytest

from autograder.checks.verdict import judge
from autograder.results import CheckStatus


@pytest.mark.parametrize(("public", "named"), [(True, "`rows.csv`"), (False, "that the check reads")])
def test_a_file_that_the_answer_has_not_written_is_a_failed_check(tmp_path, public, named):
    error = FileNotFoundError(2, "No such file", str(tmp_path / "out" / "rows.csv"))
    verdict = judge(error, public=public, rule="Write the rows.", checks=Path("tests"), folder=tmp_path)
    assert (verdict.status, verdict.flag) == (CheckStatus.FAILED, None)
    assert verdict.student_text == f"Your code has not written the file {named}. Write the rows."


def test_a_file_elsewhere_that_is_not_there_is_the_checks_own_fault(tmp_path):
    error = FileNotFoundError(2, "No such file", "/elsewhere/rows.csv")
    for folder in (tmp_path, None):
        verdict = judge(error, public=True, rule="Write the rows.", checks=Path("tests"), folder=folder)
        assert verdict.status == CheckStatus.CHECK_RAISED
