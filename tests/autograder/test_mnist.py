"""MNIST is read from the course's own copy, which is verified, or one sentence says what to do."""

import errno
import os
import shutil
from pathlib import Path

import pytest
import tiny_course

from autograder import mnist
from autograder.course import load_course
from autograder.datasets import files_for_students
from autograder.errors import DataError
from autograder.mnist import read_digits, unpack

(MNIST,) = load_course(tiny_course.REPOSITORY).datasets
NAMES = (*MNIST.files, *MNIST.hidden_files)
SMALL = "t10k-labels-idx1-ubyte"


@pytest.fixture(scope="session")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MNIST, unpacked from copies of the course's files; tests link to it, and write nothing."""
    data = tmp_path_factory.mktemp("mnist") / "data"
    raw = data / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for name in NAMES:
        shutil.copyfile(tiny_course.REPOSITORY / "data" / "MNIST" / "raw" / f"{name}.gz", raw / f"{name}.gz")
    unpack(data)
    return data


@pytest.fixture
def data(unpacked: Path, tmp_path: Path) -> Path:
    """A folder of links to the same files; to change one, replace it."""
    raw = tmp_path / "data" / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for path in (unpacked / "MNIST" / "raw").iterdir():
        os.link(path, raw / path.name)
    return tmp_path / "data"


def put(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def test_unpacking_makes_the_four_files(unpacked):
    sizes = {name: (unpacked / "MNIST" / "raw" / name).stat().st_size for name in NAMES}
    assert list(sizes.values()) == [47_040_016, 60_008, 7_840_016, 10_008]


def test_unpacking_again_writes_nothing(data, monkeypatch):
    def fail(path, content):
        raise AssertionError(path)

    monkeypatch.setattr(mnist, "write_atomically", fail)
    unpack(data)


@pytest.mark.parametrize("damage", [b"", b"\0" * 10_008, b"short"])
def test_a_damaged_unpacked_file_is_repaired(data, damage):
    target = data / "MNIST" / "raw" / SMALL
    whole = target.read_bytes()
    put(target, damage)
    unpack(data)
    assert target.read_bytes() == whole


def test_a_missing_unpacked_file_is_made(data):
    target = data / "MNIST" / "raw" / SMALL
    target.unlink()
    unpack(data)
    assert target.stat().st_size == 10_008


def test_a_missing_packed_file_is_named_with_what_to_do(data):
    raw = data / "MNIST" / "raw"
    (raw / SMALL).unlink()
    (raw / f"{SMALL}.gz").unlink()
    with pytest.raises(DataError) as caught:
        unpack(data)
    assert str(caught.value).startswith(f"{raw / SMALL}.gz is missing; ")
    assert "git checkout" in str(caught.value)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DataError, match=r"train-images-idx3-ubyte\.gz is missing"):
        unpack(tmp_path)


@pytest.mark.parametrize("damage", [b"", b"<html>not found</html>", b"\x1f\x8b"])
def test_a_damaged_packed_file_is_named_and_nothing_made_of_it(data, damage):
    raw = data / "MNIST" / "raw"
    (raw / SMALL).unlink()
    put(raw / f"{SMALL}.gz", damage)
    with pytest.raises(DataError, match=f"{SMALL}.gz is damaged"):
        unpack(data)
    assert not (raw / SMALL).exists()


def test_the_packed_files_may_go_once_they_are_unpacked(data):
    for name in NAMES:
        (data / "MNIST" / "raw" / f"{name}.gz").unlink()
    unpack(data)


def test_a_folder_that_cannot_be_written_says_what_to_do(data, monkeypatch):
    def fail(path, content):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(mnist, "write_atomically", fail)
    (data / "MNIST" / "raw" / SMALL).unlink()
    with pytest.raises(DataError, match=r"cannot be written \(Read-only file system\); make the folder writable once"):
        unpack(data)


@pytest.mark.parametrize(("train", "count", "first"), [(True, 60_000, 5), (False, 10_000, 7)])
def test_digits_are_images_with_their_labels(unpacked, train, count, first):
    import torch

    digits = read_digits(unpacked, train=train)
    assert digits.images.shape == (count, 28, 28)
    assert digits.images.dtype == torch.uint8
    assert digits.labels.shape == (count,)
    assert digits.labels.dtype == torch.int64
    assert int(digits.labels[0]) == first


def test_reading_unpacks_what_nobody_has_unpacked_yet(data):
    (data / "MNIST" / "raw" / SMALL).unlink()
    assert len(read_digits(data, train=False).labels) == 10_000


def test_reading_without_the_files_says_what_is_missing(tmp_path):
    with pytest.raises(DataError, match="is missing"):
        read_digits(tmp_path, train=True)


def test_students_of_this_course_get_the_training_files_alone():
    names = [name for _, name in files_for_students(load_course(tiny_course.REPOSITORY))]
    assert names == [f"MNIST/raw/{name}" for name in ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")]
