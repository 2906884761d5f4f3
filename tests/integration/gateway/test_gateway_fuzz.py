"""Anything at all, pushed at the running gateway."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.gateway.kit import COMMENT, Answer, Scene


class Fuzzed:
    """A gateway that runs while hypothesis tries its examples."""

    def __init__(self, runner: asyncio.Runner, scene: Scene) -> None:
        self._runner = runner
        self.scene = scene

    def push(self, body: bytes) -> Answer:
        return self._runner.run(self.scene.push(body))

    def send(self, request: bytes) -> bytes:
        return self._runner.run(self._until_answered(request))

    async def _until_answered(self, request: bytes) -> bytes:
        """Half-close, so that a request that says more than it sends comes to an end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.scene.server.port)
        writer.write(request)
        writer.write_eof()
        try:
            async with asyncio.timeout(10):
                return await reader.read(65_536)
        except ConnectionResetError:
            return b""
        finally:
            writer.close()

    @property
    def kept(self) -> int:
        return len(self.scene.stored) + len(self.scene.buried)


@pytest.fixture(scope="module")
def gateway() -> Iterator[Fuzzed]:
    with asyncio.Runner() as runner:
        scene = Scene()
        runner.run(scene.start())
        yield Fuzzed(runner, scene)
        runner.run(scene.stop())


anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers() | st.just("\x00\ud800"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
FIELDS = [
    *COMMENT,
    "kind",
    "thread_id",
    "root_id",
    "parent_id",
    "page",
    "raw",
    "edited_at",
    "mentions",
    "language",
    "permalink",
    "traceparent",
]
bodies = st.one_of(
    st.binary(),
    anything.map(lambda value: json.dumps(value).encode()),
    st.tuples(
        st.sampled_from(
            ["engagement.received.v1", "comment.edited", "reply.posted.v1", "engagement.x", "ping"]
        ),
        st.dictionaries(st.sampled_from(FIELDS), anything),
    ).map(lambda pair: json.dumps({"type": pair[0], "data": COMMENT | pair[1]}).encode()),
)


@given(bodies)
@settings(max_examples=150, deadline=None)
@pytest.mark.fault(5)
def test_a_genuine_push_is_acknowledged_and_nothing_of_it_is_lost(
    gateway: Fuzzed, body: bytes
) -> None:
    before = gateway.kept
    answer = gateway.push(body)
    assert answer.status == 202
    said = [len(answer.json[part]) for part in ("events", "unreadable", "ignored")]
    assert sum(said) == 1
    assert gateway.kept - before == said[0] + said[1]


lines = st.text(st.characters(exclude_characters="\r\n", codec="latin-1"), max_size=40)
heads = st.tuples(
    st.sampled_from([b"POST", b"OPTIONS", b"GET", b"\xff", b""]),
    st.one_of(
        st.just(b"/in/shop/shop-token"),
        st.just(b"/in/blog/blog-token"),
        st.just(b"/status/shop/by-comment?comment_id=%ff"),
        st.binary(max_size=40).map(lambda path: b"/in/" + path.replace(b"\n", b"")),
    ),
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    b"Host",
                    b"Content-Type",
                    b"Content-Length",
                    b"Transfer-Encoding",
                    b"Content-Encoding",
                    b"Authorization",
                    b"webhook-id",
                    b"webhook-timestamp",
                    b"webhook-signature",
                    b"WebHook-Request-Origin",
                    b"ce-id",
                ]
            ),
            st.one_of(
                lines.map(lambda line: line.encode("latin-1")),
                st.sampled_from(
                    [b"localhost", b"application/json", b"3", b"chunked", b"Bearer x", b"v1,"]
                ),
            ),
        ),
        max_size=8,
    ),
    st.binary(max_size=60),
)


@given(heads)
@settings(max_examples=150, deadline=None)
@pytest.mark.fault(5)
def test_no_request_makes_an_error_of_ours_or_is_taken_without_proof(
    gateway: Fuzzed, parts: tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]
) -> None:
    method, path, headers, body = parts
    before = gateway.kept
    head = b"Host: localhost\r\n" + b"".join(
        name + b": " + value + b"\r\n" for name, value in headers
    )
    answer = gateway.send(method + b" " + path + b" HTTP/1.1\r\n" + head + b"\r\n" + body)
    assert b" 5" not in answer[8:10]
    assert b" 202 " not in answer[:20]
    assert gateway.kept == before
