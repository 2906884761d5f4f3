"""Tells webhooks what clocks have come to: at least once, under an id that stays the same."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from responder.engagement.ports import Clock, Random
from responder.sla.ports import Heard, Message, Messages, Webhook

TRY_SECONDS = 60.0
"""Longer than a try takes: what its teller did not settle by then is tried by another one."""
REST_SECONDS = 5.0
"""After a try that failed, a webhook is told nothing for so long."""
WAITS_SECONDS = (5.0, 30.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0)
"""Before the second try, the third, …; after the last of them it is given up."""


NOT_CONFIGURED = "no such webhook is configured here"


class Telling:
    """Makes one try of one message at a time; any number may do so at once.

    While a try is under way, and for a moment after one that failed, its webhook gets no other one:
    a receiver that does not answer delays its own messages and nobody else's.
    """

    def __init__(
        self,
        *,
        messages: Messages,
        webhooks: Mapping[str, Webhook],
        clock: Clock,
        random: Random,
    ) -> None:
        self._messages = messages
        self._webhooks = webhooks
        self._clock = clock
        self._random = random
        self._busy: set[str] = set()
        self._rests_until: dict[str, datetime] = {}

    async def run(self) -> bool:
        """Make one try that is due; False if none was.

        Raises:
            Unavailable: the ledger is away. What was told already is told again.
        """
        now = self._clock.now()
        resting = {name for name, until in self._rests_until.items() if until > now}
        message = await self._messages.claim(
            at=now, again_at=now + timedelta(seconds=TRY_SECONDS), but=self._busy | resting
        )
        if message is None:
            return False
        self._busy.add(message.webhook)
        try:
            await self._settle(message, await self._tell(message))
        finally:
            self._busy.discard(message.webhook)
        return True

    async def _tell(self, message: Message) -> Heard:
        """Where it is not known it may be in another process, or soon be known here."""
        webhook = self._webhooks.get(message.webhook)
        if webhook is None:
            return Heard(is_told=False, why=NOT_CONFIGURED)
        return await webhook.tell(message)

    async def _settle(self, message: Message, heard: Heard) -> None:
        now = self._clock.now()
        if heard.is_told:
            self._rests_until.pop(message.webhook, None)
            await self._messages.told(message, at=now)
            return
        self._rests_until[message.webhook] = now + timedelta(seconds=REST_SECONDS)
        if heard.is_over or message.tries > len(WAITS_SECONDS):
            await self._messages.given_up(message, at=now, why=heard.why)
        else:
            wait = self._random.uniform(0.9, 1.1) * WAITS_SECONDS[message.tries - 1]
            until = now + timedelta(seconds=max(wait, heard.after_seconds or 0.0))
            await self._messages.put_off(message, until=until, why=heard.why)
