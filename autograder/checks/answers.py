"""Know which answers of a notebook build on which, and put the reference's in the place of wrong ones.

A name's answer is found statement by statement, wherever a student wrote it: in its own cell, in another's, in one that
holds several answers. What a student keeps beside it (a helper, an import) stays theirs.
"""

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from autograder.cell_code import names_bound, names_changed, names_imported, statements
from autograder.checks.files_named import files_named, names_that_write, writes
from autograder.checks.module_code import names_used
from autograder.notebooks import Cell, PlannedCell

__all__ = ["Answers", "Foundation"]

_MOST_SOURCE = 1_000_000
"""Characters of all cells together; of a notebook with more, which nobody wrote by hand, nothing is looked at."""


@dataclass(frozen=True, kw_only=True)
class Foundation:
    """What an answer builds on, directly or through others."""

    wrong: frozenset[str] = frozenset()
    """Those of the wrong questions that are among it."""
    names: frozenset[str] = frozenset()
    """All names that it uses."""


class Answers:
    """The answers of one notebook, and the reference's."""

    def __init__(self, plan: Sequence[PlannedCell], solution: Sequence[Cell]) -> None:
        self._plan = plan
        self._order = [cell.grade_id for cell in solution if cell.grade_id]
        self._reference = {cell.grade_id: cell.source for cell in solution if cell.solution and cell.grade_id}
        self._parsed = {cell.name: _statements(cell) for cell in plan} if _length(plan) <= _MOST_SOURCE else {}
        written = [statement for parsed in self._parsed.values() for statement in parsed]
        self._imported = frozenset(names_imported(written))
        self._uses: dict[str, set[str]] = {}
        for statement in written:
            for name in self._made_by(statement):
                self._uses.setdefault(name, set()).update(names_used([statement], with_fixtures=False))
        self._question_of: dict[str, str] = {}
        self._reference_uses: dict[str, set[str]] = {}
        for question, source in self._reference.items():
            parsed = statements(source)
            made = set(names_bound(parsed))
            self._reference_uses[question] = set(names_used(parsed, with_fixtures=False))
            self._question_of |= dict.fromkeys({question} if question in made else made, question)
        self._used_by_cells: dict[str, set[str]] = {}
        self._add_what_files_carry()

    def _add_what_files_carry(self) -> None:
        """Note that what names a file builds on what wrote it further up.

        Each state of a file goes by a name that no code has, which uses what wrote it and the state before.
        """
        answers = {question: statements(source) for question, source in self._reference.items()}
        everything = [one for parsed in (*self._parsed.values(), *answers.values()) for one in parsed]
        if not files_named(everything):
            return
        writing = names_that_write(everything)
        states: dict[str, str] = {}
        for cell in self._plan:
            own = self._parsed.get(cell.name, ())
            for statement in own:
                if names := {states[file] for file in files_named([statement]) if file in states}:
                    self._used_by_cells.setdefault(cell.grade_id, set()).update(names)
                    for name in self._made_by(statement):
                        self._uses.setdefault(name, set()).update(names)
            for statement in (*own, *answers.get(cell.grade_id, ())):
                used = set(names_used([statement], with_fixtures=False))
                if writes([statement]) or not writing.isdisjoint(used):
                    theirs = {name for name, asked in self._question_of.items() if asked == cell.grade_id}
                    state, files = f"written {len(self._uses)}", files_named([statement])
                    self._uses[state] = used | theirs | {states[file] for file in files if file in states}
                    states |= dict.fromkeys(files, state)

    def has(self, question: str) -> bool:
        """Return whether there is an answer of the student's own, and no stub only."""
        return any(asked == question and name in self._uses for name, asked in self._question_of.items())

    def foundation(self, question: str, wrong: Collection[str]) -> Foundation:
        """Return what an answer builds on where each of the other questions in `wrong` is answered by the reference."""
        reached, found = set(), set()
        waiting = self._own_names(question)
        while waiting:
            name = waiting.pop()
            reached.add(name)
            owner = self._question_of.get(name)
            if owner is not None and owner != question and owner in wrong:
                found.add(owner)
                uses = self._reference_uses[owner]
            else:
                uses = self._uses.get(name, set())
            waiting |= uses - reached
        return Foundation(wrong=frozenset(found), names=frozenset(reached))

    def _own_names(self, question: str) -> set[str]:
        """Return the names that a question asks for, with all that its cell uses where that answers nothing else."""
        names = {name for name, asked in self._question_of.items() if asked == question}
        for cell in self._plan:
            parsed = self._parsed.get(cell.name, ())
            answered = {self._question_of.get(name) for one in parsed for name in self._made_by(one)} - {None}
            if cell.grade_id == question and answered == {question}:
                names.update(names_used(parsed, with_fixtures=False), self._used_by_cells.get(question, ()))
        return names

    def with_reference(self, questions: Collection[str], needed: Collection[str]) -> list[PlannedCell]:
        """Return the cells to run with the reference's answers to some questions.

        Of the cells of these questions only statements stay that define something `needed`.
        """
        homeless = {*questions} - {cell.grade_id for cell in self._plan}
        cells: list[PlannedCell] = []
        for cell in self._plan:
            if cell.grade_id in questions or self._is_the_students(cell):
                cells += self._carved(cell, questions, needed, homeless)
            else:
                cells.append(cell)
        for question in sorted(homeless, key=self._order.index):
            before = {*self._order[: self._order.index(question)]}
            place = max((n for n, cell in enumerate(cells, start=1) if cell.grade_id in before), default=0)
            cells.insert(place, self._reference_cell(question))
        return [replace(cell, name=f"<cell {n}>") for n, cell in enumerate(cells)]

    def _carved(
        self, cell: PlannedCell, questions: Collection[str], needed: Collection[str], homeless: set[str]
    ) -> Sequence[PlannedCell]:
        """Return a cell without what it says in answer to some questions, and the reference's answers instead.

        An answer that has no cell of its own (`homeless`) gets its place where it stood first.
        """
        own = cell.grade_id if cell.grade_id in questions else ""
        pieces: list[str | ast.stmt] = []
        cut = False
        for statement in self._parsed.get(cell.name, ()):
            made = self._made_by(statement)
            answered = {self._question_of.get(name, "") for name in made}
            if made and answered <= {*questions}:
                cut = True
                placed = [own] if own else sorted(answered & homeless, key=self._order.index)
                pieces += [question for question in placed if question not in pieces]
                homeless -= answered
            elif not own or made & {*needed}:
                pieces.append(statement)
        if own and own not in pieces:
            pieces.append(own)
        elif not own and not cut:
            return [cell]
        try:
            return list(self._pieces(cell, pieces))
        except RecursionError:  # statements too deep to be written down
            return [self._reference_cell(own)] if own else [cell]

    def _pieces(self, cell: PlannedCell, pieces: Sequence[str | ast.stmt]) -> Iterator[PlannedCell]:
        """Yield a cell for each row of statements, and for each question that stands for the reference's answer."""
        row: list[str] = []
        for piece in [*pieces, ""]:
            if isinstance(piece, ast.stmt):
                row.append(ast.unparse(piece))
                continue
            if row:
                yield replace(cell, source="\n".join(row), grade_id="" if cell.grade_id in pieces else cell.grade_id)
                row = []
            if piece:
                yield self._reference_cell(piece)

    def _reference_cell(self, question: str) -> PlannedCell:
        return PlannedCell(name="", index=-1, id="", grade_id=question, source=self._reference[question])

    def _is_the_students(self, cell: PlannedCell) -> bool:
        return cell.grade_id in self._reference or (not cell.grade_id and cell.index >= 0)

    def _made_by(self, statement: ast.stmt) -> frozenset[str]:
        return frozenset(names_bound([statement])) | (frozenset(names_changed([statement])) - self._imported)


def _statements(cell: PlannedCell) -> Sequence[ast.stmt]:
    return () if cell.untouched else statements(cell.source)


def _length(plan: Sequence[PlannedCell]) -> int:
    return sum(len(cell.source) for cell in plan)
