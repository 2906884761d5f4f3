"""The commands as one program, and how it ends.

Each command lives in a module of its own, which is loaded only when it is run: `responder version`
should not wait for a database driver.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import version as installed

from cyclopts import App, CycloptsError, UnknownCommandError

from responder.cli import explain
from responder.cli.exits import Exit
from responder.cli.interrupts import ending_at_once
from responder.cli.terminal import Terminal, using

HELP = """Every public comment about you gets a considered answer, or an end you can account for.

Everywhere: --debug shows the traceback of an error, --no-color leaves colours out.
"""


@dataclass(frozen=True, slots=True)
class _Command:
    path: tuple[str, ...]
    function: str
    help: str
    example: str


COMMANDS = (
    _Command(
        ("up",),
        "responder.cli.up:up",
        "Start everything on this machine, with a database of its own.",
        "responder up --port 0",
    ),
    _Command(
        ("demo",),
        "responder.cli.up:demo",
        "The same in a temporary folder, with invented people who comment.",
        "responder demo --port 0",
    ),
    _Command(
        ("run",),
        "responder.cli.run:run",
        "Run chosen roles in this process.",
        "responder run --role triage --role drafting",
    ),
    _Command(
        ("migrate",),
        "responder.cli.migrate:migrate",
        "Bring the database's schema and the log's topics to this version.",
        "responder migrate --check",
    ),
    _Command(
        ("topics", "plan"),
        "responder.cli.topics:plan",
        "Say which topics Kafka lacks, and how to make them.",
        "responder topics plan",
    ),
    _Command(
        ("topics", "apply"),
        "responder.cli.topics:apply",
        "Make the topics that Kafka lacks.",
        "responder topics apply",
    ),
    _Command(
        ("doctor",),
        "responder.cli.doctor:doctor",
        "Say what is wrong, and what mends it.",
        "responder doctor --json",
    ),
    _Command(
        ("deadletter", "list"),
        "responder.cli.deadletter:list_",
        "List what could not be read.",
        "responder deadletter list --status open",
    ),
    _Command(
        ("deadletter", "show"),
        "responder.cli.deadletter:show",
        "Show one of them whole.",
        "responder deadletter show 0196b0de",
    ),
    _Command(
        ("deadletter", "retry"),
        "responder.cli.deadletter:retry",
        "Hand it back to be read again.",
        "responder deadletter retry 0196b0de",
    ),
    _Command(
        ("deadletter", "drop"),
        "responder.cli.deadletter:drop",
        "Close it, with the reason.",
        'responder deadletter drop 0196b0de --note "a test of ours"',
    ),
    _Command(
        ("deadletter", "allow"),
        "responder.cli.deadletter:allow",
        "Let a stage that stopped for too many failures go on.",
        "responder deadletter allow --group triage --records 100",
    ),
    _Command(
        ("source", "list"),
        "responder.cli.source:list_",
        "List the places that comments come from.",
        "responder source list",
    ),
    _Command(
        ("source", "check"),
        "responder.cli.source:check",
        "Say what a place has to change so that it can be read and answered.",
        "responder source check blog",
    ),
    _Command(
        ("user", "add"),
        "responder.cli.user:add",
        "Add somebody, and make a link to sign in with.",
        "responder user add Ada --role approver",
    ),
    _Command(
        ("user", "link"),
        "responder.cli.user:link",
        "Make another link to sign in with.",
        "responder user link Ada",
    ),
    _Command(
        ("user", "list"),
        "responder.cli.user:list_",
        "List who may sign in.",
        "responder user list",
    ),
    _Command(
        ("config", "check"),
        "responder.cli.config:check",
        "Say whether settings and responder.toml are usable.",
        "responder config check",
    ),
    _Command(
        ("config", "show"),
        "responder.cli.config:show",
        "Show every setting in force and where it comes from.",
        "responder config show",
    ),
    _Command(
        ("config", "docs"),
        "responder.cli.config:docs",
        "Print the reference of all settings.",
        "responder config docs",
    ),
    _Command(
        ("audit", "verify"),
        "responder.cli.audit:verify",
        "Say whether anything is missing, and whether the record of changes holds.",
        "responder audit verify --since 1204:5c1f…e07a",
    ),
    _Command(
        ("audit", "head"),
        "responder.cli.audit:head",
        "Print how far the record of changes reaches, to be kept elsewhere.",
        "responder audit head >> /backup/heads",
    ),
    _Command(
        ("audit", "recount"),
        "responder.cli.audit:recount",
        "Count the ledger anew for pages and metrics, where `audit verify` found a wrong count.",
        "responder audit recount",
    ),
    _Command(
        ("sla", "explain"),
        "responder.cli.sla:explain",
        "Say why an answer to a comment is due when it is.",
        "responder sla explain 0196b0de-6b8c-7d3e-9c5f-0f1e2d3c4b5a",
    ),
    _Command(
        ("sla", "preview"),
        "responder.cli.sla:preview",
        "Say what responder.toml, as it is written now, would do to the clocks of what is open.",
        "responder sla preview",
    ),
    _Command(
        ("sla", "apply"),
        "responder.cli.sla:apply",
        "Let the clocks of what is open run under responder.toml as it is written now.",
        'responder sla apply --because "shorter hours in August"',
    ),
    _Command(
        ("version",),
        "responder.cli.version:version",
        "Print the version.",
        "responder version --verbose",
    ),
)

GROUPS = {
    "topics": "The topics of the log on Kafka.",
    "deadletter": "What could not be read: look at it, retry it, or close it.",
    "source": "The places that comments come from.",
    "user": "Who may sign in.",
    "config": "Settings and responder.toml.",
    "audit": "Is anything missing?",
    "sla": "When answers are due, and why.",
}


def program() -> App:
    """All commands, each with an example at the end of its help."""
    root = App(
        name="responder",
        help=HELP,
        help_format="plaintext",
        help_epilogue=_example("responder up"),
        version=_version,
        version_flags=["--version", "-V"],
        result_action="return_value",
        exit_on_error=False,
        print_error=False,
        suppress_keyboard_interrupt=False,
    )
    groups = {
        name: App(
            name=name,
            help=said,
            help_epilogue=_example(f"responder {name} --help"),
            version_flags=[],
        )
        for name, said in GROUPS.items()
    }
    for group in groups.values():
        root.command(group)
    for each in COMMANDS:
        *parents, name = each.path
        parent = groups[parents[0]] if parents else root
        parent.command(
            each.function, name=name, help=each.help, help_epilogue=_example(each.example)
        )
    return root


def _version() -> str:
    return f"responder {installed('responder')}"


def run(arguments: Sequence[str]) -> int:
    """Run one command line, and give the exit code."""
    debug, no_color, rest = _everywhere(arguments)
    terminal = Terminal(no_color=no_color)
    with using(terminal):
        try:
            _load(rest)
            result = program()(rest, console=terminal.out, error_console=terminal.error)
        except UnknownCommandError as error:
            return explain.show(terminal, _unknown(error, rest), debug=debug)
        except KeyboardInterrupt:
            return Exit.INTERRUPTED
        except BrokenPipeError:
            # Whoever read our output has gone (`| head`); Python would complain at exit.
            sys.stdout = None
            return Exit.DONE
        except Exception as error:  # noqa: BLE001 - whatever it is, a person reads it here
            return explain.show(terminal, error, debug=debug)
    return result if isinstance(result, int) else Exit.DONE


def _load(arguments: Sequence[str]) -> None:
    """The command's module, while Ctrl-C may still end everything at once."""
    with ending_at_once():
        for each in COMMANDS:
            if tuple(arguments[: len(each.path)]) == each.path:
                import_module(each.function.partition(":")[0])


def _unknown(error: UnknownCommandError, typed: Sequence[str]) -> CycloptsError:
    """The same, said here: cyclopts would load the module of every command for it."""
    wrong = error.unused_tokens[0] if error.unused_tokens else ""
    group = typed[0] if typed and typed[0] in GROUPS and typed[0] != wrong else None
    among = [
        each.path[-1] if group else each.path[0]
        for each in COMMANDS
        if group is None or each.path[0] == group
    ]
    close = get_close_matches(wrong, among, n=1, cutoff=0.5)
    suggestion = f" Did you mean {close[0]!r}?" if close else ""
    known = ", ".join(dict.fromkeys(among))
    where = f"responder {group}" if group else "responder"
    return CycloptsError(
        msg=f"There is no command {wrong!r} in {where}.{suggestion} There are: {known}."
    )


def _everywhere(arguments: Sequence[str]) -> tuple[bool, bool, list[str]]:
    """Take out the options that every command has, wherever they stand."""
    options = {"--debug", "--no-color"}
    given = options & set(arguments)
    rest = [each for each in arguments if each not in options]
    return "--debug" in given, "--no-color" in given, rest


def _example(line: str) -> str:
    return f"Example:\n\n  {line}"
