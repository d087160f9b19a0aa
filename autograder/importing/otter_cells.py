"""Take a source notebook of otter's apart: each question's answer as a cell of ours, and its cells of tests."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.cell_code import defined_names, names_bound, statements, words
from autograder.errors import BuildError
from autograder.importing.otter_answers import Answer, joined, read_answer, without_ignored
from autograder.importing.otter_blocks import Question, SourceNotebook
from autograder.importing.otter_tests import OtterTest, points_of_tests, read_number, read_test
from autograder.importing.taken_apart import TakenApart, TestCell, note_names
from autograder.importing.ungraded import PLACE_FOR_WORDS, ungraded_code
from autograder.notebooks import Tag

__all__ = ["take_apart"]

_TAKEN = ("name", "manual", "points", "all_or_nothing")


@dataclass(kw_only=True)
class _Summary:
    """What is said once for all questions."""

    left: dict[str, list[str]] = field(default_factory=dict)
    """The settings that are not taken over, and whose they are."""
    called: dict[str, str] = field(default_factory=dict)
    """The questions whose name here is another."""

    def notes(self) -> Iterator[str]:
        if self.called:
            pairs = ", ".join(f"{theirs} is {ours}" for theirs, ours in self.called.items())
            yield f"Questions are called what they define: {pairs}."
        if self.left:
            listed = "; ".join(f"{key} ({', '.join(dict.fromkeys(names))})" for key, names in self.left.items())
            yield f"Settings of questions and tests that are not taken over: {listed}."


def take_apart(source: SourceNotebook, notebook: NotebookNode, files: frozenset[str]) -> TakenApart:
    """Return the notebook's cells with our markers around answers; raise BuildError for what cannot be taken over."""
    found = TakenApart(files=files, notes=list(source.notes))
    tests = source.config.get("tests")
    shows = not (isinstance(tests, dict) and tests.get("ok_format") is False)
    summary = _Summary()
    cells: list[NotebookNode] = []
    for part in source.parts:
        if isinstance(part, Question):
            cells += _question(found, part, shows=shows, summary=summary)
        elif source.config.get("strip_solutions_from_all_cells") and _has_answer(*part):
            place, cell = part
            alone = Question(name=place, place=place, config={}, cells=[("solution", place, cell)])
            cells += _question(found, alone, shows=shows, summary=summary)
        else:
            cells.append(_given(found, *part))
    found.notes += summary.notes()
    notebook.cells = cells
    notebook.metadata.pop("otter", None)
    found.notebook = notebook
    return found


