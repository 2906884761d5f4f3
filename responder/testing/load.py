"""A sender under load that keeps its own list of what was acknowledged: the witness of a fault run.

It pushes comments, signed, at a steady rate, whatever becomes of them, and pushes each again until
it is taken, as good senders do; or once, as others do. What it was told is written down by id.
"""

import asyncio
import itertools
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from urllib.parse import urlsplit

import aiohttp

from responder.platforms.signatures import sign_standard

PATIENCE_SECONDS = 180.0
REPEAT_SECONDS = 0.25
ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where a source is pushed to: the gateway, and what the source proves itself with."""

    url: str
    source: str
    address_token: str
    secret: str

    @property
    def address(self) -> str:
        return f"{self.url.rstrip('/')}/in/{self.source}/{self.address_token}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one push was told."""

    comment_id: str
    status: int | None
    """None: the connection broke, or nobody was there."""
    seconds: float
    retry_after: str | None
    at: float
    """When, by the clock of the event loop."""

    @property
    def is_taken(self) -> bool:
        return self.status == HTTPStatus.ACCEPTED


class Load:
    """Pushes to one door.

    Args:
        door: where to.
        prefix: of every comment's id; nobody else has it.
        http: a session; with `force_close` each push comes by a connection of its own, as it does
            through a balancer.
        threads: how many threads the comments stand in, in turn; 0: each in its own.
        repeats: until it is taken; else each is pushed once.
    """

    def __init__(
        self,
        door: Door,
        prefix: str,
        http: aiohttp.ClientSession,
        *,
        threads: int = 0,
        repeats: bool = True,
    ) -> None:
        self._door = door
        self._prefix = prefix
        self._http = http
        self._threads = threads
        self._repeats = repeats
        self._numbers = itertools.count()
        self._pushing: set[asyncio.Task[bool]] = set()
        self.pushed: list[str] = []
        """Every comment that was ever on its way, by its id."""
        self.acknowledged: set[str] = set()
        self.answers: list[Answer] = []

    @property
    def statuses(self) -> Counter[int | None]:
        return Counter(answer.status for answer in self.answers)

    async def push(self) -> str:
        """The next comment; gives its id once it is taken (or once it was pushed).

        Raises:
            TimeoutError: nobody took it.
        """
        name = self._name()
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._push(name, self._comment(name))
        return name

    async def push_many(self, count: int) -> None:
        """All at once."""
        await asyncio.gather(*(self.push() for _ in range(count)))

    def by_hand(self) -> tuple[str, bytes]:
        """The next comment's id and its whole request, for a test that sends it piece by piece."""
        name = self._name()
        body = _body(self._comment(name)).encode()
        at = urlsplit(self._door.address)
        fields = {"host": at.netloc, "content-length": str(len(body)), "connection": "close"}
        fields |= _signed(self._door.secret, body.decode())
        head = "".join(f"{field}: {value}\r\n" for field, value in fields.items())
        return name, f"POST {at.path} HTTP/1.1\r\n{head}\r\n".encode() + body

    @asynccontextmanager
    async def steadily(self, rate: float) -> AsyncIterator[None]:
        """So many a second while the context lasts; it ends when all of them are taken."""
        driving = asyncio.create_task(self._drive(rate))
        try:
            yield
        finally:
            driving.cancel()
            await asyncio.wait({driving})
            _, late = await asyncio.wait({driving, *self._pushing}, timeout=PATIENCE_SECONDS)
            for each in late:
                each.cancel()
        if late:
            raise TimeoutError(f"{len(late)} pushes were not taken: {self.statuses}")

    def give_up(self) -> None:
        """What is not taken by now is not pushed again."""
        self._repeats = False

    async def _drive(self, rate: float) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in itertools.count():
            await asyncio.sleep(began + number / rate - loop.time())
            name = self._name()
            pushing = asyncio.create_task(self._push(name, self._comment(name)))
            self._pushing.add(pushing)
            pushing.add_done_callback(self._pushing.discard)

    def _name(self) -> str:
        name = f"{self._prefix}-{next(self._numbers)}"
        self.pushed.append(name)
        return name

    async def _push(self, name: str, comment: Mapping[str, object]) -> bool:
        while not (await self._once(name, comment)).is_taken:
            if not self._repeats:
                return False
            await asyncio.sleep(REPEAT_SECONDS)
        self.acknowledged.add(name)
        return True

    async def _once(self, name: str, comment: Mapping[str, object]) -> Answer:
        loop = asyncio.get_running_loop()
        body = _body(comment)
        status, retry_after, began = None, None, loop.time()
        try:
            async with self._http.post(
                self._door.address,
                data=body.encode(),
                headers=_signed(self._door.secret, body),
                timeout=aiohttp.ClientTimeout(total=ANSWER_SECONDS),
            ) as told:
                await told.read()
                status, retry_after = told.status, told.headers.get("Retry-After")
        except (aiohttp.ClientError, TimeoutError):
            status = None  # written down as such: nobody knows what became of it
        answer = Answer(
            comment_id=name,
            status=status,
            seconds=loop.time() - began,
            retry_after=retry_after,
            at=loop.time(),
        )
        self.answers.append(answer)
        return answer

    def _comment(self, name: str) -> Mapping[str, object]:
        """A question that a person will have to answer."""
        number = int(name.rpartition("-")[2])
        thread = f"{self._prefix}-thread-{number % self._threads}" if self._threads else name
        return {
            "comment_id": name,
            "thread_id": thread,
            "text": f"How do I export notebook {name} with all its pictures?",
            "author": {"id": f"author-{name}", "name": "Ann"},
            "published_at": _now(),
        }


def _body(comment: Mapping[str, object]) -> str:
    return json.dumps({"type": "engagement.received.v1", "timestamp": _now(), "data": comment})


def _signed(secret: str, body: str) -> dict[str, str]:
    message_id, at = f"msg_{secrets.token_hex(8)}", int(datetime.now(UTC).timestamp())  # noqa: TID251 - the world's
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": sign_standard(secret, message_id, at, body.encode()),
    }


def _now() -> str:
    return datetime.now(UTC).isoformat()  # noqa: TID251 - the world's
