"""`responder version`."""

import platform
from importlib.metadata import version as installed
from typing import Annotated

from cyclopts import Parameter

from responder.cli.exits import Exit
from responder.cli.terminal import terminal

SHOWN = ("aiohttp", "aiokafka", "sqlalchemy", "asyncpg", "pydantic")


def version(
    *,
    verbose: Annotated[
        bool, Parameter(negative="", help="Also Python, system and libraries, for a bug report.")
    ] = False,
) -> Exit:
    terminal().say(f"responder {installed('responder')}")
    if verbose:
        terminal().say(f"python {platform.python_version()} on {platform.platform()}")
        for library in SHOWN:
            terminal().say(f"{library} {installed(library)}")
    return Exit.DONE
