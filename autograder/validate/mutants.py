"""Generate wrong answers: the solution with one small thing changed at a time.

Operators, numbers, conditions and loops are changed by cosmic-ray; what it lacks, and what decides in code on tensors,
is done here: a statement or an argument left out, a function taken for its neighbour; and in `slips`.
"""

import ast
import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from autograder.own_notebooks import solution_regions
from autograder.validate.slips import slips_of
from autograder.validate.source_text import replaced

__all__ = ["Mutant", "evenly", "mutants_of"]

_OPERATORS = re.compile(
    r"core/(NumberReplacer|ReplaceTrueWithFalse|ReplaceFalseWithTrue|ReplaceAndWithOr|ReplaceOrWithAnd|AddNot"
    r"|ReplaceBreakWithContinue|ReplaceContinueWithBreak|ZeroIterationForLoop|RemoveDecorator|ReplaceUnaryOperator_\w+"
    r"|ReplaceBinaryOperator_(Add_Sub|Sub_Add|Mul_Div|Div_Mul|Mul_Add|FloorDiv_Mul|FloorDiv_Div|Mod_Mul|Pow_Mul"
    r"|BitAnd_BitOr|BitOr_BitAnd)"
    r"|ReplaceComparisonOperator_(Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Lt_Gt|Gt_Lt|LtE_GtE|GtE_LtE|Eq_NotEq|NotEq_Eq"
    r"|Is_IsNot|IsNot_Is))"
)
"""Those of cosmic-ray's that are unlike each other; its other replacements of an operator fall where these do."""
_NEIGHBOURS = {
    "sum": "mean",
    "mean": "sum",
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "minimum": "maximum",
    "argmax": "argmin",
    "zeros": "ones",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "train": "eval",
    "eval": "train",
    "var": "std",
    "sqrt": "square",
    "ReLU": "Sigmoid",
    "MaxPool2d": "AvgPool2d",
    "rows": "columns",
    "add_": "sub_",
}


_MOVED = {"MovedOutOfLoop": "out of the loop", "MovedIntoLoop": "into the loop"}
"""Of these kinds the lines say nothing: they are the same before and after."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A solution cell with one change."""

    question: str
    kind: str
    """Which operator made it."""
    old: str
    """The lines that were changed, without indentation; joined by " / " where there are several."""
    new: str
    source: str
    """The whole cell."""


def mutants_of(question: str, source: str, around: frozenset[str] = frozenset()) -> list[Mutant]:
    """Return the mutants of a solution cell, changed inside its solution regions only, in the order of the lines.

    `around` are the names that the notebook defines elsewhere. Two that are the same code are one.
    """
    inside = {line for region in solution_regions(source) for line in region.lines}
    lines = source.splitlines()
    seen = {ast.dump(ast.parse(source))}
    found: list[tuple[int, Mutant]] = []
    for kind, changed in [*_by_cosmic_ray(source), *_by_us(source), *slips_of(source, around)]:
        code = _parsed(changed)
        if code is None or code in seen:
            continue
        blocks = [
            b for b in difflib.SequenceMatcher(None, lines, changed.splitlines()).get_opcodes() if b[0] != "equal"
        ]
        touched = {line for _, start, end, _, _ in blocks for line in range(start, max(end, start + 1))}
        if not touched <= inside:
            continue
        seen.add(code)
        old = " / ".join(line.strip() for _, start, end, _, _ in blocks for line in lines[start:end])
        new = " / ".join(line.strip() for *_, start, end in blocks for line in changed.splitlines()[start:end])
        new = f"{new} ({_MOVED[kind]})" if kind in _MOVED else new
        found.append((min(touched), Mutant(question=question, kind=kind, old=old, new=new, source=changed)))
    return [mutant for _, mutant in sorted(found, key=lambda pair: pair[0])]


def evenly(mutants: Sequence[Mutant], most: int, turn: int = 0) -> list[Mutant]:
    """Return at most so many of a question's mutants: of each kind in turn, those of one kind from all over the cell.

    `turn` says with which kind to begin: where there are more kinds than mutants, another question has the others.
    """
    if len(mutants) <= most:
        return list(mutants)
    by_kind: dict[str, list[Mutant]] = {}
    for mutant in mutants:
        by_kind.setdefault(_family(mutant.kind), []).append(mutant)
    kinds = sorted(by_kind)
    shares = dict.fromkeys(kinds, 0)
    place = turn
    while sum(shares.values()) < most:
        kind = kinds[place % len(kinds)]
        shares[kind] += shares[kind] < len(by_kind[kind])
        place += 1
    chosen = [by_kind[kind][n * len(by_kind[kind]) // share] for kind, share in shares.items() for n in range(share)]
    return sorted(chosen, key=mutants.index)


def _family(kind: str) -> str:
    """Return the kind; of cosmic-ray's many replacements of an operator one."""
    return kind.partition("_")[0]


def _parsed(source: str) -> str | None:
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return None


def _by_cosmic_ray(source: str) -> Iterator[tuple[str, str]]:
    from cosmic_ray.mutating import mutate_code  # noqa: PLC0415 - optional, and slow to load
    from cosmic_ray.plugins import get_operator, operator_names  # noqa: PLC0415 - of the extra `validate`

    for name in sorted(operator_names()):
        if not _OPERATORS.fullmatch(name):
            continue
        occurrence = 0
        while (changed := mutate_code(source, get_operator(name)(), occurrence)) is not None:
            yield name.removeprefix("core/"), changed
            occurrence += 1


def _by_us(source: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Return | ast.Raise):
            yield "StatementLeftOut", replaced(source, node, "pass")
        elif isinstance(node, ast.Call):
            arguments: list[ast.keyword | ast.expr] = [*node.keywords]
            for argument in [*arguments, *(one for one in node.args if isinstance(one, ast.Call))]:
                yield "ArgumentLeftOut", _without_argument(source, node, argument)
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in _NEIGHBOURS:
                yield "NeighbourTaken", _renamed(source, node.func, name)


def _without_argument(source: str, call: ast.Call, argument: ast.keyword | ast.expr) -> str:
    kept = [ast.unparse(other) for other in (*call.args, *call.keywords) if other is not argument]
    return replaced(source, call, f"{ast.unparse(call.func)}({', '.join(kept)})")


def _renamed(source: str, function: ast.expr, name: str) -> str:
    whole = ast.get_source_segment(source, function) or ""
    return replaced(source, function, whole[: len(whole) - len(name)] + _NEIGHBOURS[name])
