"""`responder migrate`."""

from typing import Annotated

from cyclopts import Parameter

from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal


async def migrate(
    *,
    check: Annotated[
        bool, Parameter(negative="", help="Change nothing; exit code 5 if something is missing.")
    ] = False,
    place: Place = HERE,
) -> Exit:
    done = await place.admin().migrate(check=check)
    for name in done.applied:
        terminal().say(f"applied {name}")
    for name in done.made_topics:
        terminal().say(f"made the topic {name}")
    for name in (*done.pending, *done.missing_topics):
        terminal().say(f"missing {name}")
    if not done.is_complete:
        return Exit.FOUND_SOMETHING
    terminal().say("The schema and the topics are as this version needs them.")
    return Exit.DONE
