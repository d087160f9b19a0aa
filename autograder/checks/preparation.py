"""Prepare what all submissions to an assignment share, once: our notebook, the reference, the data, the secret."""

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, SimpleNamespace
from typing import Any

from IPython.core.inputtransformer2 import TransformerManager

from autograder.answer_files import HandedInFile, answers_in_files
from autograder.checks.secret import read_secret
from autograder.course import CONFIG_NAME, Assignment, Course
from autograder.datasets import files_for_students, link_data, load_data, own_data_files
from autograder.errors import GraderError, NotebookError
from autograder.extras import how_to_install
from autograder.notebooks import AROUND_NOTEBOOKS, BYPRODUCTS, Cell, Tag, plan_run, read_cells
from autograder.sandbox.shared.config import SandboxConfig
from autograder.sandbox.shared.gpu import Gpu
from autograder.sandbox.shared.libraries import libraries_used

__all__ = ["Preparation"]

_NOT_SUPPORT = BYPRODUCTS | {"tests", "solution"}
_MAGICS_THAT_RUN = {"capture", "prun", "time", "timeit"}


@dataclass(frozen=True)
class Preparation:
    """What is the same for every submission; each part is made when it is first asked for."""

    course: Course
    assignment: Assignment

    @cached_property
    def secret(self) -> str:
        """The secret that hidden inputs derive from."""
        return read_secret(self.course)

    @cached_property
    def solution(self) -> Sequence[Cell]:
        """The cells of the instructor's notebook; raise GraderError where there are none to read."""
        path = self.course.source_notebook(self.assignment.name)
        try:
            return read_cells(path)
        except NotebookError as error:
            raise GraderError(f"{path}: {error}") from error

    @cached_property
    def release(self) -> Sequence[Cell]:
        """The cells of the notebook that students got; raise GraderError where there is none."""
        path = self.course.release_notebook(self.assignment.name)
        try:
            return read_cells(path)
        except NotebookError as error:
            raise GraderError(f"{path}: {error} Run `autograder build {self.assignment.name}`.") from error

    @cached_property
    def libraries(self) -> tuple[str, ...]:
        """What is loaded before anything is forked: the course's libraries, with the parts that may be used."""
        return libraries_used(self.course.libraries, self._code())

    def _code(self) -> Iterator[str]:
        """Yield the code of the solution, of the files beside it and of the checks."""
        yield from (cell.source for cell in self.solution)
        name = self.assignment.name
        for folder in (self.course.source_notebook(name).parent, self.course.checks_folder(name)):
            for path in sorted(folder.rglob("*.py")):
                yield path.read_text(encoding="utf-8", errors="replace")

    @cached_property
    def _loaded(self) -> dict[str, object]:
        return {}

    @cached_property
    def questions_in_files(self) -> frozenset[str]:
        """The questions whose answers stand in files beside the notebook."""
        folder = self.course.source_notebook(self.assignment.name).parent
        return frozenset(answers_in_files(folder, self.assignment.files))

    def with_release_files(self, files: Iterable[HandedInFile]) -> tuple[HandedInFile, ...]:
        """Return files with the release's content where there is none; raise GraderError where that is not there."""
        folder = self.course.release_notebook(self.assignment.name).parent
        missing = [file.name for file in files if file.content is None and not (folder / file.name).is_file()]
        if missing:
            raise GraderError(f"{folder / missing[0]} is not there. Run `autograder build {self.assignment.name}`.")
        return tuple(
            replace(file, content=(folder / file.name).read_bytes()) if file.content is None else file for file in files
        )

    def data(self, fixture: str) -> object:
        """Return what a loader of the course's datasets gives, by the name of its fixture; loaded once."""
        if fixture not in self._loaded:
            self._loaded[fixture] = load_data(self.course, fixture)
        return self._loaded[fixture]

    def reference(self, student_id: str) -> SimpleNamespace:
        """Return the namespace of the solution notebook, run in this process with this student's ID."""
        if not self._reference_depends_on_student:
            return self._reference_of_all
        return self._run_reference(student_id)

    @cached_property
    def _reference_of_all(self) -> SimpleNamespace:
        return self._run_reference("reference")

    @cached_property
    def _reference_depends_on_student(self) -> bool:
        return any("STUDENT_ID" in code.co_names for code, _ in self._reference_code)

    @cached_property
    def _reference_code(self) -> Sequence[tuple[CodeType, str]]:
        """The solution's cells, compiled, and how a message names each."""
        path = self.course.source_notebook(self.assignment.name)
        transform = TransformerManager().transform_cell
        code = []
        for cell in self.solution:
            if not cell.tags & {Tag.SKIP_GRADING, Tag.STUDENT_ID}:
                where = f"cell {cell.index + 1}"
                try:
                    compiled = compile(transform(cell.source), f"{path.name}, {where}", "exec")
                except (SyntaxError, ValueError) as error:
                    raise GraderError(f"source/{path.parent.name}/{path.name}, {where}: {error}; mend it.") from error
                code.append((compiled, where))
        return code

    def _run_reference(self, student_id: str) -> SimpleNamespace:
        path = self.course.source_notebook(self.assignment.name)
        if str(path.parent) not in sys.path:
            sys.path.insert(0, str(path.parent))
        namespace: dict[str, Any] = {"__name__": "reference", "STUDENT_ID": student_id}
        namespace["get_ipython"] = lambda: _NoIPython(namespace)
        for code, where in self._reference_code:
            try:
                exec(code, namespace)  # noqa: S102 - our own notebook
            except (Exception, SystemExit) as error:
                cure = "put the file beside the notebook" if isinstance(error, FileNotFoundError) else "mend it"
                raise GraderError(
                    f"source/{path.parent.name}/{path.name}: {where} of the solution raised {type(error).__name__}: "
                    f"{str(error).rstrip('.')}; {cure}."
                ) from error
        return SimpleNamespace(**namespace)

    @contextlib.contextmanager
    def working_folder(self) -> Iterator[Path]:
        """Make a folder in which the reference finds what its notebook finds beside it, for as long as this lasts."""
        name = self.assignment.name
        with tempfile.TemporaryDirectory(prefix="autograder-reference-") as folder:
            place = Path(folder)
            data = [(str(path), f"data/{inner}") for path, inner in own_data_files(self.course, name)]
            for source, inner in (*_support_files(self.course.source_notebook(name).parent), *data):
                (place / inner).parent.mkdir(parents=True, exist_ok=True)
                (place / inner).symlink_to(Path(source).resolve())
            link_data(self.course, place)
            yield place

    def warm_up(self, fixtures: frozenset[str]) -> None:
        """Make what the checks will ask for, by the names of their fixtures, before any submission does."""
        assert self.secret
        assert self.solution
        plan_run(self.release, self.release, "")  # what it finds in our cells is kept
        if "reference" in fixtures:
            self.reference("reference")
        for fixture in fixtures & set(self.course.loaders()):
            self.data(fixture)

    def sandbox_config(
        self,
        *,
        isolated: bool,
        solution: bool = False,
        private: Sequence[Path] = (),
        user: int | None = None,
        gpu: Gpu | None = None,
    ) -> SandboxConfig:
        """Return what the students' processes are to find around them: files of the release, or of our own solution.

        `private` is what they must not find, beside the course itself; `gpu` what they compute on, None: the CPU.
        """
        for library in self.course.libraries:
            if find_spec(library) is None:
                cure = how_to_install(library) or "install it"
                raise GraderError(f"{CONFIG_NAME} asks for {library!r}, which is not installed here; {cure}.")
        name = self.assignment.name
        notebook = self.course.source_notebook(name) if solution else self.course.release_notebook(name)
        return SandboxConfig(
            isolated=isolated,
            user=user,
            support=tuple(_support_files(notebook.parent)),
            data=tuple(
                (str(path.resolve()), inner)
                for path, inner in (*files_for_students(self.course), *own_data_files(self.course, name))
            ),
            private=tuple(str(path.absolute()) for path in (self.course.root, *private)),
            libraries=self.libraries,
            gpu=gpu,
            gpu_share=self.assignment.budget.gpu_share,
        )


class _NoIPython:
    """Stand in where `%magic` and `!command` are called: the reference has no shell, and draws nothing."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self._namespace = namespace

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:  # noqa: ARG002 - IPython's signature
        """Run the cell of a magic that only measures or hides what it prints."""
        if name in _MAGICS_THAT_RUN:
            exec(TransformerManager().transform_cell(cell), self._namespace)  # noqa: S102 - our own notebook

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *_args, **_options: None


def _support_files(folder: Path) -> list[tuple[str, str]]:
    """Return the files beside the notebook that it may need, with their paths relative to it."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".ipynb"]
    inner = [(path, path.relative_to(folder)) for path in files]
    return [
        (str(path.resolve()), str(relative))
        for path, relative in inner
        if str(relative) not in AROUND_NOTEBOOKS and not _NOT_SUPPORT & set(relative.parts)
    ]
