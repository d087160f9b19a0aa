"""Describe the course: its assignments, points, due dates, budgets and data.

`course_config.py` holds the values; this module holds what a value may be. Everything is frozen once loaded.
"""

import keyword
import math
import re
import runpy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Literal, get_args
from urllib.parse import urlsplit

from autograder.config_problem import config_problem
from autograder.errors import ConfigError
from autograder.late_policy import LatePolicy

__all__ = [
    "CONFIG_NAME",
    "FIXTURES",
    "Assignment",
    "AttemptPolicy",
    "Budget",
    "Course",
    "Dataset",
    "FeedbackLevel",
    "LatePolicy",
    "find_course",
    "load_course",
]

CONFIG_NAME = "course_config.py"
AttemptPolicy = Literal["last", "best"]
"""Which of a student's submissions to an assignment counts."""
FeedbackLevel = Literal["scores", "hints", "full"]
"""What feedback shows: scores by question; with `hints` each check and its hint; with `full` the notebook as well."""
_FUNCTION = re.compile(r"(?:[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|[\w./-]+\.py):[A-Za-z_]\w*")
_LEVELS = " or ".join(map(repr, get_args(FeedbackLevel)))
FIXTURES = {"student", "library", "reference", "student_id", "device", "rng", "request", "monkeypatch"}
"""Names of fixtures that checks have in every course."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What one submission may use.

    Seconds are the student process's own: by the clock, less those in which others had its processor, so that a busy
    host takes time from nobody. By the clock alone a limit is over after ten times as many.
    """

    start_seconds: float = 120.0
    """Until the student's process has loaded its libraries and waits for work."""
    cell_seconds: float = 60.0
    """One cell of the notebook."""
    notebook_seconds: float = 180.0
    """All cells of the notebook together."""
    check_seconds: float = 20.0
    """The student's share of one check, unless its `deadline` says otherwise."""
    total_seconds: float = 600.0
    """All cells and checks together; checks that have not begun by then fail as timeouts."""
    memory_mb: int = 4096
    """Memory of the student's processes together; what they share with others counts in proportion."""
    output_kb: int = 256
    """Printed text that is kept; what is beyond is read and dropped."""
    file_mb: int = 512
    """The largest file that the student's code may write."""
    open_files: int = 256
    """Descriptors that one process may hold."""
    processes: int = 64
    """Processes and threads that the student's code may have at a time."""
    disk_mb: int = 512
    """Size of each file system that the student's code may write to: working folder, /tmp and /dev/shm."""
    checks_memory_mb: int = 4096
    """Memory of the checks process beyond what it starts with: reference, hidden data, answers."""
    message_mb: int = 256
    """The largest single answer to a check."""
    gpu_share: float = 0.25
    """Part of a GPU's memory that the submission may take."""

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not _is_number(value) or value <= 0:
                raise ConfigError(f"Budget: {name} is {value!r}; it must be a number above 0.")
        if self.gpu_share > 1:
            raise ConfigError(f"Budget: gpu_share is {self.gpu_share}; it must be at most 1.")


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """One assignment: `source/<name>/<name>.ipynb` and the checks in `tests/<name>/`."""

    name: str
    title: str
    points: float
    """What all its checks together are worth; `build` and `grade` compare."""
    due: datetime | None = None
    """With a time zone; None: never late."""
    part: int = 1
    optional: bool = False
    budget: Budget = field(default_factory=Budget)
    late_policy: LatePolicy | None = None
    """None: the course's."""
    attempt_policy: AttemptPolicy | None = None
    """None: the course's."""
    feedback_level: FeedbackLevel | None = None
    """None: the course's."""
    feedback_at: datetime | None = None
    """When feedback may be given, with a time zone; None: at any time."""
    hand_in: str | None = None
    """None: the course's."""
    files: Sequence[str] = ()
    """Python files beside the notebook that students edit, and hand in with it, such as ["layers.py"]. Their answers
    stand between markers inside functions, each a question, and a given cell imports them: `from layers import …`."""

    def __post_init__(self) -> None:
        where = f"assignment {self.name!r}"
        if not isinstance(self.name, str) or not self.name.isidentifier() or keyword.iskeyword(self.name):
            raise ConfigError(
                f"{where}: the name must be a Python identifier such as 'week_1', without dashes and blanks, and no "
                "keyword of Python's; rename it."
            )
        _require(_is_number(self.points) and self.points > 0, where, "points", self.points, "a number above 0")
        if self.due is not None and (not isinstance(self.due, datetime) or self.due.utcoffset() is None):
            lacks = "has no time zone" if isinstance(self.due, datetime) else "is no datetime"
            raise ConfigError(
                f"{where}: due is {self.due}, which {lacks}; write datetime(…, tzinfo=ZoneInfo('Europe/Berlin'))."
            )
        if self.feedback_at is not None:
            aware = isinstance(self.feedback_at, datetime) and self.feedback_at.utcoffset() is not None
            _require(aware, where, "feedback_at", self.feedback_at, "a datetime(…) with a time zone")
        known = (None, *get_args(AttemptPolicy))
        _require(self.attempt_policy in known, where, "attempt_policy", self.attempt_policy, "'last' or 'best'")
        levels = (None, *get_args(FeedbackLevel))
        _require(self.feedback_level in levels, where, "feedback_level", self.feedback_level, _LEVELS)
        for name, kind in (
            ("budget", Budget),
            ("late_policy", LatePolicy | None),
            ("title", str),
            ("hand_in", str | None),
        ):
            if not isinstance(getattr(self, name), kind):
                raise ConfigError(
                    f"{where}: {name} is {getattr(self, name)!r}; it must be of type {getattr(kind, '__name__', kind)}."
                )
        whole = isinstance(self.files, list | tuple) and all(_is_module(name) for name in self.files)
        must = "a list of Python files beside the notebook, such as ['layers.py'], each named once and in no folder"
        _require(whole and len({*self.files}) == len(self.files), where, "files", self.files, must)
        object.__setattr__(self, "files", tuple(self.files))
        if self.late_policy is not None and self.late_policy.free_days:
            raise ConfigError(
                f"{where}: its late_policy has free_days, which are for the whole course; give them in "
                "Course(late_policy=…)."
            )


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Files that notebooks and checks read, and who loads them; all paths are relative to `folder`.

    A function is given as "module:function", or as "file.py:function" with a file in `folder`; it is called with the
    course's data folder.
    """

    name: str
    folder: str = "."
    """Where the files lie, relative to the course's data folder; student code finds them in `data/<folder>`."""
    files: Sequence[str] = ()
    """Files, or folders of files, that student code may read."""
    hidden_files: Sequence[str] = ()
    """Files, or folders of files, that only checks read."""
    made_from: Sequence[str] = ()
    """Files that `prepare` makes all others from; none where the others are what the course keeps."""
    prepare: str = ""
    """The function that makes or verifies the files before anything reads them; none where there is nothing to do."""
    loaders: Mapping[str, str] = field(default_factory=dict)
    """For each fixture of this course's checks the function that returns what the fixture gives."""
    hidden_loaders: Mapping[str, str] = field(default_factory=dict)
    """The same for what no student may know: `validate` looks for it in the release."""

    def __post_init__(self) -> None:
        where = f"dataset {self.name!r}"
        _require(isinstance(self.name, str) and self.name.isidentifier(), where, "name", self.name, "an identifier")
        _require(_is_inner_path(self.folder), where, "folder", self.folder, "a path inside the data folder")
        for name in ("files", "hidden_files", "made_from"):
            paths = getattr(self, name)
            _require(isinstance(paths, list | tuple), where, name, paths, "a list of paths")
            object.__setattr__(self, name, tuple(paths))
            for path in paths:
                _require(_is_inner_path(path) and path != ".", where, name, path, "a list of paths inside its folder")
        for shown in map(PurePosixPath, self.files):
            for hidden in map(PurePosixPath, self.hidden_files):
                if shown == hidden or shown in hidden.parents or hidden in shown.parents:
                    raise ConfigError(f"{where}: {shown} is for students, {hidden} is hidden; one holds the other.")
        for name in ("loaders", "hidden_loaders"):
            _require(isinstance(getattr(self, name), Mapping), where, name, getattr(self, name), "a dict")
        for fixture in self.loaders.keys() & self.hidden_loaders.keys():
            raise ConfigError(f"{where}: {fixture!r} is in loaders and in hidden_loaders; names must differ.")
        for fixture, function in (("prepare", self.prepare or "none:none"), *self.all_loaders.items()):
            must = '"module:function" or "file.py:function"'
            whole = isinstance(function, str) and _FUNCTION.fullmatch(function) and _is_inner_path(function)
            _require(bool(whole), where, str(fixture), function, must)
            if not isinstance(fixture, str) or not fixture.isidentifier() or fixture in FIXTURES:
                raise ConfigError(f"{where}: {fixture!r} cannot be the name of a loader; take another identifier.")

    @property
    def all_loaders(self) -> Mapping[str, str]:
        """The functions of all loaders, by the names of their fixtures."""
        return {**self.loaders, **self.hidden_loaders}

    @property
    def kept_files(self) -> Sequence[str]:
        """Files, or folders of files, that the course keeps and all else comes from; with the code that loads them."""
        functions = (self.prepare, *self.all_loaders.values())
        code = {file for file, _, _ in (function.partition(":") for function in functions) if file.endswith(".py")}
        return (*(self.made_from or (*self.files, *self.hidden_files)), *sorted(code))


