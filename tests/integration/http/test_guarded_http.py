"""The guarded client against real sockets: what may have left, and where it may lead."""

import asyncio
import socket
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network

import pytest
from aiohttp import web
from typing_extensions import override

from responder.adapters.http import GuardedHttp
from responder.adapters.system import SystemClock
from responder.engagement.http import Answer, Lost, NotSent, Request

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
LOOPBACK = (ip_network("127.0.0.0/8"),)


class _Site:
    """A server that counts what reached it."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self.seen: list[web.BaseRequest] = []
        self.port = 0

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        return await self._handler(request)

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@asynccontextmanager
async def site(handler: Handler) -> AsyncIterator[_Site]:
    place = _Site(handler)
    runner = web.ServerRunner(web.Server(place.answer))
    await runner.setup()
    listener = web.TCPSite(runner, "127.0.0.1", 0)
    await listener.start()
    place.port = runner.addresses[0][1]
    try:
        yield place
    finally:
        await runner.cleanup()


def client(*ports: int, clock: SystemClock | None = None) -> GuardedHttp:
    return GuardedHttp(
        clock=clock or SystemClock(), user_agent="Responder/test", networks=LOOPBACK, ports=ports
    )


async def _hello(_request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(text="hello", headers={"X-Kind": "greeting"})


async def test_an_answer_comes_back_whole() -> None:
    async with site(_hello) as place:
        http = client(place.port)
        answer = await http.send(Request(method="POST", url=place.url(), body=b"{}"))
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.headers["x-kind"]) == (200, b"hello", "greeting")
    assert place.seen[0].headers["User-Agent"] == "Responder/test"


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "0x7f.1", "[::ffff:127.0.0.1]"],  # noqa: S104 - reached for, not bound
)
async def test_without_a_permission_no_spelling_of_this_machine_is_reached(host: str) -> None:
    async with site(_hello) as place:
        stranger = GuardedHttp(clock=SystemClock(), user_agent="Responder", ports=[place.port])
        result = await stranger.send(Request(method="GET", url=f"http://{host}:{place.port}/"))
    assert isinstance(result, NotSent)
    assert place.seen == []


async def test_a_refusal_names_the_line_to_add() -> None:
    async with site(_hello) as place:
        stranger = GuardedHttp(clock=SystemClock(), user_agent="Responder", ports=[place.port])
        result = await stranger.send(Request(method="GET", url=place.url()))
    assert isinstance(result, NotSent)
    assert 'allowed_networks = ["127.0.0.1/32"]' in result.why


@pytest.mark.parametrize(
    "url",
    [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//127.0.0.1/",
        "http://",
        "http://user:secret@127.0.0.1:80/",
        "http://127.0.0.1:22/",
        "http://[::1",
        "http://127.0.0.1:99999/",
        "",
    ],
)
async def test_what_is_no_plain_web_address_is_not_called(url: str) -> None:
    http = client()
    result = await http.send(Request(method="GET", url=url))
    assert isinstance(result, NotSent)
    assert "secret" not in result.why


async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async def away(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": str(request.url)})

    async with site(away) as place:
        http = client(place.port)
        answer = await http.send(Request(method="POST", url=place.url(), body=b"{}"))
    assert isinstance(answer, Answer)
    assert answer.status == 302
    assert len(place.seen) == 1


async def test_no_cookie_is_kept() -> None:
    async def bake(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(headers={"Set-Cookie": "session=1"})

    async with site(bake) as place:
        http = client(place.port)
        for _ in range(2):
            await http.send(Request(method="GET", url=place.url()))
    assert [request.cookies for request in place.seen] == [{}, {}]


async def test_an_answer_longer_than_the_limit_is_cut_and_says_so() -> None:
    async def long(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=b"x" * 5000)

    async with site(long) as place:
        http = client(place.port)
        result = await http.send(Request(method="GET", url=place.url(), max_bytes=4999))
    assert result == Lost(why="the answer is longer than 4999 bytes", status=200)


async def test_a_compressed_answer_is_counted_as_it_unfolds() -> None:
    async def bomb(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(
            body=zlib.compress(b"\x00" * 10_000_000), headers={"Content-Encoding": "deflate"}
        )

    async with site(bomb) as place:
        http = client(place.port)
        result = await http.send(Request(method="GET", url=place.url(), max_bytes=1_000_000))
    assert isinstance(result, Lost)


async def test_nobody_listening_means_that_nothing_was_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        http = client(port)
        result = await http.send(
            Request(method="POST", url=f"http://127.0.0.1:{port}/", body=b"{}")
        )
    assert isinstance(result, NotSent)


async def test_a_name_that_does_not_resolve_means_that_nothing_was_sent() -> None:
    http = client()
    result = await http.send(Request(method="POST", url="http://nowhere.invalid/", body=b"{}"))
    assert isinstance(result, NotSent)


async def test_a_failed_tls_handshake_means_that_nothing_was_sent() -> None:
    async with site(_hello) as place:
        http = client(place.port)
        url = place.url().replace("http:", "https:")
        result = await http.send(Request(method="POST", url=url, body=b"{}"))
    assert isinstance(result, NotSent)
    assert place.seen == []


async def test_a_connection_dropped_after_the_request_may_have_done_anything() -> None:
    async def drop(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with site(drop) as place:
        http = client(place.port)
        result = await http.send(Request(method="POST", url=place.url(), body=b"{}"))
    assert isinstance(result, Lost)
    assert len(place.seen) == 1


async def test_silence_after_the_request_may_have_done_anything() -> None:
    silence = asyncio.Event()

    async def hang(_request: web.BaseRequest) -> web.StreamResponse:
        await silence.wait()
        return web.Response()

    async with site(hang) as place:
        http = client(place.port)
        result = await http.send(
            Request(method="POST", url=place.url(), body=b"{}", total_seconds=0.3)
        )
        silence.set()
    assert isinstance(result, Lost)
    assert result.status is None


class _StopsWhileConnecting(SystemClock):
    """A worker that is stopped once it has looked at the clock so many times."""

    def __init__(self, *, looks: int) -> None:
        self._looks = looks

    @override
    def monotonic(self) -> float:
        self._looks -= 1
        return 0.0 if self._looks >= 0 else 100.0


@pytest.mark.parametrize("looks", [0, 1])
@pytest.mark.parametrize("body", [b'{"text": "late"}', b"x" * 200_000, b"x" * 2_000_000])
async def test_a_worker_that_was_stopped_while_connecting_sends_no_byte(
    looks: int, body: bytes
) -> None:
    received = asyncio.get_running_loop().create_future()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.set_result(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        http = client(port, clock=_StopsWhileConnecting(looks=looks))
        result = await http.send(
            Request(method="POST", url=f"http://127.0.0.1:{port}/", body=body, send_before=50.0)
        )
        assert result == NotSent(why="it was too late to send")
        assert await received == b""


@pytest.mark.parametrize("size", [1, 200_000, 2_000_000])
async def test_in_time_the_deadline_changes_nothing(size: int) -> None:
    async def weigh(request: web.BaseRequest) -> web.StreamResponse:
        body = b"".join([piece async for piece in request.content.iter_any()])
        return web.Response(text=str(len(body)))

    clock = SystemClock()
    async with site(weigh) as place:
        http = client(place.port, clock=clock)
        result = await http.send(
            Request(
                method="POST",
                url=place.url(),
                body=b"x" * size,
                send_before=clock.monotonic() + 60,
            )
        )
    assert isinstance(result, Answer)
    assert result.body == str(size).encode()


async def test_a_deadline_holds_for_a_request_without_a_body_too() -> None:
    stopped = _StopsWhileConnecting(looks=0)
    async with site(_hello) as place:
        http = client(place.port, clock=stopped)
        result = await http.send(Request(method="GET", url=place.url(), send_before=50.0))
    assert isinstance(result, NotSent)
    assert place.seen == []


def test_credentials_do_not_show_in_a_request() -> None:
    request = Request(method="GET", url="http://a.example/", headers={"Authorization": "Bearer s"})
    assert "Bearer" not in repr(request)
