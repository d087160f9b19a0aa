"""Refuse in a source's notebook what would be handed out, dropped or run otherwise than its author means."""

import ast
import difflib
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from IPython.core.inputtransformer2 import TransformerManager

from autograder.cell_code import names_bound, statements
from autograder.errors import BuildError
from autograder.notebooks import EXTRA_CREDIT, NO_EXTRA_CREDIT, Cell, Notebook, Tag

__all__ = ["misspelt_marker", "verify_cells"]

_MARKER = re.compile(r"^[ \t]*### (?:BEGIN|END) SOLUTION\b", re.MULTILINE)
_LIKE_A_MARKER = re.compile(
    r"^[ \t]*#+[ \t]*(?i:(?:BEGIN|END)[ _-]*(?:SOLUTIONS?|ANSWERS?))\b.*$|^.*\S[ \t]*# SOLUTION(?: NO PROMPT)?[ \t]*$",
    re.MULTILINE,
)
"""Markers of other case or form, and otter's."""
_HIDDEN_TESTS = re.compile(r"^[ \t]*#+ *BEGIN HIDDEN TESTS", re.MULTILINE)
_CHECK_CALL = re.compile(r"\bgrader\.check\(\s*[\"']([^\"']*)[\"']")
_INSTALLS = re.compile(r"^[ \t]*[!%][ \t]*(?:(?:python3? -m )?pip3?|conda|mamba|apt(?:-get)?|uv)[ \t].*$", re.MULTILINE)
_DOWNLOADS = re.compile(r"^[ \t]*![ \t]*(?:wget|curl|git|gdown|kaggle)\b.*$", re.MULTILINE)
_ADDRESS = re.compile(r"(?:https?|ftp)://")
_ELSEWHERE = re.compile(
    r"~?/(?:home|Users|root|content|kaggle|mnt|media|data|srv|Volumes|scratch)/|~/|[A-Za-z]:[\\/](?!/)|\.\.[\\/]"
)
"""How a path begins that leads out of the notebook's folder."""
_FETCHES = re.compile(
    r"url(?:open|retrieve)|read_\w+|get|post|download\w*|\w+_from_url|imread|loadtxt|genfromtxt|retrieve|open"
)
"""Calls that fetch the address that they are given."""
_TAGS = (
    Tag.SKIP_GRADING,
    Tag.SOLUTION_ONLY,
    Tag.STUDENT_ID,
    Tag.NO_TODO,
    Tag.NO_PUBLIC_CHECK,
    Tag.NO_POINTS,
    Tag.HIDE_INPUT,
)
_ALIKE = 0.8


def misspelt_marker(source: str) -> str:
    """Return the first line that looks like a marker around a solution and is none, "" where there is none."""
    lines = (found[0].strip() for found in _LIKE_A_MARKER.finditer(source))
    return next((line for line in lines if not _MARKER.match(line)), "")


def verify_cells(where: str, notebook: Notebook, in_files: Collection[str] = ()) -> None:
    """Raise BuildError for the first cell at fault; `where` is the notebook, `in_files` are questions beside it."""
    cells = sorted((*notebook.cells, *notebook.texts), key=lambda cell: cell.index)
    for problem in (*_ids(cells), *_marks(cells), *_tags(cells), *_check_calls(cells, in_files), *_code(cells)):
        raise BuildError(f"{where}, {problem}")


def _place(cell: Cell) -> str:
    return f"cell {cell.index + 1}" + (f" ({cell.grade_id})" if cell.grade_id else "")


def _ids(cells: Sequence[Cell]) -> Iterator[str]:
    seen: dict[str, Cell] = {}
    for cell in cells:
        if cell.grade_id and seen.setdefault(cell.grade_id, cell) is not cell:
            first = seen[cell.grade_id].index + 1
            yield f"{_place(cell)}: cell {first} has that grade_id too; give one of them another."


