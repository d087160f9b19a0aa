"""What a check needs of its module follows from one rule, for the export as for the fingerprint."""

import ast

import pytest

from autograder.checks.module_code import ModuleCode, names_bound, names_used

MODULE = '''"""Checks."""
import torch
import torch.nn
from math import pi as circle, tau

LENGTH = 3
LENGTH += 1
"""How many."""


def ones(count):
    return torch.ones(count) * LENGTH


@pytest.fixture
def doubled(student):
    return ones(2)


@pytest.mark.usefixtures("doubled")
def test_it(doubled):
    assert circle


torch.manual_seed(1)
'''


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("def f(): x = 1", ["f"]),
        ("async def f(): pass", ["f"]),
        ("class C: x = 1", ["C"]),
        ("import a.b, c as d", ["a", "d"]),
        ("from a import b, c as d", ["b", "d"]),
        ("from a import *", []),
        ("x = y = z", ["x", "y"]),
        ("x, (y, z) = 1, (2, 3)", ["x", "y", "z"]),
        ("x: int = 1", ["x"]),
        ("x += 1", ["x"]),
        ("@fixture(autouse=True)\ndef f(): pass", []),
        ("print(x)", []),
        ("for x in y: pass", []),
    ],
)
def test_the_names_that_a_statement_defines(statement, names):
    assert list(names_bound(ast.parse(statement).body[0])) == names


def test_fixtures_are_used_by_parameter_and_by_text_where_pytest_runs_the_code():
    code = [ast.parse("def test_it(doubled): f('network', 'no name')")]
    assert {*names_used(code, with_fixtures=False)} == {"f"}
    assert {*names_used(code, with_fixtures=True)} == {"f", "doubled", "network"}


def test_a_closure_holds_each_statement_that_defines_a_name_in_the_files_order():
    needed = ModuleCode(MODULE).closure(["ones"], with_fixtures=False)
    assert [(name, ast.unparse(statement).splitlines()[0]) for name, statement in needed] == [
        ("torch", "import torch"),
        ("torch", "import torch.nn"),
        ("LENGTH", "LENGTH = 3"),
        ("LENGTH", "LENGTH += 1"),
        ("ones", "def ones(count):"),
    ]


def test_a_closure_without_fixtures_knows_nothing_of_parameters():
    module = ModuleCode(MODULE)
    assert "doubled" not in dict(module.closure(["test_it"], with_fixtures=False))
    assert {"doubled", "ones", "LENGTH"} <= dict(module.closure(["test_it"], with_fixtures=True)).keys()


def test_what_defines_nothing_always_runs():
    assert [ast.unparse(statement) for statement in ModuleCode(MODULE).always] == ["torch.manual_seed(1)"]


def test_a_statement_as_it_was_written_has_its_decorators():
    module = ModuleCode(MODULE)
    (fixture,) = module.defining("doubled")
    assert module.text(fixture) == "@pytest.fixture\ndef doubled(student):\n    return ones(2)"
