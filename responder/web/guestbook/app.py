"""The guestbook as a web application: an origin of its own, apart from the console."""

import logging
from collections.abc import Awaitable, Callable
from importlib.resources import files

from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware
from yarl import URL

from responder.engagement.errors import Invalid, Unavailable
from responder.engagement.ports import Clock, Ids
from responder.web.guestbook.api import Api
from responder.web.guestbook.book import Guestbook
from responder.web.guestbook.faults import Faults
from responder.web.guestbook.pages import Pages
from responder.web.guestbook.push import Pusher
from responder.web.guestbook.store import GuestbookStore
from responder.web.server import only

_log = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST_BYTES = 2 * 1_048_576
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    # Not `no-referrer`: with it a browser sends `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cache-Control": "no-store",
}
_BARE = {
    404: "There is no such page here.",
    405: "This page takes no such request.",
    413: "That is too much at once.",
}
_SORRY = "This page cannot be shown just now. Please try again in a moment."


def guestbook_app(
    *,
    store: GuestbookStore,
    clock: Clock,
    ids: Ids,
    public_url: str,
    api_token: str,
    pusher: Pusher | None = None,
    faults: Faults | None = None,
    title: str = "Guestbook",
    banner: str = "",
    hosts: frozenset[str] | None = None,
) -> web.Application:
    """Pages for visitors and an API for Responder.

    Permalinks begin with `public_url`; Responder shows `api_token` to use the API. The pusher is
    woken at each change, and running it is the caller's. The banner is said on top of every page.
    It answers for `hosts` alone; None: for any, behind a proxy that checks them.
    """
    book = Guestbook(store=store, clock=clock, ids=ids, public_url=public_url, title=title)
    pages = Pages(book=book, pusher=pusher, ids=ids, banner=banner)
    api = Api(book=book, pusher=pusher, token=api_token, clock=clock, faults=faults or Faults())
    guards = [] if hosts is None else [only(hosts)]
    app = web.Application(
        client_max_size=MOST_BYTES,
        middlewares=[_headers, *guards, _problems(pages), _doors(api)],
    )
    app.add_routes([*pages.routes(), *api.routes()])
    app.add_routes([web.get("/guestbook.css", _style()), web.get("/favicon.ico", _nothing)])
    return app


@web.middleware
async def _headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    response = await handler(request)
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _doors(api: Api) -> Middleware:
    @web.middleware
    async def doors(request: web.Request, handler: Handler) -> web.StreamResponse:
        """The API needs its token; a form must come from this origin."""
        if request.path.startswith("/api/"):
            api.require_token(request)
        elif request.method == hdrs.METH_POST and not _is_from_here(request):
            raise web.HTTPForbidden(text="This form was sent from another site.")
        return await handler(request)

    return doors


def _problems(pages: Pages) -> Middleware:
    @web.middleware
    async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every failure is an answer in the words of whoever asked."""
        try:
            return await handler(request)
        except web.HTTPException as error:
            status, says, headers = error.status, _said_of(error), error.headers
            if status < web.HTTPBadRequest.status_code:
                raise
        except ConnectionError:
            raise  # the visitor has gone: nobody is left to answer
        except Exception as error:  # noqa: BLE001 - answered, and logged whole if nobody named it
            (status, says), headers = _told(error), None
        if request.path.startswith("/api/"):
            answer = web.json_response({"code": str(status), "detail": says}, status=status)
        else:
            answer = pages.problem(request, status, says)
        if headers is not None and hdrs.WWW_AUTHENTICATE in headers:
            answer.headers[hdrs.WWW_AUTHENTICATE] = headers[hdrs.WWW_AUTHENTICATE]
        return answer

    return problems


def _said_of(error: web.HTTPException) -> str:
    """What we said of it, or words for what the library says in figures."""
    is_bare = error.text in (None, "", f"{error.status}: {error.reason}")
    return _BARE.get(error.status, _SORRY) if is_bare else str(error.text)


def _told(error: Exception) -> tuple[int, str]:
    if isinstance(error, Invalid):
        return web.HTTPBadRequest.status_code, str(error)
    if isinstance(error, Unavailable):
        return web.HTTPServiceUnavailable.status_code, _SORRY
    _log.error("unhandled error in the guestbook", exc_info=error)
    return web.HTTPInternalServerError.status_code, _SORRY


def _is_from_here(request: web.Request) -> bool:
    """Every browser names the origin of a form; what names none is no browser and has no cookie."""
    origin = request.headers.get(hdrs.ORIGIN)
    if origin is None:
        return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
    try:
        return URL(origin).authority == request.host
    except ValueError:
        return False


async def _nothing(_request: web.Request) -> web.Response:
    """Browsers ask for an icon unasked; there is none, and that is no error."""
    return web.Response(status=204)


def _style() -> Handler:
    css = files("responder.web.guestbook").joinpath("static/guestbook.css").read_text()

    async def style(_request: web.Request) -> web.Response:
        return web.Response(
            text=css, content_type="text/css", headers={"Cache-Control": "max-age=300"}
        )

    return style
