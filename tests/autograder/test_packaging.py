"""The wheel and the sdist hold all of the package; test_extras.py grades with what the wheel brings."""

import tarfile
import zipfile

from tiny_course import REPOSITORY

import autograder


def test_both_hold_every_file_of_the_package(distributions):
    paths = [path for path in (REPOSITORY / "autograder").rglob("*") if path.is_file()]
    ours = {path.relative_to(REPOSITORY).as_posix() for path in paths if "__pycache__" not in path.parts}
    with zipfile.ZipFile(next(distributions.glob("*.whl"))) as wheel:
        assert ours - set(wheel.namelist()) == set()
    with tarfile.open(next(distributions.glob("*.tar.gz"))) as sdist:
        names = {name.partition("/")[2] for name in sdist.getnames()}
    assert ours - names == set()


def test_the_version_is_the_packages(distributions):
    [wheel] = distributions.glob("*.whl")
    assert wheel.name.split("-")[1] == autograder.__version__
    citation = (REPOSITORY / "CITATION.cff").read_text()
    assert f"\nversion: {autograder.__version__}\n" in citation
