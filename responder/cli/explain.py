"""An error for a person: what happened, why, what to do next, and where to read on."""

import traceback
from dataclasses import dataclass

from cyclopts import CycloptsError

from responder.cli.exits import Exit
from responder.cli.terminal import Terminal
from responder.engagement.errors import (
    Conflict,
    Invalid,
    Misconfigured,
    Refused,
    ResponderError,
    Retryable,
    Unsettled,
)
from responder.stream.log import LogError

DOCS = "docs/reference/errors.md"


@dataclass(frozen=True, slots=True)
class Explanation:
    what: str
    why: str
    next_step: str
    docs: str
    exit_code: Exit


_BRANCHES: tuple[tuple[type[ResponderError], str, str, Exit], ...] = (
    (
        Misconfigured,
        "Something outside the program is not as it must be.",
        "Change it as said above, then run the command again: responder doctor checks all of it.",
        Exit.MISCONFIGURED,
    ),
    (
        Retryable,
        "Something this command needs does not answer. Nothing was changed.",
        "Try again in a moment; responder doctor says what is missing.",
        Exit.UNREACHABLE,
    ),
    (
        Unsettled,
        "It is not known whether it happened.",
        "Look before you repeat it.",
        Exit.FAILED,
    ),
    (
        Conflict,
        "Somebody or something else was there first. Nothing was changed.",
        "Do as said above, then run the command again.",
        Exit.FAILED,
    ),
    (
        Invalid,
        "What was asked for cannot be done as it was asked. Nothing was changed.",
        "Look at what was typed; --help shows an example.",
        Exit.FAILED,
    ),
    (Refused, "That is not allowed. Nothing was changed.", "Ask somebody who may.", Exit.FAILED),
)


def explain(error: Exception) -> Explanation:
    """Any error that a command can end with."""
    match error:
        case CycloptsError():
            return Explanation(
                what=str(error),
                why="The command line was not understood. Nothing was changed.",
                next_step="responder --help shows every command, with --help each its options.",
                docs="docs/reference/commands.md",
                exit_code=Exit.WRONG_USAGE,
            )
        case ResponderError():
            return _named(error)
        case LogError() | ConnectionError() | TimeoutError():
            return Explanation(
                what=str(error) or type(error).__name__,
                why="Something this command needs does not answer.",
                next_step="Try again in a moment; responder doctor says what is missing.",
                docs=DOCS,
                exit_code=Exit.UNREACHABLE,
            )
        case _:
            return Explanation(
                what=f"{type(error).__name__}: {error}",
                why="This is a fault of Responder's, not of yours.",
                next_step="Run it again with --debug and report what it shows; it holds no secret"
                " of ours, but look it through.",
                docs=DOCS,
                exit_code=Exit.FAILED,
            )


def show(terminal: Terminal, error: Exception, *, debug: bool) -> Exit:
    """Print it, with the traceback only where it was asked for."""
    explanation = explain(error)
    if debug:
        terminal.complain("".join(traceback.format_exception(error)))
    terminal.complain(f"error: {explanation.what}", style="bold red")
    terminal.complain(f"why:   {explanation.why}")
    terminal.complain(f"next:  {explanation.next_step}")
    terminal.complain(f"docs:  {explanation.docs}")
    return explanation.exit_code


def _named(error: ResponderError) -> Explanation:
    for branch, why, next_step, exit_code in _BRANCHES:
        if isinstance(error, branch):
            return Explanation(str(error), why, next_step, f"{DOCS}#{error.code}", exit_code)
    return Explanation(str(error), "", "", DOCS, Exit.FAILED)
