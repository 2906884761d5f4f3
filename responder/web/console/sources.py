"""The connected places: what came from each, how pushes come to it, and what it refused."""

from aiohttp import web

from responder.access.model import Act
from responder.engagement.errors import NotFound
from responder.engagement.model import SourceId
from responder.web.console.visit import Visit


async def show_all(visit: Visit) -> web.StreamResponse:
    return await visit.page(
        "sources.html",
        as_of=await visit.console.desk.latest_change(),
        sources=await visit.console.desk.sources(),
    )


async def show(visit: Visit) -> web.StreamResponse:
    """One place. How pushes come to it is for those who may mend it: the address is a secret."""
    name = visit.request.match_info["id"]
    as_of = await visit.console.desk.latest_change()
    found = [each for each in await visit.console.desk.sources() if each.id == name]
    if not found:
        raise NotFound(what="source", name=name[:64])
    return await visit.page(
        "source.html",
        as_of=as_of,
        source=found[0],
        way_in=visit.console.way_in(SourceId(name)) if visit.may(Act.MEND) else None,
    )