@dataclass(frozen=True, kw_only=True)
class Course:
    """The whole course. `root` is filled in by `load_course`."""

    name: str
    assignments: Sequence[Assignment]
    late_policy: LatePolicy = field(default_factory=LatePolicy)
    attempt_policy: AttemptPolicy = "last"
    feedback_level: FeedbackLevel = "full"
    data: str = "data"
    """Folder with the files of the datasets, relative to the course."""
    datasets: Sequence[Dataset] = ()
    """What notebooks and checks read; a course may have none."""
    libraries: Sequence[str] = ()
    """What notebooks import beside numpy, such as torch: loaded once, before students' processes are forked. With
    torch among them checks send and get tensors, and `rng` is a generator of torch's, without one of numpy's."""
    offered: Sequence[str] = ()
    """What students may import beyond that, such as pandas: installed wherever student code runs, and loaded by those
    submissions alone that use it. `autograder doctor` and `grade` say what is missing."""
    secret_file: str = ".autograder-secret"  # noqa: S105 - the name of the file, not the secret
    """File with the secret that hidden inputs derive from, relative to the course; the environment variable
    AUTOGRADER_SECRET comes first. Without either a fixed demo secret is used, and `grade` says so."""
    hand_in: str = ""
    """Where students hand in, in Markdown, such as "in [Moodle](https://…), by Friday noon": the release says it."""
    release_url: str = ""
    """The address of the folder that holds each `<assignment>.zip` that `build` makes; a notebook that is opened
    without its files, in Colab for instance, fetches them there."""
    repository_url: str = ""
    """The public git repository that holds what lies in `release/`: `<assignment>/<assignment>.ipynb`. READMEs then
    have the badge "Open in Colab", where it is on GitHub, and a link for nbgitpuller, where `hub_url` is given too."""
    repository_branch: str = "main"
    hub_url: str = ""
    """The address of a JupyterHub with nbgitpuller."""
    root: Path = field(default_factory=Path)

    def __post_init__(self) -> None:
        if not isinstance(self.assignments, list | tuple):
            raise ConfigError(
                f"Course: assignments is of type {type(self.assignments).__name__}; it must be a list, "
                "[Assignment(…), …]."
            )
        object.__setattr__(self, "assignments", tuple(self.assignments))
        names = [a.name if isinstance(a, Assignment) else None for a in self.assignments]
        if None in names:
            raise ConfigError("Course: assignments must be a list of Assignment(…).")
        twice = sorted({name for name in names if name and names.count(name) > 1})
        if twice:
            raise ConfigError(f"Course: the assignment {twice[0]!r} is there twice; names must differ.")
        self._validate_datasets()
        for name in ("libraries", "offered"):
            named = getattr(self, name)
            whole = isinstance(named, list | tuple) and all(isinstance(n, str) and n.isidentifier() for n in named)
            _require(whole, "Course", name, named, "a list of names to import, such as ['torch']")
            object.__setattr__(self, name, tuple(named))
        for name in ("name", "data", "secret_file", "hand_in", "repository_branch"):
            _require(isinstance(getattr(self, name), str), "Course", name, getattr(self, name), "a text")
        for name in ("release_url", "repository_url", "hub_url"):
            _require(_is_address(getattr(self, name)), "Course", name, getattr(self, name), "an address: https://…")
            object.__setattr__(self, name, getattr(self, name).rstrip("/"))
        policy = self.attempt_policy
        _require(policy in get_args(AttemptPolicy), "Course", "attempt_policy", policy, "'last' or 'best'")
        _require(
            self.feedback_level in get_args(FeedbackLevel), "Course", "feedback_level", self.feedback_level, _LEVELS
        )
        if not isinstance(self.late_policy, LatePolicy):
            raise ConfigError(f"Course: late_policy is {self.late_policy!r}; it must be a LatePolicy(…).")

    def _validate_datasets(self) -> None:
        whole = isinstance(self.datasets, list | tuple) and all(isinstance(one, Dataset) for one in self.datasets)
        _require(whole, "Course", "datasets", self.datasets, "a list of Dataset(…)")
        object.__setattr__(self, "datasets", tuple(self.datasets))
        for what, names in (
            ("dataset", [dataset.name for dataset in self.datasets]),
            ("loader", self.loaders()),
        ):
            for name in names:
                if names.count(name) > 1:
                    raise ConfigError(f"Course: the {what} {name!r} is there twice; names must differ.")

    def assignment(self, name: str) -> Assignment:
        """Return the assignment of that name, or say which there are."""
        for assignment in self.assignments:
            if assignment.name == name:
                return assignment
        known = ", ".join(a.name for a in self.assignments)
        raise ConfigError(f"There is no assignment {name!r} in {self.root / CONFIG_NAME}; there are: {known}.")

    def late_policy_of(self, assignment: Assignment) -> LatePolicy:
        """Return the assignment's own late policy, else the course's."""
        return assignment.late_policy or self.late_policy

    def attempt_policy_of(self, assignment: Assignment) -> AttemptPolicy:
        """Return the assignment's own attempt policy, else the course's."""
        return assignment.attempt_policy or self.attempt_policy

    def feedback_level_of(self, assignment: Assignment) -> FeedbackLevel:
        """Return the assignment's own feedback level, else the course's."""
        return assignment.feedback_level or self.feedback_level

    def hand_in_of(self, assignment: Assignment) -> str:
        """Return the assignment's own text on handing in, else the course's."""
        return self.hand_in if assignment.hand_in is None else assignment.hand_in

    def release_zip(self, name: str) -> Path:
        """Return the path of the archive that holds an assignment's release."""
        return self.root / "release" / f"{name}.zip"

    def source_notebook(self, name: str) -> Path:
        """Return the path of the instructor's notebook."""
        return self.root / "source" / name / f"{name}.ipynb"

    def release_notebook(self, name: str) -> Path:
        """Return the path of the notebook that students get."""
        return self.root / "release" / name / f"{name}.ipynb"

    def checks_folder(self, name: str) -> Path:
        """Return the folder of the assignment's pytest checks."""
        return self.root / "tests" / name

    def loaders(self) -> Sequence[str]:
        """Return the names of all fixtures that the datasets' loaders stand behind."""
        return [fixture for dataset in self.datasets for fixture in dataset.all_loaders]

    def data_folder(self) -> Path:
        """Return the folder of the course's data."""
        return self.root / self.data


