"""Records that could not be read: seen whole, tried again, or dropped with a note."""

from aiohttp import web

from responder.engagement.errors import Invalid
from responder.web.console.visit import Visit, go

STATUSES = ("open", "retried", "settled", "dropped")
VALUE_LIMIT = 262_144
"""More of a record's value is not drawn; the note beside it says so."""


class NoteMissing(Invalid):
    """Say why it can be dropped; nothing was dropped."""


async def show_all(visit: Visit) -> web.StreamResponse:
    status = visit.request.query.get("status", "open")
    status = status if status in STATUSES else "open"
    return await visit.page(
        "deadletters.html",
        as_of=await visit.console.desk.latest_change(),
        letters=await visit.console.desk.dead_letters(status=status),
        shown_status=status,
        statuses=STATUSES,
    )


async def show(visit: Visit) -> web.StreamResponse:
    letter = await visit.console.desk.dead_letter(visit.id_in_path("record"))
    return await visit.page(
        "deadletter.html",
        as_of=await visit.console.desk.latest_change(),
        letter=letter,
        record_key=readable(letter.key or b""),
        value=readable(letter.value[:VALUE_LIMIT]),
        headers=[(name, readable(value)) for name, value in letter.headers],
        is_cut=len(letter.value) > VALUE_LIMIT,
    )


async def retry(visit: Visit) -> web.StreamResponse:
    letter_id = visit.id_in_path("record")
    await visit.console.dead_letters.retry(letter_id, actor=visit.person.id)
    return go(f"/deadletters/{letter_id}")


async def drop(visit: Visit) -> web.StreamResponse:
    note = (await visit.form()).get("note", "").strip()
    if not note:
        raise NoteMissing
    letter_id = visit.id_in_path("record")
    await visit.console.dead_letters.drop(letter_id, actor=visit.person.id, note=note)
    return go(f"/deadletters/{letter_id}")


def readable(raw: bytes) -> str:
    """As text where it is UTF-8, else as hexadecimal, sixteen bytes a line."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "\n".join(raw[i : i + 16].hex(" ") for i in range(0, len(raw), 16))
