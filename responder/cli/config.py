"""`responder config`: settings and responder.toml."""

from responder.app.data_folder import configuration_file
from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal
from responder.settings.shown import documented, shown


def check(*, place: Place = HERE) -> Exit:
    found = place.admin().configuration()
    sources, queues = found.workspace.sources, found.workspace.queues
    terminal().say(f"{found.file} is usable: sources {_named(sources)}; queues {_named(queues)}.")
    return Exit.DONE


def show(*, place: Place = HERE) -> Exit:
    settings, environ = place.settings(), place.environ()
    terminal().table(
        ("setting", "value", "from"),
        [
            (each.name, each.value, each.origin)
            for each in shown(settings, chosen=place.chosen(), environ=environ)
        ],
    )
    terminal().say(f"responder.toml: {configuration_file(settings, environ)}")
    return Exit.DONE


def docs() -> Exit:
    """Markdown, as it stands in the reference."""
    terminal().say("| setting | variable | default | unit | meaning |")
    terminal().say("|---|---|---|---|---|")
    for each in documented():
        secret = f", or `{each.variable}_FILE`" if each.is_secret else ""
        terminal().say(
            f"| `{each.name}` | `{each.variable}`{secret} | {each.default} | {each.unit}"
            f" | {each.meaning} |"
        )
    return Exit.DONE


def _named(names: object) -> str:
    listed = ", ".join(map(str, names)) if hasattr(names, "__iter__") else ""
    return listed or "none"