def _is_inner_path(path: object) -> bool:
    """Return whether `path` leads to a place inside the folder that it starts from."""
    return isinstance(path, str) and bool(path) and not path.startswith("/") and ".." not in PurePosixPath(path).parts


def _is_module(name: object) -> bool:
    """Return whether `name` is that of a file which a notebook beside it can import."""
    stem = name.removesuffix(".py") if isinstance(name, str) and name.endswith(".py") else ""
    return stem.isidentifier() and not keyword.iskeyword(stem)


def _is_address(text: object) -> bool:
    """Return whether `text` is the address of a page, or "" for none; unencrypted only on this machine."""
    if not isinstance(text, str) or re.search(r"[\s\"'<>()\\]", text):
        return False
    try:
        parts = urlsplit(text)
        local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1"}
        return not text or (bool(parts.hostname) and (parts.scheme == "https" or local))
    except ValueError:  # no number where the port should be, an open bracket
        return False


def _is_number(value: object) -> bool:
    """Return whether `value` is a finite number; True and False are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _require(holds: bool, where: str, name: str, value: object, must: str) -> None:  # noqa: FBT001 - reads like assert
    if not holds:
        raise ConfigError(f"{where}: {name} is {value!r}; it must be {must}.")


def find_course(start: Path) -> Path:
    """Return the folder at or above `start` that holds the configuration."""
    for folder in (start.resolve(), *start.resolve().parents):
        if (folder / CONFIG_NAME).is_file():
            return folder
    raise ConfigError(
        f"No {CONFIG_NAME} in {start.resolve()} or above it; go to the course's folder or give it with --course DIR."
    )


def load_course(root: Path) -> Course:
    """Load and validate `course_config.py` in `root`; it must define `course = Course(…)`."""
    path = root.resolve() / CONFIG_NAME
    if not path.is_file():
        raise ConfigError(f"{path} does not exist; give the course's folder with --course DIR.")
    try:
        values = runpy.run_path(str(path), run_name="course_config")
    except (Exception, SystemExit) as error:
        raise ConfigError(config_problem(path, error)) from error
    course = values.get("course")
    if not isinstance(course, Course):
        raise ConfigError(
            f"{path.name} must define course = Course(…), and does not; write course = Course(name=…, assignments=[…])."
        )
    course = replace(course, root=root.resolve())
    for assignment in course.assignments:
        for needed in (course.source_notebook(assignment.name), course.checks_folder(assignment.name)):
            if not needed.exists():
                others = sorted(needed.parent.glob(f"*{needed.suffix}")) if needed.suffix else []
                perhaps = f"rename {others[0].name}, " if len(others) == 1 else "write it, "
                raise ConfigError(
                    f"{CONFIG_NAME}: assignment {assignment.name!r} has no {needed.relative_to(course.root)}; "
                    f"{perhaps}or take the assignment out."
                )
    return course
