"""Rules of our own that no linter knows. Each says why it is there, and the way out."""

import ast
import re
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.source import ROOT, Module, package

LONGEST_MODULE = 500
LONGEST_FUNCTION = 80
MAY_START_TASKS = ("stream", "app", "adapters", "web", "testing")
DRAWERS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "base", "misc"}
STATE_WRITER = "responder/adapters/postgres/recording.py"

PACKAGE = package()


def _parsed(text: str, name: str = "responder/triage/example.py") -> Module:
    return Module(ROOT / name, text, ast.parse(text))


def _calls(module: Module, *names: str) -> Iterator[ast.Call]:
    for node in module.walk():
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else node.func
            called = called.id if isinstance(called, ast.Name) else called
            if called in names:
                yield node


def _said(breaches: Iterable[str], why: str) -> str:
    return f"{why}\n" + "\n".join(breaches)


# --- states --------------------------------------------------------------------------------------


def moves_made(module: Module) -> list[str]:
    if module.name == "responder/engagement/lifecycle.py":
        return []
    return [module.at(call) for call in _calls(module, "Move")]


def states_written(module: Module) -> list[str]:
    """SQL that gives an engagement a state that the lifecycle did not decide."""
    found = []
    for node in module.walk():
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for update in re.finditer(
                r"UPDATE\s+engagement\b.*?(?=WHERE|$)", node.value, re.DOTALL
            ):
                value = re.search(r"\bstate\s*=\s*(\S+)", update[0])
                if value and (module.name != STATE_WRITER or not value[1].startswith(":")):
                    found.append(module.at(node))
    return found


def test_only_the_lifecycle_decides_which_state_follows() -> None:
    breaches = [each for module in PACKAGE for each in moves_made(module)]
    why = "A move is made by `lifecycle.step`, which knows the table; never by hand."
    assert breaches == [], _said(breaches, why)


def test_only_one_module_writes_a_state_and_only_as_it_was_decided() -> None:
    breaches = [each for module in PACKAGE for each in states_written(module)]
    why = f"A state and its audit entry are one write: hand the move to {STATE_WRITER}."
    assert breaches == [], _said(breaches, why)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("responder/adapters/postgres/x.py", "s = \"UPDATE engagement SET state = 'answered'\""),
        (STATE_WRITER, "s = \"UPDATE engagement e SET due = 1, state = 'open' WHERE id = 1\""),
    ],
)
def test_a_state_written_by_hand_is_found(name: str, text: str) -> None:
    assert states_written(_parsed(text, name)) == [f"{name}:1"]


def test_a_move_made_by_hand_is_found() -> None:
    assert moves_made(_parsed("Move(trigger=1)")) == ["responder/triage/example.py:1"]


# --- tasks ---------------------------------------------------------------------------------------


def tasks_started(module: Module) -> list[str]:
    if module.name.split("/")[1] in MAY_START_TASKS:
        return []
    return [
        module.at(call)
        for call in _calls(module, "create_task", "ensure_future", "TaskGroup", "gather", "Thread")
    ]


def test_no_task_is_started_where_nobody_would_await_it() -> None:
    breaches = [each for module in PACKAGE for each in tasks_started(module)]
    why = f"Tasks start in {', '.join(MAY_START_TASKS)}; elsewhere give a coroutine back."
    assert breaches == [], _said(breaches, why)


def test_a_task_that_is_started_is_found() -> None:
    assert tasks_started(_parsed("asyncio.create_task(x())")) == ["responder/triage/example.py:1"]


# --- errors --------------------------------------------------------------------------------------


def errors_swallowed(module: Module) -> list[str]:
    """`except` for everything that neither re-raises nor says who will see it."""
    found = []
    for node in module.walk():
        if not isinstance(node, ast.ExceptHandler) or not _catches_all(node):
            continue
        line = module.lines[node.lineno - 1]
        has_reason = re.search(r"#.*(?: - |# )\S", line) is not None
        if not has_reason and not _raises_again(node):
            found.append(module.at(node))
    return found


def _catches_all(node: ast.ExceptHandler) -> bool:
    return node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}


def _raises_again(node: ast.ExceptHandler) -> bool:
    return any(isinstance(each, ast.Raise) for each in node.body)


def test_who_catches_everything_says_who_will_see_it() -> None:
    breaches = [each for module in PACKAGE for each in errors_swallowed(module)]
    why = "Raise again, catch what is meant, or say in a comment on that line who will see it."
    assert breaches == [], _said(breaches, why)


def test_an_error_that_is_swallowed_is_found() -> None:
    text = "try:\n    x()\nexcept Exception:  # noqa: BLE001\n    pass\n"
    assert errors_swallowed(_parsed(text)) == ["responder/triage/example.py:3"]


# --- size and names ------------------------------------------------------------------------------


def functions_too_long(module: Module) -> list[str]:
    return [
        f"{module.name}:{node.lineno} {node.name}"
        for node in module.walk()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]


def test_no_module_outgrows_what_one_can_keep_in_mind() -> None:
    breaches = [each.name for each in PACKAGE if len(each.lines) > LONGEST_MODULE]
    why = f"More than {LONGEST_MODULE} lines usually hold two things: part them."
    assert breaches == [], _said(breaches, why)


def test_no_function_outgrows_the_screen() -> None:
    breaches = [each for module in PACKAGE for each in functions_too_long(module)]
    why = f"More than {LONGEST_FUNCTION} lines usually mix deciding with doing: part them."
    assert breaches == [], _said(breaches, why)


def test_a_function_that_is_too_long_is_found() -> None:
    text = "def long():\n" + "    x()\n" * LONGEST_FUNCTION
    assert functions_too_long(_parsed(text)) == ["responder/triage/example.py:1 long"]


def test_no_module_is_a_drawer_for_everything() -> None:
    breaches = [each.name for each in PACKAGE if each.path.stem in DRAWERS]
    assert breaches == [], _said(breaches, "Name it for what it does.")


def logic_in_init(module: Module) -> list[str]:
    if module.path.name != "__init__.py":
        return []
    return [module.at(node) for node in module.tree.body if not _is_harmless(node)]


def _is_harmless(node: ast.stmt) -> bool:
    match node:
        case ast.Import() | ast.ImportFrom() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case _:
            return False


def test_an_init_holds_no_logic() -> None:
    breaches = [each for module in PACKAGE for each in logic_in_init(module)]
    assert breaches == [], _said(breaches, "Importing a package must do nothing: give it a module.")


def test_logic_in_an_init_is_found() -> None:
    assert logic_in_init(_parsed("x = 1", "responder/triage/__init__.py")) != []
