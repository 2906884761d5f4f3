"""The connected places: what came from each, and what each refused."""

from aiohttp import web

from responder.web.console.visit import Visit


async def show(visit: Visit) -> web.StreamResponse:
    return await visit.page(
        "sources.html",
        as_of=await visit.console.desk.latest_change(),
        sources=await visit.console.desk.sources(),
    )
