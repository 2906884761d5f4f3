"""`responder deadletter`: what could not be read."""

from collections.abc import Mapping
from typing import Annotated, Literal

from cyclopts import Parameter

from responder.cli.exits import Exit
from responder.cli.place import HERE, Place
from responder.cli.terminal import terminal

Id = Annotated[
    str, Parameter(help="As `responder deadletter list` shows it; its beginning is enough.")
]
As = Annotated[
    str | None, Parameter(name="--as", help="Who you are, when several people may do this.")
]
Group = Literal["triage", "drafting", "delivery", "entries", "audit", "dead-letters"]
Status = Literal["open", "retried", "settled", "dropped", "all"]

NOTHING: Mapping[Status, str] = {
    "open": "Everything could be read, or was dealt with.",
    "retried": "None is being read again.",
    "settled": "None was read after all.",
    "dropped": "None was closed.",
    "all": "Everything could be read.",
}


async def list_(
    *,
    status: Status = "open",
    limit: Annotated[int, Parameter(help="At most so many, newest first.")] = 50,
    place: Place = HERE,
) -> Exit:
    letters = await place.admin().dead_letters(status=status, limit=limit)
    if not letters:
        terminal().remark(NOTHING[status])
        return Exit.DONE
    terminal().table(
        ("id", "status", "source", "failed", "tries", "why"),
        [
            (
                str(each.id),
                each.status,
                each.source or "",
                f"{each.last_failed_at:%Y-%m-%d %H:%M}",
                str(each.attempts),
                each.why,
            )
            for each in letters
        ],
    )
    return Exit.DONE


async def show(letter: Id, *, place: Place = HERE) -> Exit:
    found = await place.admin().dead_letter(letter)
    for name, value in (
        ("topic", found.topic),
        ("partition", "" if found.partition is None else str(found.partition)),
        ("offset", "" if found.offset is None else str(found.offset)),
        ("source", found.source or ""),
        ("key", _text(found.key or b"")),
        ("where", found.where),
        ("why", found.why),
        ("tries", str(found.attempts)),
        ("status", found.status),
    ):
        terminal().say(f"{name + ':':<11}{value}")
    for header, content in found.headers:
        terminal().say(f"header:    {header}: {_text(content)}")
    terminal().say("")
    terminal().say(_text(found.value))
    return Exit.DONE


async def retry(letter: Id, *, as_: As = None, place: Place = HERE) -> Exit:
    await place.admin().retry_dead_letter(letter, name=as_)
    terminal().say("It was handed back and will be read again.")
    return Exit.DONE


async def drop(
    letter: Id,
    *,
    note: Annotated[str, Parameter(help="Why; it is kept in the record of changes.")],
    as_: As = None,
    place: Place = HERE,
) -> Exit:
    await place.admin().drop_dead_letter(letter, name=as_, note=note)
    terminal().say("It is closed.")
    return Exit.DONE


async def allow(
    *,
    group: Annotated[Group, Parameter(help="The stage, as the log line names it.")],
    records: Annotated[int, Parameter(help="How many more may fail.")] = 100,
    place: Place = HERE,
) -> Exit:
    await place.admin().allow_dead_letters(group=group, records=records)
    terminal().say(f"{group} may put aside {records} more, and goes on.")
    return Exit.DONE


def _text(value: bytes) -> str:
    return value.decode("utf-8", "backslashreplace")