def _has_answer(place: str, cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and read_answer(cell.source, place).has_markers


def _given(found: TakenApart, place: str, cell: NotebookNode) -> NotebookNode:
    """Return a cell that students keep as it is."""
    cell.source = _kept(found, place, cell)
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
        note_names(found, cell.source)
    return cell


def _cell(cell_type: str, source: str, *tags: str, **marks: Any) -> NotebookNode:
    cell: NotebookNode = getattr(nbformat.v4, f"new_{cell_type}_cell")(source)
    if tags:
        cell.metadata["tags"] = list(tags)
    if marks:
        cell.metadata["nbgrader"] = _marks(**marks)
    return cell


def _marks(**marks: Any) -> Any:
    flags = dict.fromkeys(("grade", "solution", "locked", "task"), False)
    return nbformat.from_dict({"schema_version": 3, **flags, **marks})


def _question(found: TakenApart, question: Question, *, shows: bool, summary: _Summary) -> Sequence[NotebookNode]:
    """Return the cells of a question, and note its tests."""
    for place, cell in question.of("tests"):
        if cell.cell_type != "code":
            raise BuildError(f"{place}: a cell of tests must be code; put the text above `# BEGIN TESTS`.")
    tests = [read_test(cell, place, shows=shows) for place, cell in question.of("tests")]
    for key in _left(question.config, tests):
        summary.left.setdefault(key, []).append(question.name)
    by_hand = _points_by_hand(found, question, tests)
    tests = [] if question.config.get("manual") else tests
    code = [read_answer(_kept(found, place, cell), place) for place, cell in question.of("solution", "code")]
    answers: list[NotebookNode] = []
    if by_hand:
        answers = _answers_by_hand(found, question, code, by_hand)
    elif code and (tests or defined_names(joined(code).plain)):
        answers = [_judged(found, question, code, tests), *_words_for_solutions(question)]
        name = found.questions[-1][0]
        summary.called |= {} if name == question.name else {question.name: name}
    elif tests:
        if question.of("prompt"):
            raise BuildError(
                f"{question.place}: {question.name!r} has tests and no solution; put one below its prompt."
            )
        found.notes.append(f"{question.name} has no answer of its own: its tests judge an answer above it.")
        _note_tests(found, question, tests, tuple(found.questions))
    else:
        answers = _nobody_judges(found, question, code)
    return _in_order(found, question, answers)


def _in_order(found: TakenApart, question: Question, answers: Sequence[NotebookNode]) -> Sequence[NotebookNode]:
    """Return a question's cells, the answers where its first block of them was."""
    cells: list[NotebookNode] = []
    waiting = list(answers)
    for block, place, cell in question.cells:
        if block in ("prompt", "solution"):
            cells += waiting
            waiting = []
        elif not block:
            cells.append(_given(found, place, cell))
    return [*cells, *waiting]


def _left(config: Mapping[str, Any], tests: Sequence[OtterTest]) -> Iterator[str]:
    """Yield the settings of a question that mean something and are not taken over."""
    for key, value in config.items():
        if key not in _TAKEN and value is not None and value is not (key == "check_cell"):
            yield key
    for test in tests:
        yield from test.left


def _points_by_hand(found: TakenApart, question: Question, tests: Sequence[OtterTest]) -> float:
    """Return what a person gives points for, 0 where tests or nobody do."""
    name, points = question.name, question.config.get("points")
    if question.config.get("manual"):
        if tests:
            found.notes.append(f"{name} is judged by a person: its tests are not taken over.")
        return read_number(points, question.place) or 0
    if tests or not points:
        return 0
    found.notes.append(f"{name} has points and no tests: a person judges it here.")
    return read_number(points, question.place) or 0


def _kept(found: TakenApart, place: str, cell: NotebookNode) -> str:
    source, notes = without_ignored(cell.source, place)
    found.notes += notes
    return source


def _source(found: TakenApart, question: Question, code: Sequence[Answer], task: str) -> str:
    """Return the cell of an answer with our markers."""
    prompt = "\n".join(_kept(found, place, cell) for place, cell in question.of("prompt", "code"))
    answer = joined(code)
    if len(code) > 1:
        found.notes.append(f"{question.name} is answered in {len(code)} cells: they are one cell here.")
    marked = answer.marked(task, prompt) if answer.has_markers else None
    if marked is not None:
        return marked
    why = "splits a statement" if answer.has_markers else "is not marked"
    found.notes.append(f"{question.name}: its solution {why}, so that the whole cell is the answer.")
    return answer.marked_whole(task, prompt)


def _judged(found: TakenApart, question: Question, code: Sequence[Answer], tests: Sequence[OtterTest]) -> NotebookNode:
    """Return the cell of an answer that checks judge, and note its tests."""
    plain = joined(code).plain
    name = _name_for(question, plain, tests, {one for one, _ in found.questions})
    if not name:
        raise BuildError(
            f"{question.place}: the answer to {question.name!r} defines no name of its own (`name = …`, a function, a "
            "class) for a check to ask for; give it one, or make it `manual: true`."
        )
    names = frozenset({*names_bound(statements(plain)), *defined_names(plain)})
    note_names(found, plain)
    found.questions.append((name, names))
    _note_tests(found, question, tests, [(name, names)])
    return _cell("code", _source(found, question, code, f"write `{name}`"), grade_id=name, solution=True)


def _name_for(question: Question, source: str, tests: Sequence[OtterTest], taken: set[str]) -> str:
    """Return the name that stands for an answer: the question's, a function that tests use, what else they use."""
    names = [one for one in dict.fromkeys(defined_names(source)) if one.isidentifier()]
    used = set().union(*(words(test.source) for test in tests))
    functions = {node.name for node in statements(source) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    ranked = sorted(names, key=lambda one: (one in taken, one != question.name, one not in used, one not in functions))
    return ranked[0] if ranked else ""


def _note_tests(
    found: TakenApart, question: Question, tests: Sequence[OtterTest], above: Sequence[tuple[str, frozenset[str]]]
) -> None:
    worths = points_of_tests(question.config.get("points"), [test.points for test in tests], question.place)
    if not tests:
        return
    groups = [[one] for one in zip(tests, worths, strict=True)]
    if question.config.get("all_or_nothing"):
        groups = [[one for group in groups for one in group]]
    for number, group in enumerate(groups, 1):
        ones = [test for test, _ in group]
        public = [test for test in ones if not test.hidden]
        found.tests.append(
            TestCell(
                place=ones[0].place,
                grade_id=question.name if len(groups) == 1 else f"{question.name}_{number}",
                points=sum(points for _, points in group),
                visible="\n".join(test.source for test in public),
                whole="\n".join(test.source for test in ones),
                above=above,
                rule=" ".join(dict.fromkeys(test.failure_message for test in ones if test.failure_message)),
                unsure=next((test.unsure for test in ones if test.unsure), ""),
                as_it_was=("\n".join(test.as_it_was for test in public), "\n".join(test.as_it_was for test in ones)),
            )
        )


def _answers_by_hand(
    found: TakenApart, question: Question, code: Sequence[Answer], points: float
) -> list[NotebookNode]:
    """Return the cells that a person judges: of words, of code, or a task whose answer students add below."""
    texts = [cell.source for _, cell in question.of("solution", "markdown")]
    prompts = [cell.source for _, cell in question.of("prompt", "markdown")]
    has_code = bool(code or question.of("prompt", "code"))
    if not (texts or prompts or has_code):
        texts_above = [cell for _, cell in question.of("", "markdown")]
        task = texts_above[-1] if texts_above else _cell("markdown", f"**{question.name}**")
        task.metadata["nbgrader"] = _marks(grade_id=question.grade_id, task=True, locked=True, points=points)
        return [] if texts_above else [task]
    cells = []
    share = points / 2 if has_code and (texts or prompts) else points
    if share != points:
        found.notes.append(f"{question.name} is answered in words and in code: half of its points go to each.")
    if texts or prompts:
        answer = "\n\n".join(texts)
        if prompts:
            answer = "\n\n".join([*prompts, f"### BEGIN SOLUTION\n{answer}\n### END SOLUTION"])
        words = _cell("markdown", answer, grade_id=question.grade_id, grade=True, solution=True, points=share)
        for _, cell in [*question.of("prompt", "markdown"), *question.of("solution", "markdown")]:
            if cell.get("attachments"):
                words["attachments"] = {**words.get("attachments", {}), **cell.attachments}
        cells.append(words)
    if has_code:
        name = f"{question.grade_id}-code" if texts or prompts else question.grade_id
        note_names(found, joined(code).plain)
        source = _source(found, question, code, "write your answer")
        cells.append(_cell("code", source, grade_id=name, grade=True, solution=True, points=share))
    return cells


def _words_for_solutions(question: Question) -> Iterator[NotebookNode]:
    """Yield the prompts in words, and the words of a solution that nobody judges, for after the deadline."""
    for _, cell in question.of("prompt", "markdown"):
        yield cell
    for _, cell in question.of("solution", "markdown"):
        cell.metadata["tags"] = [str(Tag.SOLUTION_ONLY)]
        yield cell


def _nobody_judges(found: TakenApart, question: Question, code: Sequence[Answer]) -> list[NotebookNode]:
    """Return what students fill in without points, and the solution for after the deadline."""
    found.notes.append(f"{question.name} has neither points nor tests: nobody judges it.")
    cells: list[NotebookNode] = []
    if code or question.of("prompt", "code"):
        prompts = [_kept(found, place, cell) for place, cell in question.of("prompt", "code")]
        shown = "\n".join([*prompts, joined(code).prompt]).strip("\n") or "..."
        cells += ungraded_code(shown, joined(code).plain)
    if question.of("solution", "markdown") and not question.of("prompt", "markdown"):
        cells.append(_cell("markdown", PLACE_FOR_WORDS))
    return [*cells, *_words_for_solutions(question)]
