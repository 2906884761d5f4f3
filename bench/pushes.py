"""Pushes as a platform would send them: signed Standard Webhooks of about 900 bytes.

    python -m bench.pushes SPEC.json

pushes in a process of its own and writes what came of it: who measures must not share the event loop
of who is measured. It speaks HTTP by hand, since a client library would take more of the machine than
the server it measures; requests are made and signed before the clock starts.
"""

import asyncio
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from time import time_ns
from typing import Any, Self
from urllib.parse import urlsplit

from standardwebhooks.webhooks import Webhook
from typing_extensions import override

SECRET = "whsec_" + "Zm9ydW0tc2VjcmV0LWZvci10ZXN0cy1vbmx5LTMyYnl0ZXM="
TEXTS = (
    "Does the planner also work offline, when there is no connection at all out in the garden?",
    "How do I move a bed from one garden to another without losing what I planted there before?",
    "The app crashes every time that I open the garden of last year, and then my notes are gone.",
    "I think that you are wrong about lavender: cut back in October it dies in a cold winter.",
    "Der Export geht seit dem letzten Update nicht mehr, und ich brauche ihn für meinen Verein.",
    "¿Se puede usar el planificador sin conexión a internet, o hay que estar siempre en línea?",
    "It would be good if two neighbours could share one garden and both could change its plan.",
    "Thank you for the article on beans and corn. Which kind of bean would you take in the north?",
)
"""Each of them goes to a person: what closes by rule would cost less."""
BODY_BYTES = 900
ACCEPTED, UNAVAILABLE = 202, 503
REPEAT_SECONDS = 1.0
THREAD = 5
"""Comments under one post, on average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What is to be pushed.

    Args:
        url: of the webhook.
        prefix: of comment ids; the rest is the number.
        count: how many, one request each.
        connections: how many are kept open.
        rate: requests per second, whatever becomes of them; 0: as fast as answers come.
        begin: when the first is due, in nanoseconds; 0: as soon as all are made.
        tries: how often a push is made that is answered 503, as a sender would; what is measured
            is made once.
        answers: the file to write.
    """

    url: str
    prefix: str
    count: int
    connections: int = 64
    rate: float = 0.0
    begin: int = 0
    tries: int = 1
    answers: str

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Answers:
    """For each request when it was due and when it was answered, in nanoseconds, and the status."""

    due: Sequence[int]
    at: Sequence[int]
    status: Sequence[int]

    @classmethod
    def read(cls, path: Path) -> Self:
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    @property
    def seconds(self) -> float:
        return (max(self.at) - min(self.due)) / 1e9

    @property
    def milliseconds(self) -> list[float]:
        return [(at - due) / 1e6 for due, at in zip(self.due, self.at, strict=True)]

    def breaches(self) -> list[str]:
        """What disqualifies: every push must have been taken."""
        others = sorted({each for each in self.status if each != ACCEPTED})
        return [f"{self.status.count(each)} pushes were answered with {each}" for each in others]


def bodies(spec: Spec) -> Iterator[bytes]:
    """One comment each, by few people under many posts."""
    chance = Random(spec.count)  # noqa: S311 - the same in each run, no secret
    now = datetime.now(UTC).isoformat()  # noqa: TID251 - the world's
    for number in range(spec.count):
        data = {
            "comment_id": f"{spec.prefix}{number}",
            "thread_id": f"{spec.prefix}post-{chance.randrange(max(1, spec.count // THREAD))}",
            "text": chance.choice(TEXTS),
            "author": {"id": f"author-{chance.randrange(100_000)}", "name": "Ann Gardener"},
            "published_at": now,
            "permalink": f"https://forum.example/posts/{number}#comment",
            "page": {"url": f"https://forum.example/posts/{number}", "title": "In the garden"},
        }
        body = {"type": "engagement.received.v1", "timestamp": now, "data": data}
        missing = BODY_BYTES - len(json.dumps(body, ensure_ascii=False).encode())
        data["raw"] = {"badges": "x" * max(0, missing - len(', "raw": {"badges": ""}'))}
        yield json.dumps(body, ensure_ascii=False).encode()


def requests(spec: Spec) -> list[bytes]:
    """Whole HTTP requests, signed now."""
    target = urlsplit(spec.url)
    webhook = Webhook(SECRET)
    now = datetime.now(UTC)  # noqa: TID251 - the world's
    made = []
    for number, body in enumerate(bodies(spec)):
        name = f"msg_{spec.prefix}{number}"
        head = (
            f"POST {target.path} HTTP/1.1\r\nHost: {target.netloc}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"webhook-id: {name}\r\nwebhook-timestamp: {int(now.timestamp())}\r\n"
            f"webhook-signature: {webhook.sign(name, now, body.decode())}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


class Connection(asyncio.Protocol):
    """Sends a request, and gives the status once the whole answer is there."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._answer: asyncio.Future[int] | None = None

    async def ask(self, request: bytes) -> int:
        """The status; 0 when the connection was lost."""
        if self._transport is None or self._transport.is_closing():
            return 0
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, asyncio.Transport):
            self._transport = transport

    @override
    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if end and len(body) >= _length(head):
            self._received = b""
            self._tell(int(head.split(b" ", 2)[1]))

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        self._tell(0)

    def _tell(self, status: int) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(status)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0]) if rest else 0


async def push(spec: Spec) -> Answers:
    """Every connection takes the next request; with a rate none before its time."""
    target = urlsplit(spec.url)
    host, port = target.hostname or "", target.port or 80
    loop = asyncio.get_running_loop()
    made = requests(spec)
    connections = [
        (await loop.create_connection(Connection, host, port))[1] for _ in range(spec.connections)
    ]
    due, at, status = ([0] * spec.count for _ in range(3))
    todo = iter(range(spec.count))
    await asyncio.sleep((spec.begin - time_ns()) / 1e9)
    began, start = time_ns(), loop.time()

    async def work(connection: Connection) -> None:
        for number in todo:
            if spec.rate:
                await asyncio.sleep(start + number / spec.rate - loop.time())
            due[number] = began + int(number / spec.rate * 1e9) if spec.rate else time_ns()
            for _ in range(spec.tries):
                status[number] = await connection.ask(made[number])
                at[number] = time_ns()
                if status[number] != UNAVAILABLE:
                    break
                await asyncio.sleep(REPEAT_SECONDS)

    await asyncio.gather(*map(work, connections))
    return Answers(due, at, status)


async def pushed(
    folder: Path,
    url: str,
    *,
    prefix: str,
    count: int,
    rate: float = 0.0,
    begin: int = 0,
    connections: int = 64,
    tries: int = 1,
) -> Answers:
    """Push from a process of its own, which writes below `folder`."""
    told, answers = folder / f"spec-{prefix}.json", folder / f"answers-{prefix}.json"
    spec = Spec(
        url=url,
        prefix=prefix,
        count=count,
        rate=rate,
        begin=begin,
        connections=connections,
        tries=tries,
        answers=str(answers),
    )
    spec.write(told)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bench.pushes", str(told))
    if await process.wait():
        raise RuntimeError("the pushes failed")
    return Answers.read(answers)


def main(arguments: Sequence[str]) -> None:
    spec = Spec.read(Path(arguments[0]))
    answers: dict[str, Any] = asdict(asyncio.run(push(spec)))
    Path(spec.answers).write_text(json.dumps(answers), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
