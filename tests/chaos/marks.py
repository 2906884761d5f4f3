"""Which test is marked with which row or promise, read from the source and not from a run.

So that a run can say which of them it has *not* run.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Kind = Literal["fault", "promise"]
KINDS: tuple[Kind, ...] = ("fault", "promise")


@dataclass(frozen=True, slots=True, order=True)
class Marked:
    """`test` is `tests/x/test_y.py::test_z`, or the file alone where the whole file is marked."""

    test: str
    kind: Kind
    number: int


def marked_in(tests: Path) -> frozenset[Marked]:
    """All of a folder, named from the folder above it. Raises ValueError for a mark without numbers."""
    return frozenset(
        each
        for file in sorted(tests.rglob("test_*.py"))
        for each in marked(file.read_text(encoding="utf-8"), str(file.relative_to(tests.parent)))
    )


def marked(source: str, name: str) -> Iterator[Marked]:
    """What one file marks: its functions by themselves, everything else as the file."""
    if not any(f"mark.{kind}(" in source for kind in KINDS):
        return
    for node in ast.parse(source).body:
        test = name
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            test = f"{name}::{node.name}"
        for kind, number in _numbers(node):
            yield Marked(test, kind, number)


def _numbers(node: ast.AST) -> Iterator[tuple[Kind, int]]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            for kind in KINDS:
                if ast.unparse(call.func) in (f"pytest.mark.{kind}", f"mark.{kind}"):
                    yield from ((kind, number) for number in _arguments(call))


def _arguments(call: ast.Call) -> list[int]:
    numbers = [ast.literal_eval(argument) for argument in call.args]
    if not numbers or not all(isinstance(number, int) for number in numbers):
        raise ValueError(f"a mark wants numbers: {ast.unparse(call)}")
    return numbers
