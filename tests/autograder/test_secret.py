"""A secret that could be guessed is refused; whatever a generator of tokens makes is taken."""

import secrets
from pathlib import Path

import pytest
from tiny_course import RIGHT, submit
from tiny_course import numpy_answers as answers

from autograder.checks.secret import DEMO_SECRET, bits_of, has_demo_secret, read_secret
from autograder.cli import main
from autograder.course import Course, load_course
from autograder.errors import ConfigError

STRONG = secrets.token_hex(16)


@pytest.fixture(autouse=True)
def no_variable(monkeypatch):
    monkeypatch.delenv("AUTOGRADER_SECRET", raising=False)


@pytest.fixture
def course(course_root: Path) -> Course:
    return load_course(course_root)


@pytest.mark.parametrize(
    "secret",
    [
        "s",
        "hunter2",
        "correct horse battery staple",
        "the quick brown fox jumps over the lazy dog and runs away",
        "MySecretForTheClassOf2026!",
        "passwordPASSWORD1234567890",
        "a" * 64,
        "0" * 31 + "1",
        "0123456789abcdef" * 4,
        "abc123ABC" * 4,
        "12345678901234567890123456789012345678901234567890",
        pytest.param(secrets.token_hex(15), id="120 bits in hex"),
        pytest.param(secrets.token_urlsafe(15), id="120 bits in base 64"),
        DEMO_SECRET + "!",
    ],
)
def test_a_secret_that_could_be_guessed_is_refused(course, secret):
    (course.root / course.secret_file).write_text(secret)
    with pytest.raises(ConfigError, match=r"token_hex\(32\)") as found:
        read_secret(course)
    assert str(found.value).startswith(".autograder-secret: the secret is worth about ")
    assert secret == "s" or secret not in str(found.value)


@pytest.mark.parametrize(
    "secret",
    [STRONG, secrets.token_hex(32), STRONG.upper(), "Zx3kQ_9vLt2-mW8rTb5Yh1"],
    ids=["128 bits", "256 bits", "in capitals", "in base 64"],
)
def test_a_token_is_taken(course, secret):
    (course.root / course.secret_file).write_text(f"{secret}\n")
    assert read_secret(course) == secret
    assert not has_demo_secret(course)


def test_nearly_every_long_token_is_taken():
    tokens = [secrets.token_urlsafe(32) for _ in range(300)]
    assert sum(bits_of(token) < 128 for token in tokens) < 30


def test_the_variable_is_weighed_as_the_file_is(course, monkeypatch):
    (course.root / course.secret_file).write_text(STRONG)
    monkeypatch.setenv("AUTOGRADER_SECRET", "hunter2")
    with pytest.raises(ConfigError, match=r"^AUTOGRADER_SECRET: "):
        read_secret(course)


@pytest.mark.parametrize("content", [None, "", f"{DEMO_SECRET}\n"])
def test_the_demo_secret_stays(course, content):
    if content is not None:
        (course.root / course.secret_file).write_text(content)
    assert read_secret(course) == DEMO_SECRET
    assert has_demo_secret(course)


def test_a_batch_does_not_begin_with_a_weak_secret(built_numpy_course, monkeypatch, capsys, tmp_path):
    submit(built_numpy_course, "anybody", *answers(RIGHT))
    monkeypatch.setenv("AUTOGRADER_SECRET", "hunter2")
    assert main(["grade", "tiny", "--course", str(built_numpy_course), "--results", str(tmp_path)]) == 2
    assert "AUTOGRADER_SECRET: the secret is worth about" in capsys.readouterr().err.replace("\n", " ")
