"""The project's own source, read as text: nothing of it is imported."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Module:
    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def at(self, node: ast.expr | ast.stmt | ast.excepthandler) -> str:
        return f"{self.name}:{node.lineno}"

    def walk(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)


def package() -> list[Module]:
    """Every module of the package."""
    found = [(path, path.read_text()) for path in sorted((ROOT / "responder").rglob("*.py"))]
    return [Module(path, text, ast.parse(text)) for path, text in found]
