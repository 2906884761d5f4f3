"""`responder doctor`."""

import json
from dataclasses import asdict
from typing import Annotated

from cyclopts import Parameter

from responder.app.doctor import examine
from responder.cli import findings
from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal


async def doctor(
    *,
    as_json: Annotated[
        bool, Parameter(name="--json", negative="", help="For programs: one JSON array.")
    ] = False,
    place: Place = HERE,
) -> Exit:
    found = await examine(place.settings(), place.environ())
    if as_json:
        terminal().out.print_json(json.dumps([asdict(each) for each in found]))
    else:
        findings.show(terminal(), found)
    return findings.verdict(found)
