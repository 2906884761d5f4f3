"""`responder run`."""

from typing import Annotated, Literal

from cyclopts import Parameter

from responder.app.run import run_roles
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal
from responder.telemetry import logging

Role = Literal[
    "gateway",
    "triage",
    "drafting",
    "console",
    "delivery",
    "relay",
    "sla",
    "reconcile",
    "audit",
]


async def run(
    role: Annotated[
        list[Role], Parameter(name="--role", negative="", help="What to run; several at once.")
    ],
    *,
    place: Place = HERE,
) -> int:
    settings = place.settings()
    logging.configure(settings.logging.level, settings.logging.format)
    return await run_roles(settings, place.environ(), role, say=terminal().say)
