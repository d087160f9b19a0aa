"""Prepare, show and load the data that a course declares; what kinds of data there are only the course knows."""

import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import Any

from autograder.course import CONFIG_NAME, Course, Dataset
from autograder.errors import AutograderError, DataError
from autograder.notebooks import BYPRODUCTS

__all__ = [
    "files_for_students",
    "hidden_files",
    "kept_files",
    "link_data",
    "load_data",
    "own_data_files",
    "prepare_data",
]

_CACHES = BYPRODUCTS - {"data"}


def prepare_data(course: Course) -> None:
    """Have the files of all datasets made and verified; raise DataError with what is missing or wrong."""
    for dataset in course.datasets:
        if dataset.prepare:
            _call(course, dataset, dataset.prepare)
        for file in (*dataset.files, *dataset.hidden_files):
            path = _folder(course, dataset) / file
            if not path.exists():
                raise DataError(
                    f"{path} is missing; the dataset {dataset.name!r} in {CONFIG_NAME} names it: put it there, or take "
                    "it out of the dataset."
                )


def load_data(course: Course, fixture: str) -> object:
    """Return what a loader gives, by the name of its fixture; raise DataError where it raises."""
    dataset = next(dataset for dataset in course.datasets if fixture in dataset.all_loaders)
    return _call(course, dataset, dataset.all_loaders[fixture])


def files_for_students(course: Course) -> Sequence[tuple[Path, str]]:
    """Return where the files lie that student code may read, and their paths in the folder `data` beside a notebook."""
    return [
        ((_folder(course, dataset) / file).resolve(), PurePosixPath(dataset.folder, file).as_posix())
        for dataset in course.datasets
        for file in dataset.files
    ]


def own_data_files(course: Course, assignment: str) -> Sequence[tuple[Path, str]]:
    """Return the files of an assignment's own in `data` beside its source's notebook, and their paths in that folder.

    What a dataset of the course names, or its folder there holds, is the course's.
    """
    folder = course.source_notebook(assignment).parent / "data"
    of_course = {PurePosixPath(d.folder, f) for d in course.datasets for f in (*d.files, *d.hidden_files)}
    of_course |= {PurePosixPath(dataset.folder) for dataset in course.datasets if PurePosixPath(dataset.folder).parts}
    return [
        (path, name)
        for name, path in (_files(folder, ["."]) if folder.is_dir() else ())
        if not of_course & {PurePosixPath(name), *PurePosixPath(name).parents}
    ]


def link_data(course: Course, folder: Path) -> None:
    """Put links into `folder` to the files that a notebook finds beside it at a student's."""
    for source, name in files_for_students(course):
        target = folder / "data" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(source)


def kept_files(course: Course) -> Iterator[tuple[str, Path]]:
    """Yield each file that the course keeps of its data, after its path in the dataset's folder."""
    for dataset in course.datasets:
        yield from _files(_folder(course, dataset), dataset.kept_files)


def hidden_files(course: Course) -> Iterator[tuple[str, Path]]:
    """Yield each file that no student may see, after its path in the dataset's folder."""
    for dataset in course.datasets:
        yield from _files(_folder(course, dataset), dataset.hidden_files)


def _folder(course: Course, dataset: Dataset) -> Path:
    return course.data_folder() / dataset.folder


def _files(folder: Path, names: Sequence[str]) -> Iterator[tuple[str, Path]]:
    for name in names:
        path = folder / name
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            inner = file.relative_to(folder)
            if file.is_file() and not _CACHES & set(inner.parts):
                yield inner.as_posix(), file


def _call(course: Course, dataset: Dataset, function: str) -> object:
    """Call a function that the dataset names with the course's data folder."""
    source, _, name = function.partition(":")
    try:
        module = _from_file(_folder(course, dataset) / source) if source.endswith(".py") else _from_package(source)
        if not hasattr(module, name):
            raise DataError(  # noqa: TRY301 - as others are
                f"{CONFIG_NAME}: {source} of the dataset {dataset.name!r} defines no {name!r}; write it there."
            )
        called: Callable[[Path], Any] = getattr(module, name)
        return called(course.data_folder())
    except AutograderError:
        raise
    except Exception as error:
        raise DataError(
            f"{CONFIG_NAME}: {function} of the dataset {dataset.name!r} raised {type(error).__name__}: {error}; mend "
            "it."
        ) from error


def _from_package(name: str) -> ModuleType:
    return importlib.import_module(name)


def _from_file(path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(f"course_data_{path.stem}", path)
    if specification is None or specification.loader is None or not path.is_file():
        raise DataError(f"{path} is missing; {CONFIG_NAME} names a function in it.")
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module
