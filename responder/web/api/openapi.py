"""The OpenAPI 3.1 document, from the models and one table of operations."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from responder.insights.response_times import MOST_DAYS
from responder.web.api.models import (
    KEY_LIMIT,
    PAGE_LIMIT,
    STATES,
    ApproveRequest,
    DismissRequest,
    Engagement,
    EngagementList,
    ProblemShown,
    StopClockRequest,
)
from responder.web.api.response_times import ResponseTimesShown
from responder.web.days import USUAL

VERSION = "1.0.0"
TAKEN: tuple[type[BaseModel], ...] = (ApproveRequest, DismissRequest, StopClockRequest)
GIVEN: tuple[type[BaseModel], ...] = (
    *(Engagement, EngagementList, ResponseTimesShown, ProblemShown),
)


Parameter: TypeAlias = tuple[str, str, dict[str, Any]]
"""Name, meaning and schema."""
_OF_LIST: tuple[Parameter, ...] = (
    (
        "state",
        "Which ones; open by default.",
        {"type": "string", "enum": list(STATES), "default": "open"},
    ),
    ("queue", "Only this queue.", {"type": "string"}),
    ("source", "Only this source.", {"type": "string"}),
    ("q", "Words that must all occur in the text or the author's name.", {"type": "string"}),
    ("after", "`next` of the page before.", {"type": "string"}),
    ("limit", "How many.", {"type": "integer", "minimum": 1, "maximum": PAGE_LIMIT, "default": 50}),
)
_OF_DAYS: tuple[Parameter, ...] = (
    (
        "days",
        "So many days up to today, in UTC.",
        {"type": "integer", "minimum": 1, "maximum": MOST_DAYS, "default": USUAL},
    ),
    ("first", "Or from this day on.", {"type": "string", "format": "date"}),
    (
        "last",
        "Up to this day, it included; by default today.",
        {"type": "string", "format": "date"},
    ),
)


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    name: str
    summary: str
    answers: type[BaseModel]
    takes: type[BaseModel] | None = None
    problems: tuple[int, ...] = ()
    asks: tuple[Parameter, ...] = ()
    """In its query."""


OPERATIONS = (
    Operation(
        "get", "/engagements", "listEngagements", "A page of the queue, soonest due first.",
        EngagementList, problems=(400, 401), asks=_OF_LIST,
    ),
    Operation(
        "get", "/insights/response-times", "readResponseTimes",
        "How long people wait for a first reply, and how due times came out.",
        ResponseTimesShown, problems=(400, 401), asks=_OF_DAYS,
    ),
    Operation(
        "get", "/engagements/{id}", "readEngagement", "One comment, with what a decision needs.",
        Engagement, problems=(401, 404),
    ),
    Operation(
        "post", "/engagements/{id}/approve", "approve", "Send this text, after the undo time.",
        Engagement, ApproveRequest, (400, 401, 403, 404, 409),
    ),
    Operation(
        "post", "/engagements/{id}/dismiss", "dismiss", "Close without reply, after the undo time.",
        Engagement, DismissRequest, (400, 401, 403, 404, 409),
    ),
    Operation(
        "post", "/engagements/{id}/undo", "undo", "Take a decision back within its undo time.",
        Engagement, problems=(401, 403, 404, 409),
    ),
    Operation(
        "post", "/engagements/{id}/stop-clock", "stopClock",
        "Let the time not count until the clock goes on.",
        Engagement, StopClockRequest, (400, 401, 403, 404, 409),
    ),
    Operation(
        "post", "/engagements/{id}/start-clock", "startClock", "Let the time count again.",
        Engagement, problems=(401, 403, 404, 409),
    ),
)  # fmt: skip

_PROBLEMS = {
    400: "Something in the request is not as it must be; nothing was done.",
    401: "No API token, or one that is not known.",
    403: "The role does not include this.",
    404: "There is no such engagement.",
    409: "The thread changed since it was read, or somebody decided already; nothing was done.",
}


def document(public_url: str = "http://127.0.0.1:8080") -> dict[str, Any]:
    """The whole document, as JSON-able data; the same input gives the same document."""
    _, schemas = models_json_schema(
        [(model, "validation") for model in TAKEN] + [(model, "serialization") for model in GIVEN],
        ref_template="#/components/schemas/{model}",
    )
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/api/v1{operation.path}", {})[operation.method] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Responder",
            "version": VERSION,
            "summary": "Read the queue and decide, as a person may in the console.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url.rstrip("/")}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas["$defs"],
        },
    }


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": _parameters(operation),
        "responses": {
            "200": {"description": "Done.", "content": _content(operation.answers)},
            **{
                str(status): {
                    "description": _PROBLEMS[status],
                    "content": _content(ProblemShown, "application/problem+json"),
                }
                for status in operation.problems
            },
        },
    }
    if operation.takes is not None:
        described["requestBody"] = {"required": True, "content": _content(operation.takes)}
    return described


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    if "{id}" not in operation.path:
        return [
            {"name": name, "in": "query", "description": text, "schema": schema}
            for name, text, schema in operation.asks
        ]
    identifier = {"type": "string", "format": "uuid"}
    parameters: list[dict[str, Any]] = [
        {"name": "id", "in": "path", "required": True, "schema": identifier}
    ]
    if operation.takes is not None:
        parameters.append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "A repeat with the same key, for the same act, does nothing.",
                "schema": {"type": "string", "maxLength": KEY_LIMIT},
            }
        )
    return parameters


def _content(model: type[BaseModel], media_type: str = "application/json") -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}}
