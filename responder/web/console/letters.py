"""Records that could not be read: seen whole, tried again, or dropped with a note."""

from collections.abc import Awaitable

from aiohttp import web

from responder.engagement.errors import Invalid, NotFound, ResponderError
from responder.web.console import words
from responder.web.console.visit import Visit, go, status_of

VALUE_LIMIT = 262_144
"""More of a record's value is not drawn; the note beside it says so."""


class NoteMissing(Invalid):
    """Say why it can be dropped; nothing was dropped."""


async def show_all(visit: Visit) -> web.StreamResponse:
    status = visit.request.query.get("status", "open")
    status = status if status in words.RECORDS else "open"
    return await visit.page(
        "deadletters.html",
        as_of=await visit.console.desk.latest_change(),
        letters=await visit.console.desk.dead_letters(status=status),
        shown_status=status,
    )


async def show(visit: Visit) -> web.StreamResponse:
    return await _render(visit)


async def retry(visit: Visit) -> web.StreamResponse:
    letter_id = visit.id_in_path("record")
    return await _acted(visit, visit.console.dead_letters.retry(letter_id, actor=visit.person.id))


async def drop(visit: Visit) -> web.StreamResponse:
    note = (await visit.form()).get("note", "").strip()
    if not note:
        return await _render(visit, error=NoteMissing())
    letter_id = visit.id_in_path("record")
    return await _acted(
        visit, visit.console.dead_letters.drop(letter_id, actor=visit.person.id, note=note)
    )


async def _acted(visit: Visit, act: Awaitable[None]) -> web.StreamResponse:
    try:
        await act
    except NotFound:
        raise
    except Invalid as error:
        return await _render(visit, error=error)
    return go(visit.request.path.rpartition("/")[0])


async def _render(visit: Visit, *, error: ResponderError | None = None) -> web.Response:
    letter = await visit.console.desk.dead_letter(visit.id_in_path("record"))
    return await visit.page(
        "deadletter.html",
        status=200 if error is None else status_of(error),
        error=error,
        as_of=await visit.console.desk.latest_change(),
        letter=letter,
        record_key=readable(letter.key or b""),
        value=readable(letter.value[:VALUE_LIMIT]),
        headers=[(name, readable(value)) for name, value in letter.headers],
        is_cut=len(letter.value) > VALUE_LIMIT,
    )


def readable(raw: bytes) -> str:
    """As text where it is UTF-8, else as hexadecimal, sixteen bytes a line."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return "\n".join(raw[i : i + 16].hex(" ") for i in range(0, len(raw), 16))
