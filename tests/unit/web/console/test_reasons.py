"""Every reason, act and stage that the code can name has words; they are read from the code itself."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import get_args

import pytest

import responder
from responder.delivery.ports import Preflight
from responder.drafting.output import Refusal
from responder.engagement.lifecycle import Trigger
from responder.engagement.model import DismissalReason
from responder.intake.ports import Reason
from responder.stream.handler import FAILED, HANDLER_TIMEOUT, HEAD_OF_LINE
from responder.web.console import words

CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")
CARRIERS = frozenset({"Objection", "_refused", "void_decisions"})
"""Calls that name a reason by its place among the arguments."""
PLACES = (
    "adapters/openai",
    "adapters/postgres",
    "delivery",
    "drafting",
    "reconcile",
    "review",
    "triage",
)
"""Where entries of the history and refusals of drafts are made."""


@cache
def nodes(*places: str) -> tuple[ast.AST, ...]:
    root = Path(responder.__file__).parent
    files = sorted(file for place in places for file in (root / place).rglob("*.py"))
    assert files
    return tuple(node for file in files for node in ast.walk(ast.parse(file.read_text())))


def texts(value: ast.expr) -> Iterator[str]:
    """What an expression can be, as far as it is written out."""
    if isinstance(value, ast.IfExp):
        yield from (*texts(value.body), *texts(value.orelse))
    if isinstance(value, ast.Constant) and CODE.fullmatch(str(value.value)):
        yield str(value.value)


def given(*names: str) -> set[str]:
    """Every value that something of this name is given."""
    return {
        text
        for node in nodes(*PLACES)
        if isinstance(node, ast.keyword | ast.Assign) and name_of(node) in names
        for text in texts(node.value)
    }


def name_of(node: ast.keyword | ast.Assign) -> str | None:
    return node.arg if isinstance(node, ast.keyword) else ast.unparse(node.targets[0])


def carried() -> set[str]:
    """Every reason that stands beside others: in a call, or after its trigger."""
    found: set[str] = set()
    for node in nodes(*PLACES):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in CARRIERS:
            found.update(text for argument in node.args for text in texts(argument))
        elif isinstance(node, ast.Tuple) and ast.unparse(node).startswith("(Trigger."):
            found.update(texts(node.elts[1]))
    return found


def groups() -> set[str]:
    """The consumer groups: a record is buried in the name of one."""
    given = [node for node in nodes("app") if isinstance(node, ast.keyword)]
    said = [ast.literal_eval(node.value) for node in given if is_name_of_stage(node)]
    return set(said)


def is_name_of_stage(node: ast.keyword) -> bool:
    return node.arg in {"group", "stage"} and isinstance(node.value, ast.Constant)


def test_every_reason_that_the_code_can_give_has_its_words() -> None:
    written = given("reason", "refusal") | carried()
    assert {
        "no_way_out",
        "approval_void",
        "ungrounded",
        "unsafe_output",
        "model_declined",
    } < written
    known = {each.value for values in (DismissalReason, Preflight) for each in values} - {"ok"}
    streams = {FAILED, HANDLER_TIMEOUT, HEAD_OF_LINE}
    assert (written | known | streams | set(get_args(Refusal))) - set(words.WHY) == set()


def test_every_cause_of_a_refused_push_has_its_words() -> None:
    assert set(words.CAUSES) == set(Reason)


def test_every_act_of_the_history_has_its_words() -> None:
    acts = given("act") | set(Trigger)
    assert {"drafted", "comment_deleted", "released"} < acts
    assert acts - set(words.ACTS) == set()


def test_everybody_who_acts_has_a_name() -> None:
    actors = given("actor")
    assert {"triage", "delivery"} < actors
    assert actors - set(words.WRITERS) == set()


def test_every_stage_at_which_a_record_can_fail_has_its_words() -> None:
    stages = groups()
    assert {"triage", "delivery"} < stages
    assert (stages | {"push"}) - set(words.STAGES) == set()


@pytest.mark.parametrize("unknown", ["quota_exceeded", "quota"])
def test_a_reason_from_outside_is_quoted_calmly(unknown: str) -> None:
    said = words.why(unknown)
    assert "_" not in said
    assert said.startswith("for a reason without words here: “quota")


def test_a_reason_in_words_stays_as_it_is() -> None:
    assert words.why("the data: it is no JSON") == "the data: it is no JSON"
    assert words.why("KeyError: 'x'") == "KeyError: 'x'"


def test_a_stage_and_a_cause_from_outside_are_quoted_calmly() -> None:
    assert words.stage("copying_out") == "in a part called “copying out”"
    assert words.cause("odd_moon") == "Refused as “odd moon”"


def test_a_heading_begins_like_a_sentence() -> None:
    assert words.trouble("the body cannot be read: not JSON") == "The body cannot be read: not JSON"
    assert words.trouble("handler_timeout") == "It took too long"


def test_how_a_connection_is_tested_is_said_in_words() -> None:
    proofs = [
        node.value
        for node in nodes("platforms", "testing")
        if isinstance(node, ast.keyword) and node.arg == "proof"
    ]
    said = {text for value in proofs for text in texts(value)} | {"real peer"}
    assert said == set(words.PROOFS)