def _marks(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield what nbgrader's marks and the markers around answers say, and would not come true."""
    for cell in cells:
        place = _place(cell)
        if (cell.graded and not cell.by_hand) or _HIDDEN_TESTS.search(cell.source):
            yield (
                f"{place}: nbgrader's tests in a notebook are not run here; write them as checks into "
                "tests/<assignment>/ (`autograder import nbgrader` does), and take the cell out."
            )
        if cell.points and not cell.by_hand:
            yield (
                f"{place}: nbgrader's {cell.points:g} points count for nothing here; take them away, and give the "
                "question's checks @pytest.mark.points(…)."
            )
        if cell.kind != "code" and cell.solution and not cell.by_hand:
            yield (
                f"{place}: no check can judge an answer in words; make the cell a manually graded answer with points "
                "in nbgrader's Create Assignment panel."
            )
        if line := misspelt_marker(cell.source):
            yield (
                f"{place}: `{line}` marks nothing, and students would read the answer; write ### BEGIN SOLUTION … "
                "### END SOLUTION."
            )
        if _MARKER.search(cell.source) and not cell.solution and Tag.SOLUTION_ONLY not in cell.tags:
            cure = "an autograded answer" if cell.kind == "code" else "a manually graded answer with points"
            yield (
                f"{place}: an answer stands in it, and it is no solution cell; make it {cure} in nbgrader's Create "
                "Assignment panel."
            )


def _tags(cells: Sequence[Cell]) -> Iterator[str]:
    for cell in cells:
        for tag in sorted(cell.tags - {*_TAGS}):
            if EXTRA_CREDIT.fullmatch(tag):
                yield f"{_place(cell)}: it is tagged {tag!r}; {NO_EXTRA_CREDIT}."
            near = difflib.get_close_matches(tag.lower().replace("_", "-").replace(" ", "-"), _TAGS, 1, _ALIKE)
            if near:
                yield f"{_place(cell)}: the tag {tag!r} means nothing; write {near[0]!r}."
        if cell.solution and not cell.by_hand:
            for tag, what in (
                (Tag.SKIP_GRADING, "no answer to it would be run"),
                (Tag.SOLUTION_ONLY, "no student would get it"),
            ):
                if tag in cell.tags:
                    yield f"{_place(cell)}: it is tagged {tag}, and {what}; take the tag away."


def _check_calls(cells: Sequence[Cell], in_files: Collection[str]) -> Iterator[str]:
    questions = [*(cell.grade_id for cell in cells if cell.solution and not cell.by_hand), *in_files]
    for cell in cells:
        for name in _CHECK_CALL.findall(cell.source) if cell.kind == "code" else ():
            if name not in questions:
                yield f'{_place(cell)}: grader.check("{name}") asks for no question; name one of {[*questions]}.'


def _code(cells: Sequence[Cell]) -> Iterator[str]:
    given_out = [cell for cell in cells if cell.kind == "code" and Tag.SOLUTION_ONLY not in cell.tags]
    running = [cell for cell in given_out if Tag.SKIP_GRADING not in cell.tags]
    taken = {name for cell in running for name in names_bound(statements(cell.source))}
    for cell in given_out:
        if cell.source.lstrip().startswith("%%"):
            continue
        try:
            tree = ast.parse(TransformerManager().transform_cell(cell.source))
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
            yield f"{_place(cell)}{line}: it is no Python ({getattr(error, 'msg', error)}); mend it."
            continue
        yield from (f"{_place(cell)}, {problem}" for problem in _paths(tree))
        if cell in running and Tag.STUDENT_ID not in cell.tags:
            yield from (f"{_place(cell)}: {problem}" for problem in _not_when_grading(cell, tree, taken))
    yield from _hidden_answers(running)


def _paths(tree: ast.Module) -> Iterator[str]:
    """Yield the paths, as arguments of calls and values of names, that lead out of the notebook's folder."""
    for node in ast.walk(tree):
        values = node.args if isinstance(node, ast.Call) else [node.value] if isinstance(node, ast.Assign) else ()
        for value in values:
            if isinstance(value, ast.Constant) and isinstance(value.value, str) and _ELSEWHERE.match(value.value):
                yield (
                    f"line {value.lineno}: {value.value!r} is there on your machine alone; put the file beside the "
                    "notebook, and name it as it is called from there."
                )


def _not_when_grading(cell: Cell, tree: ast.Module, taken: set[str]) -> Iterator[str]:
    """Yield what a cell asks for that nobody gives while grading: typed input, packages, the network."""
    for found in _INSTALLS.finditer(cell.source):
        yield (
            f"`{found[0].strip()}` installs nothing when grading; name the package in Course(libraries=…) or "
            "Course(offered=…), and take the line out."
        )
    for found in _DOWNLOADS.finditer(cell.source):
        yield f"`{found[0].strip()}` finds no network when grading; put what it fetches beside the notebook."
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    in_functions = {node for function in functions for node in ast.walk(function)}  # there a check can answer
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        asks = isinstance(node.func, ast.Name) and node.func.id == "input" and "input" not in taken
        if asks and node not in in_functions:
            yield "it calls input(), and nobody types when grading; take a value or a parameter instead."
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        address = next((a.value for a in node.args if isinstance(a, ast.Constant) and _is_address(a.value)), None)
        if address and _FETCHES.fullmatch(name):
            yield f"{name}({address!r}) finds no network when grading; put the file beside the notebook, and read that."


def _is_address(value: object) -> bool:
    return isinstance(value, str) and _ADDRESS.match(value) is not None


def _is_placeholder(statement: ast.stmt) -> bool:
    """Return whether it gives a name no value yet: `answer = None`, `answer: int`."""
    value = getattr(statement, "value", statement)
    return value is None or (isinstance(value, ast.Constant) and value.value in (None, ..., 0, ""))


def _hidden_answers(running: Iterable[Cell]) -> Iterator[str]:
    """Yield each cell that defines a question's name beside its answer.

    Below it no answer would ever be judged, and above it a blank one would be judged by what is given.
    """
    answered: dict[str, Cell] = {}
    given: dict[str, Cell] = {}
    for cell in running:
        code = statements(cell.source)
        defining = [s for s in code if isinstance(s, ast.FunctionDef | ast.ClassDef | ast.Assign | ast.AnnAssign)]
        for name in names_bound(defining):
            if name in answered:
                yield (
                    f"{_place(cell)}: it defines {name!r} again, and hides the answer of cell "
                    f"{answered[name].index + 1}; take another name."
                )
        if cell.solution and not cell.by_hand:
            answered[cell.grade_id] = cell
            if first := given.get(cell.grade_id):
                yield (
                    f"{_place(first)}: it defines {cell.grade_id!r}, which cell {cell.index + 1} asks for, and who "
                    "leaves that blank would be judged by yours; take another name."
                )
        elif not cell.solution:
            given |= dict.fromkeys(names_bound(s for s in defining if not _is_placeholder(s)), cell)
