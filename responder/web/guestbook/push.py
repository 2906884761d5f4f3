"""Tells Responder of every change, by signed webhook, until it has confirmed each one.

Source: Standard Webhooks 1.0.0. The id of a push is stable over its tries; timestamp and signature
are fresh for each.
"""

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from responder.engagement.errors import Unavailable
from responder.engagement.events import EngagementReceived
from responder.engagement.http import Answer, Http, NotSent, Request, Result
from responder.engagement.ports import Clock, Random
from responder.web.guestbook.faults import Faults, PushFault
from responder.web.guestbook.store import GuestbookStore, Push

Sign = Callable[[str, int, bytes], str]
"""Message id, whole seconds, body: one entry of `webhook-signature`."""

DELAYS_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""After the last, the same again: a change is never given up."""
LOOK_SECONDS = 1.0
_BATCH = 50


class Pusher:
    """Sends what is due, branch by branch in order.

    Args:
        url: the webhook address of the guestbook's source.
        sign: signs with that source's secret.
    """

    def __init__(
        self,
        *,
        store: GuestbookStore,
        http: Http,
        clock: Clock,
        random: Random,
        url: str,
        sign: Sign,
        faults: Faults | None = None,
    ) -> None:
        self._store = store
        self._http = http
        self._clock = clock
        self._random = random
        self._url = url
        self._sign = sign
        self._faults = faults or Faults()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Something changed: look now."""
        self._woken.set()

    async def run(self) -> None:
        """Until cancelled. A database that is away is waited for."""
        while True:
            self._woken.clear()
            sent = 0
            with suppress(Unavailable):
                sent = await self.push_due()
            if not sent:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), LOOK_SECONDS)

    async def push_due(self) -> int:
        """Send what is due once; how many were confirmed. Raises Unavailable."""
        confirmed = 0
        for push in await self._due():
            result = await self._send(push)
            if isinstance(result, Answer) and result.is_success:
                await self._store.confirmed(push.seq, self._clock.now())
                confirmed += 1
                continue
            await self._store.postponed(push.seq, self._clock.now() + self._delay(push))
            if isinstance(result, NotSent):
                break  # nobody is there: the others wait for their next look
        return confirmed

    async def _due(self) -> Sequence[Push]:
        return await self._store.due(self._clock.now(), _BATCH)

    async def _send(self, push: Push) -> Result:
        match self._faults.for_push():
            case PushFault.LOSE:
                return Answer(status=202, headers={}, body=b"")
            case PushFault.DELAY:
                return NotSent(why="told to be late")
            case PushFault.REPEAT:
                await self._http.send(self._request(push))
            case PushFault.NONE:
                pass
        return await self._http.send(self._request(push))

    def _request(self, push: Push) -> Request:
        event = {
            "type": EngagementReceived.type,
            "timestamp": push.made_at.isoformat(),
            "data": json.loads(push.data),
        }
        body = json.dumps(event).encode()
        timestamp = int(self._clock.now().timestamp())
        return Request(
            method="POST",
            url=self._url,
            headers={
                "Content-Type": "application/json",
                "webhook-id": push.message_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": self._sign(push.message_id, timestamp, body),
            },
            body=body,
        )

    def _delay(self, push: Push) -> timedelta:
        seconds = DELAYS_SECONDS[min(push.tries, len(DELAYS_SECONDS) - 1)]
        return timedelta(seconds=seconds * self._random.uniform(0.8, 1.2))
