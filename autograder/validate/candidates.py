"""Choose the answers that are judged more often than once: the solution, known answers, the solution as other kinds."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from autograder.checks.catalogue import Check
from autograder.validate.answers import KnownAnswers, answered

__all__ = ["Candidate", "candidates_of", "of_other_kinds"]

_KINDS: Mapping[str, Mapping[str, str]] = {
    "int": {
        "numpy.int64": "__import__('numpy').int64({})",
        "float": "float({})",
        "bool": "bool({})",
        "a scalar tensor": "__import__('torch').tensor({})",
    },
    "float": {
        "numpy.float64": "__import__('numpy').float64({})",
        "numpy.float32": "__import__('numpy').float32({})",
        "a scalar tensor": "__import__('torch').tensor({})",
    },
    "bool": {"numpy.bool_": "__import__('numpy').bool_({})", "a scalar tensor": "__import__('torch').tensor({})"},
    "list": {
        "tuple": "tuple({})",
        "a namedtuple": "__import__('collections').namedtuple('Answer', [f'f{{n}}' for n in range(len({0}))])(*{0})",
        "torch.Size": "__import__('torch').Size({})",
        "a numpy array": "__import__('numpy').array({})",
    },
    "tuple": {
        "list": "list({})",
        "a namedtuple": "__import__('collections').namedtuple('Answer', [f'f{{n}}' for n in range(len({0}))])(*{0})",
        "torch.Size": "__import__('torch').Size({})",
        "a numpy array": "__import__('numpy').array({})",
    },
    "dict": {"an OrderedDict": "__import__('collections').OrderedDict({})"},
    "Tensor": {"torch.nn.Parameter": "__import__('torch').nn.Parameter({}, requires_grad=False)"},
}
"""By the name of a type: what people hand in instead, and how it is made."""
_FUNCTION = """

def _with_another_kind(function):
    def changed(*args, **kwargs):
        result = function(*args, **kwargs)
        return {made}
    return changed


{name} = _with_another_kind({name})
"""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """An answer to some questions; the others are answered as the solution does."""

    name: str
    """As a sentence names it: "the wrong answer 'one more'"."""
    cells: Mapping[str, str]
    """Whole cells, by question; of all questions."""
    changed: frozenset[str]
    """The questions that it answers in another way than the solution."""
    questions: frozenset[str]
    """The questions whose checks judge it."""
    must_pass: bool
    kinds: Mapping[str, str] = field(default_factory=dict)
    """By question, as what kind of value the solution is handed in, where as another."""

    def name_for(self, question: str) -> str:
        """Return the name for a sentence about one of its questions."""
        return f"the solution as {self.kinds[question]}" if question in self.kinds else self.name

    def checks(self, checks: Sequence[Check], *, public_only: bool = False) -> tuple[str, ...]:
        """Return the checks that judge it, in the batch's order, without those that train."""
        return tuple(
            check.id
            for check in checks
            if check.question in self.questions and check.deadline is None and (check.public or not public_only)
        )


def candidates_of(solution: Mapping[str, str], known: KnownAnswers, left_out: frozenset[str]) -> list[Candidate]:
    """Return the solution, then the known answers; questions that are left out are judged in none of them."""
    whole = frozenset(solution)
    found = [
        Candidate(name="the solution", cells=solution, changed=frozenset(), questions=whole - left_out, must_pass=True)
    ]
    for answer in known.answers:
        cells = answered(answer, solution)
        if not answer.is_right and left_out & frozenset(cells):
            continue  # what a wrong answer to a slow question does to others is no part of the quick form
        found.append(
            Candidate(
                name=f"the {'right' if answer.is_right else 'wrong'} answer {answer.name!r}",
                cells={**solution, **{question: cells[question] for question in cells if question not in left_out}},
                changed=frozenset(cells) - left_out,
                questions=frozenset(cells) - left_out,
                must_pass=answer.is_right,
            )
        )
    return [candidate for candidate in found if candidate.questions]


def of_other_kinds(solution: Candidate, values: Mapping[str, str], libraries: Sequence[str]) -> list[Candidate]:
    """Return the solution with its values, and what its functions return, as other kinds: several questions at a time.

    `values` has the type's name of each solution that is a plain value; a function says its own in its annotation.
    """
    additions = {
        question: [
            (kind, addition)
            for kind, addition in _additions(question, solution.cells[question], values.get(question, ""))
            if "torch" in libraries or "'torch'" not in addition
        ]
        for question in solution.questions
    }
    found = []
    for number in range(max(map(len, additions.values()), default=0)):
        chosen = {question: some[number] for question, some in additions.items() if number < len(some)}
        changed = {question: solution.cells[question] + addition for question, (_, addition) in chosen.items()}
        found.append(
            Candidate(
                name=f"the solution as other kinds {number + 1}",
                cells={**solution.cells, **changed},
                changed=frozenset(changed),
                questions=frozenset(changed),
                must_pass=False,
                kinds={question: kind for question, (kind, _) in chosen.items()},
            )
        )
    return found


def _additions(question: str, source: str, value: str) -> Iterator[tuple[str, str]]:
    """Yield each kind with the lines that make it, to be written below the solution."""
    for kind, made in _KINDS.get(value, {}).items():
        yield kind, f"\n{question} = {made.format(question)}\n"
    for kind, made in _KINDS.get(_returned(question, source), {}).items():
        yield kind, _FUNCTION.format(name=question, made=made.format("result"))


def _returned(question: str, source: str) -> str:
    """Return the name of the type that the function of a question's name is annotated to return, "" for none."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef) and statement.name == question and statement.returns is not None:
            return ast.unparse(statement.returns).partition("[")[0].rpartition(".")[2]
    return ""
