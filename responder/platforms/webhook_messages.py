"""Tells a webhook of yours what a comment's clock has come to.

Standard Webhooks, signed. The id is that of the message, the same on every try, so a receiver that
keeps the ids it has seen acts once on each. Any 2xx says that it was taken.

Source: Standard Webhooks 1.0.0 (headers, signed content, `type`/`timestamp`/`data`, 410).
"""

from collections.abc import Sequence
from typing import Final, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from responder.delivery.outcomes import not_a_success
from responder.engagement.http import Answer, Http, Request
from responder.engagement.ports import Clock
from responder.platforms.signatures import asks_to_stop, signed_headers
from responder.sla.ports import Heard, Message, StepTaken

TYPE: Final = "clock.step"
TIMEOUT_SECONDS = 15.0


class StepToldOf(StepTaken):
    """What is sent of a step: with where to look."""

    url: str | None
    """The comment's page in the console, where `server.public_url` says where that is."""


class ClockWebhook(BaseModel):
    """What is sent to a webhook under `[webhooks]`: a step of a comment's clock."""

    model_config = ConfigDict(frozen=True)

    type: Literal["clock.step"]
    timestamp: AwareDatetime
    """When the step was taken."""
    data: StepToldOf


class WebhookMessages:
    """`sla.ports.Webhook` by a signed POST.

    Args:
        url: the receiver, as the operator configured it.
        secrets: one or two live ones, each `whsec_…`; every one of them signs.
        console_url: where people find the console, without a slash at its end; None: not known.
    """

    def __init__(
        self,
        *,
        http: Http,
        clock: Clock,
        url: str,
        secrets: Sequence[str],
        console_url: str | None,
    ) -> None:
        self._http = http
        self._clock = clock
        self._url = url
        self._secrets = tuple(secrets)
        self._console_url = console_url

    async def tell(self, message: Message) -> Heard:
        now = self._clock.now()
        body = self._body(message)
        request = Request(
            method="POST",
            url=self._url,
            headers=signed_headers(self._secrets, message.id, now, body),
            body=body,
            total_seconds=TIMEOUT_SECONDS,
        )
        result = await self._http.send(request)
        if isinstance(result, Answer) and result.is_success:
            return Heard(is_told=True)
        why = not_a_success(result, now=now, secrets=self._secrets)
        return Heard(
            is_told=False,
            is_over=isinstance(result, Answer) and asks_to_stop(result),
            why=why.detail,
            after_seconds=why.after_seconds,
        )

    def _body(self, message: Message) -> bytes:
        page = f"/engagements/{message.data.engagement_id}"
        url = None if self._console_url is None else self._console_url + page
        data = StepToldOf(**dict(message.data), url=url)
        return (
            ClockWebhook(type=TYPE, timestamp=message.made_at, data=data).model_dump_json().encode()
        )
