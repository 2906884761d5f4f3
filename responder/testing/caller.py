"""What people and programs do with a running Responder, over HTTP: push, read, decide, comment."""

import json
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from typing_extensions import override

from responder.platforms.signatures import sign_standard
from responder.testing.running import Ready, Running, eventually
from responder.web.api.models import Engagement, EngagementList

PATIENCE_SECONDS = 90.0
"""How long something may take that takes a second on an idle machine."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request got."""

    status: int
    body: str
    headers: Mapping[str, str]

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """One caller of one Responder; follows it when it starts again elsewhere."""

    def __init__(self, running: Running, http: aiohttp.ClientSession) -> None:
        self._running = running
        self._http = http

    @property
    def ready(self) -> Ready:
        return self._running.ready

    async def ask(self, method: str, url: str, **given: Any) -> Answer:
        async with self._http.request(method, url, **given) as answer:
            return Answer(answer.status, await answer.text(), answer.headers)

    # Pushing in

    async def push(
        self,
        comment_id: str,
        text: str,
        *,
        source: str = "guestbook",
        query: str = "",
        **data: object,
    ) -> Answer:
        """Push a comment to a source, signed."""
        said = {
            "comment_id": comment_id,
            "text": text,
            "author": {"id": "ann", "name": "Ann"},
            "published_at": now(),
            **data,
        }
        return await self.push_event(source, "engagement.received.v1", said, query=query)

    async def push_event(
        self, source: str, kind: str, data: Mapping[str, object], *, query: str = ""
    ) -> Answer:
        body = json.dumps({"type": kind, "timestamp": now(), "data": data})
        return await self.push_body(source, body, query=query)

    async def push_body(
        self,
        source: str,
        body: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: str = "",
    ) -> Answer:
        """Push anything, signed as Standard Webhooks has it."""
        signed = self.signed(source, body) | dict(headers or {})
        return await self.ask(
            "POST", self.address(source) + query, data=body.encode(), headers=signed
        )

    def signed(self, source: str, body: str) -> dict[str, str]:
        secret = self._running.keys(source).webhook_secret
        message_id, at = f"msg_{secrets.token_hex(8)}", int(datetime.now(UTC).timestamp())  # noqa: TID251 - the world's
        return {
            "content-type": "application/json",
            "webhook-id": message_id,
            "webhook-timestamp": str(at),
            "webhook-signature": sign_standard(secret, message_id, at, body.encode()),
        }

    def address(self, source: str) -> str:
        token = self._running.keys(source).address_token
        return f"{self.ready.console_url}/in/{source}/{token}"

    async def status(self, url: str, *, source: str = "guestbook") -> Answer:
        """What a status URL says to the source whose token is shown."""
        token = self._running.keys(source).address_token
        return await self.ask("GET", url, headers={"Authorization": f"Bearer {token}"})

    # The API

    async def api(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.ready.api_token}"}
        return await self.ask(method, self.ready.api_url + path, headers=headers, json=body)

    async def queue(self, state: str = "open", **filters: str) -> EngagementList:
        query = "&".join(f"{name}={value}" for name, value in {**filters, "state": state}.items())
        answer = await self.api("GET", f"/engagements?limit=200&{query}")
        return EngagementList.model_validate_json(answer.body)

    async def read(self, engagement: Engagement) -> Engagement:
        answer = await self.api("GET", f"/engagements/{engagement.id}")
        return Engagement.model_validate_json(answer.body)

    async def arrived(
        self, text: str, *, state: str = "open", within: float = PATIENCE_SECONDS
    ) -> Engagement:
        """The engagement whose comment begins so, once it is there."""

        async def found() -> list[Any]:
            shown = await self.queue(state)
            return [each for each in shown.items if each.excerpt.startswith(text)]

        (only,) = await eventually(found, bool, within)
        answer = await self.api("GET", f"/engagements/{only.id}")
        return Engagement.model_validate_json(answer.body)

    async def drafted(self, text: str) -> Engagement:
        """The same, once its draft is made or refused."""
        arrived = await self.arrived(text)

        async def ask() -> Engagement:
            return await self.read(arrived)

        return await eventually(ask, lambda it: it.draft is not None, PATIENCE_SECONDS)

    async def becomes(
        self, engagement: Engagement, state: str, *, within: float = PATIENCE_SECONDS
    ) -> Engagement:
        """Read it until it has that state."""

        async def ask() -> Engagement:
            return await self.read(engagement)

        return await eventually(ask, lambda it: it.state == state, within)

    async def approve(
        self, engagement: Engagement, text: str, *, undo_seconds: int = 0, **given: object
    ) -> Answer:
        body = {"text": text, "context": engagement.context, "undo_seconds": undo_seconds}
        return await self.api("POST", f"/engagements/{engagement.id}/approve", body | given)

    # The guestbook's page, as a browser without scripts sees it

    async def visit(self, path: str = "/") -> "Page":
        url = urljoin(self.ready.guestbook_url or "", path)
        answer = await self.ask("GET", url)
        return Page(answer.body)

    async def write(self, name: str, text: str) -> str:
        """Comment on the guestbook's page; gives the comment's id."""
        answer = await self._send("/comments", {"name": name, "text": text})
        return answer.headers["Location"].partition("id=")[2].partition("#")[0]

    async def edit(self, comment_id: str, text: str) -> None:
        await self._send("/edit", {"id": comment_id, "text": text})

    async def delete(self, comment_id: str) -> None:
        await self._send("/delete", {"id": comment_id})

    async def _send(self, path: str, form: Mapping[str, str]) -> Answer:
        url = urljoin(self.ready.guestbook_url or "", path)
        answer = await self.ask("POST", url, data=form, allow_redirects=False)
        if answer.status != 303:  # noqa: PLR2004 - See Other: it was taken
            raise RuntimeError(f"the guestbook answered {answer.status}: {Page(answer.body).text}")
        return answer

    # What it measures

    async def metrics(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
        """Every sample by its name and sorted labels."""
        answer = await self.ask("GET", self.ready.metrics_url)
        return {
            (sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(answer.body)
            for sample in family.samples
        }


class Page(HTMLParser):
    """What a page says, and the texts of the comments on it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.comments: list[str] = []
        self._words: list[str] = []
        self._is_comment = False
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self._words).split())

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "div" and ("class", "text") in attrs:
            self._is_comment = True
            self.comments.append("")

    @override
    def handle_endtag(self, tag: str) -> None:
        self._is_comment = self._is_comment and tag != "div"

    @override
    def handle_data(self, data: str) -> None:
        self._words.append(data)
        if self._is_comment:
            self.comments[-1] += data


def now() -> str:
    return datetime.now(UTC).isoformat()  # noqa: TID251 - the world's


@asynccontextmanager
async def calling(running: Running) -> AsyncIterator[Caller]:
    """A caller with cookies of its own."""
    jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address without a name
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=timeout) as http:
        yield Caller(running, http)
