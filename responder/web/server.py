"""The one place that builds an HTTP server: what it reads, what it shows, how it ends.

- Bodies stay as they were sent (`auto_decompress=False`): a signature covers them, and nothing
  expands a bomb.
- A request must name a host that we answer for: a page elsewhere cannot rebind its name to us.
- No `Server` header, no access log (its lines would hold addresses with tokens).
- An error that nobody named is a problem without a word about the inside.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, LineTooLong
from aiohttp.typedefs import Handler, Middleware
from typing_extensions import override

from responder.engagement.errors import ResponderError
from responder.web import problems

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
MAX_LINE_BYTES = 8_190
MAX_FIELD_BYTES = 8_192
"""Differs from a line's: by the limit that was passed the library says which of them was."""
MAX_HEADERS = 128
LINGER_SECONDS = 2.0
"""How long what is left of a refused body is read and thrown away, so that the answer arrives."""

_log = logging.getLogger(__name__)


def application(
    *,
    hosts: frozenset[str] | None,
    body_limit_bytes: int = 1_048_576,
    middlewares: Sequence[Middleware] = (),
) -> web.Application:
    """Build an application that answers errors with problems.

    Args:
        hosts: the names it answers for, in lower case and without port; None: any, for a server
            behind a proxy that checks them.
        body_limit_bytes: for handlers that read with `request.read()` and the like.
        middlewares: run inside the handling of errors, the first outermost.
    """
    guards = [] if hosts is None else [only(hosts)]
    app = web.Application(
        client_max_size=body_limit_bytes, middlewares=[_problems, *guards, *middlewares]
    )
    app.on_response_prepare.append(_conceal)
    return app


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that accepts connections."""

    runner: web.AppRunner
    host: str
    port: int

    async def stop(self) -> None:
        """Accept nothing more, let requests in flight finish within their time, close."""
        await self.runner.cleanup()


async def listen(
    app: web.Application,
    *,
    host: str,
    port: int,
    idle_seconds: float = 75.0,
    shutdown_seconds: float = 10.0,
) -> Listening:
    """Start to serve.

    Args:
        app: built by `application`.
        host: the address to bind.
        port: 0 for one that is free.
        idle_seconds: a connection that has sent no whole request head for so long is closed.
        shutdown_seconds: how long requests in flight may take when it stops.

    Raises:
        OSError: the address cannot be bound.
    """
    listening = socket.create_server((host, port), backlog=1024)
    return await listen_on(
        listening, app, idle_seconds=idle_seconds, shutdown_seconds=shutdown_seconds
    )


async def listen_on(
    listening: socket.socket,
    app: web.Application,
    *,
    tls: ssl.SSLContext | None = None,
    idle_seconds: float = 75.0,
    shutdown_seconds: float = 10.0,
) -> Listening:
    """Serve on a socket that is bound already; it is closed with the server."""
    runner = _Runner(
        app,
        access_log=None,
        auto_decompress=False,
        keepalive_timeout=idle_seconds,
        lingering_time=LINGER_SECONDS,
        logger=_quiet_logger(),
        max_field_size=MAX_FIELD_BYTES,
        max_headers=MAX_HEADERS,
        max_line_size=MAX_LINE_BYTES,
        shutdown_timeout=shutdown_seconds,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listening, ssl_context=tls, backlog=1024).start()
    except BaseException:
        await runner.cleanup()
        raise
    host, port = listening.getsockname()[:2]
    return Listening(runner, host, port)


@web.middleware
async def _problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ResponderError as error:
        return problems.of_error(error)
    except web.HTTPException as error:
        if error.status < web.HTTPBadRequest.status_code:
            raise
        return problems.of_status(error.status, allow=error.headers.get("Allow"))
    except ConnectionError:
        raise  # the client has gone: nobody is left to answer
    except Exception:  # noqa: BLE001 - logged whole, and answered
        # Whoever runs the server sees it; whoever asked learns nothing of the inside.
        _log.exception("unhandled error in a request handler")
        return problems.respond(problems.INTERNAL)


def only(hosts: frozenset[str]) -> Middleware:
    """Refuse requests that name another host: a page elsewhere could have rebound its name to us."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if _name_of(request.headers.get("Host", "")) not in hosts:
            return problems.respond(problems.MISDIRECTED)
        return await handler(request)

    return guard


def _name_of(host: str) -> str:
    """Without the port; an IPv6 address stays in its brackets."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host).lower()


async def _conceal(request: web.Request, response: web.StreamResponse) -> None:  # noqa: ARG001
    response.headers.popall("Server", None)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")


class _Protocol(web.RequestHandler):
    """Two things otherwise than the library.

    What is no HTTP is answered with a problem like any other, where the library would quote it. And
    the rest of a body is taken while the server stops, where the library would throw it away: the
    request would hang until its time is over.
    """

    __slots__ = ()

    @override
    def data_received(self, data: bytes) -> None:
        is_closing, is_cut = self._close, self._force_close
        if self._request_in_progress:
            self._close = self._force_close = False
        super().data_received(data)
        self._close |= is_closing
        self._force_close |= is_cut

    @override
    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        super().handle_error(request, status, exc, message)
        response = problems.of_status(_status_of(exc) or status)
        response.headers["Server"] = ""  # else the library names itself: no signal reaches this one
        response.force_close()
        return response


def _status_of(exc: BaseException | None) -> int | None:
    """What the library calls a bad request, where the standard has a name of its own for it.

    RFC 9110 section 15.5.15 and RFC 6585 section 5.
    """
    if isinstance(exc, LineTooLong):
        is_line = exc.args[1] == MAX_LINE_BYTES
        return problems.ADDRESS_TOO_LONG.status if is_line else problems.HEADERS_TOO_LARGE.status
    if isinstance(exc, BadHttpMessage) and exc.message.startswith("Too many headers"):
        return problems.HEADERS_TOO_LARGE.status
    return None


class _Server(web.Server):
    """Speaks `_Protocol` on each connection."""

    def __init__(self, made: web.Server, options: Mapping[str, Any]) -> None:
        super().__init__(made.request_handler, request_factory=made.request_factory, **options)
        self._options = options

    @override
    def __call__(self) -> web.RequestHandler:
        return _Protocol(self, loop=asyncio.get_running_loop(), **self._options)


class _Runner(web.AppRunner):
    """Runs an application behind `_Server`."""

    __slots__ = ("_options",)

    def __init__(self, app: web.Application, *, shutdown_timeout: float, **options: Any) -> None:
        super().__init__(app, handle_signals=False, shutdown_timeout=shutdown_timeout, **options)
        self._options = options

    @override
    async def _make_server(self) -> web.Server:
        return _Server(await super()._make_server(), self._options)


class _WithoutRequest(logging.Filter):
    """What cannot be parsed may hold a token or a stranger's words: the fact is logged alone."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        record.exc_info = None
        record.exc_text = None
        return True


def _quiet_logger() -> logging.Logger:
    logger = logging.getLogger(f"{__name__}.http")
    if not logger.filters:
        logger.addFilter(_WithoutRequest())
    return logger
