"""The one HTTP client for places outside: guarded where the connection is made.

The guard is the connector's socket factory: it sees the address that will really be connected, so
DNS that changes its mind, odd spellings and rebinding change nothing. There is no proxy (the guard
would see only the proxy), no cookie, no redirect, and a fresh connection for each request: a reset
of a connection that was kept open could not be told from a lost answer.

When does a byte leave? aiohttp holds the head back until the first piece of the body (or, without
a body, writes it at once), and tells us right before each (`on_request_headers_sent`,
`on_request_chunk_sent`: both run before the write they are named for). A deadline that has passed
at that moment ends the request there. What remains is the instant between that check and the
kernel's taking the bytes: the same task, no `await` in between.

Source: aiohttp 3.14.5, `http_writer.StreamWriter.write_headers`, `.write`, `.set_eof`.
"""

import asyncio
import socket
import ssl
from collections.abc import Collection
from io import BytesIO
from types import SimpleNamespace

import aiohttp
from aiohttp import AddrInfoType, ClientTimeout, TraceConfig
from yarl import URL

from responder.adapters.addresses import Network, may_connect
from responder.engagement.http import Answer, Lost, NotSent, Request, Result
from responder.engagement.ports import Clock

WEB_PORTS = frozenset({80, 443})
_CHUNK_BYTES = 65_536
_AT_ONCE_BYTES = 1_048_576


class AddressRefused(OSError):
    """The guard's no."""

    def __init__(self, host: str) -> None:
        prefix = 128 if ":" in host else 32
        super().__init__(
            f"{host} is not a public address; if this place is yours, allow it with "
            f'allowed_networks = ["{host}/{prefix}"] at the source'
        )


class _TooLate(Exception):
    """The deadline passed while we connected."""


class _Sending:
    """What is known about one request's bytes."""

    def __init__(self, clock: Clock, send_before: float | None) -> None:
        self._clock = clock
        self._send_before = send_before
        self.may_have_left = False
        self.is_too_late = False

    def about_to_write(self, *, holds_head_back: bool) -> None:
        late = self._send_before is not None and self._clock.monotonic() > self._send_before
        if late and not self.may_have_left:
            self.is_too_late = True
            raise _TooLate
        self.may_have_left = self.may_have_left or not holds_head_back


class GuardedHttp:
    """The `Http` port over aiohttp, for one source. Holds nothing between two requests.

    Args:
        networks: where else than public addresses this source may lead.
        ports: where else than 80 and 443.
        user_agent: how we introduce ourselves.
        tls: whom to trust instead of the system's authorities.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        user_agent: str,
        networks: Collection[Network] = (),
        ports: Collection[int] = (),
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._tls = tls
        self._clock = clock
        self._user_agent = user_agent
        self._networks = tuple(networks)
        self._ports = WEB_PORTS | frozenset(ports)

    async def send(self, request: Request) -> Result:
        """Send once. Never raises, except when cancelled."""
        url = self._checked(request.url)
        if isinstance(url, NotSent):
            return url
        sending = _Sending(self._clock, request.send_before)
        try:
            async with asyncio.timeout(request.total_seconds):
                return await self._exchange(request, url, sending)
        except Exception as error:  # noqa: BLE001 - comes back as an outcome that a person sees
            return _outcome(error, sending, request)

    async def _exchange(self, request: Request, url: URL, sending: _Sending) -> Result:
        async with (
            self._session() as session,
            session.request(
                request.method,
                url,
                headers=request.headers,
                data=_data(request.body),
                allow_redirects=False,
                timeout=ClientTimeout(total=None),
                trace_request_ctx=sending,
            ) as response,
        ):
            try:
                body = await _body(response.content, request.max_bytes)
            except (aiohttp.ClientError, OSError) as error:
                return Lost(why=_words(error), status=response.status)
            if body is None:
                why = f"the answer is longer than {request.max_bytes} bytes"
                return Lost(why=why, status=response.status)
            headers = {name.lower(): response.headers[name] for name in response.headers}
            return Answer(status=response.status, headers=headers, body=body)

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                socket_factory=self._guard,
                force_close=True,
                use_dns_cache=False,
                ssl=self._tls or True,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "identity"},
            trust_env=False,
            trace_configs=[_tracing()],
        )

    def _checked(self, text: str) -> URL | NotSent:
        try:
            url = URL(text)
        except ValueError:
            return NotSent(why="the address is not a URL")
        if url.scheme not in ("http", "https") or not url.host:
            return NotSent(why="only http and https addresses are called")
        if url.user is not None or url.password is not None:
            return NotSent(why="an address with a password in it is not called")
        if url.port not in self._ports:
            why = f"port {url.port} is not allowed; if this place is yours, allow it with "
            return NotSent(why=why + f"ports = [{url.port}] at the source")
        return url

    def _guard(self, address: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = address
        host = str(where[0])
        if not may_connect(host, self._networks):
            raise AddressRefused(host)
        return socket.socket(family, kind, protocol)


def _tracing() -> TraceConfig:
    tracing = TraceConfig()

    async def before_head(
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        params: aiohttp.TraceRequestHeadersSentParams,
    ) -> None:
        has_body = params.headers.get("Content-Length", "0") != "0"
        _sending(context).about_to_write(holds_head_back=has_body)

    async def before_piece(
        _session: aiohttp.ClientSession,
        context: SimpleNamespace,
        _params: aiohttp.TraceRequestChunkSentParams,
    ) -> None:
        _sending(context).about_to_write(holds_head_back=False)

    tracing.on_request_headers_sent.append(before_head)
    tracing.on_request_chunk_sent.append(before_piece)
    return tracing


def _sending(context: SimpleNamespace) -> _Sending:
    sending = context.trace_request_ctx
    if not isinstance(sending, _Sending):
        raise TypeError("a request without its record")
    return sending


def _data(body: bytes) -> bytes | BytesIO | None:
    """What aiohttp takes without a word: it warns of writing a megabyte at once."""
    return BytesIO(body) if len(body) > _AT_ONCE_BYTES else body or None


async def _body(stream: aiohttp.StreamReader, max_bytes: int) -> bytes | None:
    """The whole body, or None if it is longer."""
    body = bytearray()
    async for piece in stream.iter_chunked(_CHUNK_BYTES):
        body += piece
        if len(body) > max_bytes:
            return None
    return bytes(body)


def _outcome(error: Exception, sending: _Sending, request: Request) -> Result:
    if sending.is_too_late:
        return NotSent(why="it was too late to send")
    if isinstance(error, TimeoutError):
        why = f"no answer within {request.total_seconds:.0f} s"
    else:
        why = _words(error)
    return Lost(why=why) if sending.may_have_left else NotSent(why=why)


def _words(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    return (str(cause) or type(cause).__name__)[:300]
