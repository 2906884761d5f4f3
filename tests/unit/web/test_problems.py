"""The catalogue of problems, and what errors of the domain become over HTTP."""

import json
import re
from dataclasses import dataclass

import pytest

from responder.engagement.errors import (
    Conflict,
    Malformed,
    Misconfigured,
    NotFound,
    RateLimited,
    Refused,
    ResponderError,
    TooLarge,
    Unavailable,
    Unsettled,
)
from responder.web import problems
from responder.web.problems import CATALOGUE, Problem


@dataclass(eq=False, kw_only=True)
class StaleThing(Conflict):
    """The thing has changed."""


@dataclass(eq=False, kw_only=True)
class MissingKey(Misconfigured):
    """The key at {where} is missing."""

    where: str


def test_every_problem_is_in_the_catalogue_once() -> None:
    defined = [value for value in vars(problems).values() if isinstance(value, Problem)]
    assert sorted(p.code for p in CATALOGUE) == sorted({p.code for p in defined})


def test_the_catalogue_goes_by_status() -> None:
    assert [p.status for p in CATALOGUE] == sorted(p.status for p in CATALOGUE)


@pytest.mark.parametrize("problem", CATALOGUE, ids=lambda problem: problem.code)
def test_a_problem_says_what_happened_why_and_what_to_do_next(problem: Problem) -> None:
    response = problems.respond(problem)
    assert isinstance(response.body, bytes)
    said = json.loads(response.body)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", said["code"])
    assert said["type"] == f"urn:responder:problem:{said['code']}"
    assert said["status"] == response.status == problem.status
    assert all(said[part].endswith(".") for part in ("title", "detail", "remedy"))


def test_nothing_tells_a_sender_to_stop_for_good() -> None:
    """Senders delete a webhook on 410, and count a redirect as a failure."""
    assert all(p.status >= 400 and p.status != 410 for p in CATALOGUE)


@pytest.mark.parametrize("problem", CATALOGUE, ids=lambda problem: problem.code)
def test_what_may_work_later_says_when(problem: Problem) -> None:
    if problem.status == 503:
        assert int(problem.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Malformed(what="text", why="it is missing"), 400, "malformed"),
        (NotFound(what="queue", name="x"), 404, "not-found"),
        (TooLarge(what="the text", limit_bytes=1), 413, "too-large"),
        (StaleThing(), 409, "stale-thing"),
        (RateLimited(what="the model", after_seconds=7.4), 429, "rate-limited"),
        (Unavailable(what="the ledger", why="it is away"), 503, "unavailable"),
        (Unsettled(), 503, "unsettled"),
        (Refused(), 403, "refused"),
        (ResponderError(), 500, "internal-error"),
    ],
)
def test_the_branch_of_an_error_decides_the_status_and_the_error_is_the_code(
    error: ResponderError, status: int, code: str
) -> None:
    response = problems.of_error(error)
    assert isinstance(response.body, bytes)
    assert (response.status, json.loads(response.body)["code"]) == (status, code)


def test_a_wait_that_is_known_is_said() -> None:
    response = problems.of_error(RateLimited(what="the model", after_seconds=7.4))
    assert response.headers["Retry-After"] == "7"


def test_what_an_operator_must_change_is_not_told_to_strangers() -> None:
    response = problems.of_error(MissingKey(where="/etc/key"))
    assert isinstance(response.body, bytes)
    assert response.status == 503
    assert b"/etc/key" not in response.body


@pytest.mark.parametrize(("status", "shown"), [(404, 404), (418, 400), (501, 500), (411, 400)])
def test_what_the_library_refuses_by_itself_is_a_problem_too(status: int, shown: int) -> None:
    assert problems.of_status(status).status == shown
