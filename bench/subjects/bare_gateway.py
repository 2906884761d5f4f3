"""What one would write oneself: aiohttp, a signature, an acknowledged append. The ceiling of P5.

python -m bench.subjects.bare_gateway kafka BOOTSTRAP TOPIC
python -m bench.subjects.bare_gateway postgresql DSN
"""

import asyncio
import base64
import hashlib
import hmac
import json
import socket
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
from aiohttp import web
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]

from bench.pushes import SECRET

KEY = base64.b64decode(SECRET.removeprefix("whsec_"))
Store = Callable[[bytes, bytes], Awaitable[None]]


def application(store: Store) -> web.Application:
    async def handle(request: web.Request) -> web.Response:
        body, headers = await request.read(), request.headers
        name, at = headers["webhook-id"], headers["webhook-timestamp"]
        digest = hmac.digest(KEY, f"{name}.{at}.".encode() + body, hashlib.sha256)
        said = headers["webhook-signature"].removeprefix("v1,")
        if not hmac.compare_digest(base64.b64encode(digest).decode(), said):
            return web.Response(status=401)
        await store(json.loads(body)["data"]["thread_id"].encode(), body)
        return web.json_response({"id": name}, status=202)

    app = web.Application()
    app.router.add_post("/in/{source}/{token}", handle)
    return app


async def kafka(bootstrap_servers: str, topic: str) -> Store:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        linger_ms=10,  # as ours: more than 0 is faster
        max_batch_size=256 * 1024,  # as ours
    )
    await producer.start()

    async def store(key: bytes, value: bytes) -> None:
        await producer.send_and_wait(topic, value, key=key)

    return store


async def postgresql(dsn: str) -> Store:
    """One INSERT and COMMIT for all that wait."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("CREATE TABLE IF NOT EXISTS pushed (key bytea, value bytea)")
    waiting: list[tuple[bytes, bytes, asyncio.Future[None]]] = []
    woken = asyncio.Event()

    async def commit() -> None:
        while True:
            await woken.wait()
            woken.clear()
            some, waiting[:] = waiting[:], []
            await connection.execute(
                "INSERT INTO pushed SELECT * FROM unnest($1::bytea[], $2::bytea[])",
                [key for key, _, _ in some],
                [value for _, value, _ in some],
            )
            for *_, stored in some:
                stored.set_result(None)

    async def store(key: bytes, value: bytes) -> None:
        stored: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting.append((key, value, stored))
        woken.set()
        await stored

    _RUNNING.append(asyncio.create_task(commit()))
    return store


_RUNNING: list[asyncio.Task[None]] = []
STORES: dict[str, Callable[..., Awaitable[Store]]] = {"kafka": kafka, "postgresql": postgresql}


async def main(kind: str, *where: str) -> None:
    runner = web.AppRunner(application(await STORES[kind](*where)), access_log=None)
    await runner.setup()
    listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
    await web.SockSite(runner, listening).start()
    print(listening.getsockname()[1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    arguments: list[Any] = sys.argv[1:]
    asyncio.run(main(*arguments))
