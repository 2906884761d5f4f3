"""Each configured source with what its platform can do: push in, be read, be answered, be checked."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.metadata import version
from ipaddress import IPv4Network, IPv6Network, ip_network
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from yarl import URL

from responder.adapters.http import GuardedHttp
from responder.app import tables
from responder.app.configuration import Configuration
from responder.app.keys import Keys, SourceKeys
from responder.delivery.ports import Capabilities, ReplyPlatform
from responder.engagement.model import SourceId
from responder.engagement.ports import Clock
from responder.engagement.workspace import Source, Workspace
from responder.intake.ports import WayIn
from responder.intake.secrets import Rotating, Secret
from responder.intake.service import PushSource
from responder.platforms.cloudevents import CloudEvents
from responder.platforms.guestbook import OWN_AUTHOR_ID, GuestbookPlatform
from responder.platforms.isso.checking import IssoCheck
from responder.platforms.isso.polling import IssoPoll
from responder.platforms.isso.replying import IssoReply
from responder.platforms.isso.wire import IssoApi
from responder.platforms.outgoing_webhook import OutgoingWebhook
from responder.platforms.standard_webhooks import StandardWebhooks
from responder.platforms.webhook_messages import WebhookMessages
from responder.reconcile.ports import CheckPlatform, EntryPlatform, PollPlatform
from responder.sla.ports import Webhook

if TYPE_CHECKING:
    from responder.intake.ports import PushPlatform

Network: TypeAlias = IPv4Network | IPv6Network

USER_AGENT = f"Responder/{version('responder')}"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
PREVIOUS_SECRET_HOURS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One source, connected. What its platform cannot do is None."""

    id: SourceId
    push: PushSource | None = None
    reply: ReplyPlatform | None = None
    poll: PollPlatform | None = None
    poll_seconds: float = 60.0
    enter: EntryPlatform | None = None
    check: CheckPlatform | None = None
    own_author_ids: frozenset[str] = frozenset()
    """What the platform itself calls us, beside what is configured."""


@dataclass(slots=True)
class Places:
    """All connected sources; the maps are changed in place when the configuration is."""

    push: dict[SourceId, PushSource] = field(default_factory=dict)
    tokens: dict[SourceId, Rotating] = field(default_factory=dict)
    reply: dict[SourceId, ReplyPlatform] = field(default_factory=dict)
    poll: dict[SourceId, PollPlatform] = field(default_factory=dict)
    poll_seconds: dict[SourceId, float] = field(default_factory=dict)
    enter: dict[SourceId, EntryPlatform] = field(default_factory=dict)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    check: dict[SourceId, CheckPlatform] = field(default_factory=dict)
    kinds: dict[SourceId, str] = field(default_factory=dict)
    own_author_ids: dict[SourceId, frozenset[str]] = field(default_factory=dict)
    built_of: dict[SourceId, tables.AnySource] = field(default_factory=dict)
    """What stood in the configuration of each, to tell one that was changed."""
    urls: dict[SourceId, str] = field(default_factory=dict)
    """Where people find what we serve ourselves."""
    _told: tuple[Workspace, Any, Workspace] | None = field(default=None, init=False, repr=False)

    def capabilities(self) -> Mapping[SourceId, Capabilities]:
        return {source: platform.capabilities for source, platform in self.reply.items()}

    def known_by_platform(self, workspace: Workspace) -> Workspace:
        """The workspace with what only its places know: our ids there, and where they stand.

        The same object as long as nothing changes: it is asked for with each comment.
        """
        known = (dict(self.own_author_ids), dict(self.urls))
        if self._told is None or self._told[0] is not workspace or self._told[1] != known:
            self._told = workspace, known, self._tell(workspace)
        return self._told[2]

    def _tell(self, workspace: Workspace) -> Workspace:
        sources = {
            name: replace(
                source,
                url=source.url or self.urls.get(name),
                own_author_ids=source.own_author_ids | self.own_author_ids.get(name, frozenset()),
            )
            for name, source in workspace.sources.items()
        }
        return replace(workspace, sources=MappingProxyType(sources))


class Connector:
    """Builds places.

    Args:
        console_url: where people find the console, without a slash at its end, if that is known.
        guestbook_url: where the guestbook's own server is, if there is one.
        guestbook_tls: whom to trust there, if it speaks HTTPS.
    """

    def __init__(
        self,
        *,
        keys: Keys,
        clock: Clock,
        guestbook_url: str | None,
        guestbook_tls: ssl.SSLContext | None = None,
        console_url: str | None = None,
    ) -> None:
        self._keys = keys
        self._clock = clock
        self._console_url = console_url
        self._guestbook_url = guestbook_url
        self._guestbook_tls = guestbook_tls

    def connect(self, configuration: Configuration, places: Places) -> None:
        """Fill `places` with what is configured now. Raises MissingSecret, UnusableSecret."""
        made = [
            self._place(configuration.workspace.sources[source], table)
            for source, table in configuration.sources.items()
        ]
        webhooks = {name: self._told(name, each) for name, each in configuration.webhooks.items()}
        places.webhooks.clear()
        places.webhooks.update(webhooks)
        for target in (places.push, places.tokens, places.reply, places.poll, places.enter):
            target.clear()
        places.check.clear()
        for place in made:
            _add(places, place)
        places.built_of = dict(configuration.sources)
        places.kinds.update({n: t.platform for n, t in configuration.sources.items()})

    def way_in(self, source: SourceId, places: Places, *, gateway_url: str) -> WayIn | None:
        """How pushes come to it; None if it takes none. Raises MissingSecret.

        Args:
            source: one that `places` holds.
            places: as connected now.
            gateway_url: without a slash at its end; empty where only others know it.
        """
        if source not in places.push:
            return None
        kept = self._keys.kept_at(source)
        hands_over = isinstance(places.reply.get(source), OutgoingWebhook)
        return WayIn(
            address=f"{gateway_url}/in/{source}/{self._keys.of(source).address_token}",
            signed_with=kept.webhook_secret,
            replies_signed_with=kept.outgoing_secret if hands_over else None,
        )

    def _place(self, source: Source, table: tables.AnySource) -> Place:
        if isinstance(table, tables.IssoTable):
            return self._isso(source, table)
        keys = self._keys.of(source.id)
        if isinstance(table, tables.WebhookTable):
            return self._webhook(source, table, keys)
        return self._guestbook(source, keys)

    def _isso(self, source: Source, table: tables.IssoTable) -> Place:
        http = self._http(table, table.base_url)
        site = str(table.url)
        api = IssoApi(http=http, clock=self._clock, url=str(table.base_url), site=site)
        reply = IssoReply(api=api, clock=self._clock, post_as=source.post_as, email=table.email)
        return Place(
            id=source.id,
            reply=reply,
            poll=IssoPoll(
                api=api,
                clock=self._clock,
                pages=table.pages,
                backfill_days=table.backfill_days,
            ),
            poll_seconds=table.poll_seconds,
            check=IssoCheck(api=api, site=site),
            own_author_ids=frozenset({reply.own_author_id}),
        )

    def _webhook(self, source: Source, table: tables.WebhookTable, keys: SourceKeys) -> Place:
        secrets = self._rotating(keys.webhook_secret, keys.previous_webhook_secret)
        platform: PushPlatform
        if table.format == "cloudevents":
            platform = CloudEvents(secrets, allows_batches=table.batches)
        else:
            platform = StandardWebhooks(secrets)
        reply = None
        if table.outgoing_url is not None:
            reply = OutgoingWebhook(
                http=self._http(table, table.outgoing_url),
                clock=self._clock,
                url=str(table.outgoing_url),
                secrets=[keys.outgoing_secret],
                handover_deadline_seconds=table.receipt_hours * 3600.0,
            )
        push = PushSource(id=source.id, token=_token(keys), platform=platform)
        return Place(id=source.id, push=push, reply=reply)

    def _guestbook(self, source: Source, keys: SourceKeys) -> Place:
        secrets = self._rotating(keys.webhook_secret, keys.previous_webhook_secret)
        push = PushSource(id=source.id, token=_token(keys), platform=StandardWebhooks(secrets))
        if self._guestbook_url is None:
            return Place(id=source.id, push=push)
        url = URL(self._guestbook_url)
        http = GuardedHttp(
            clock=self._clock,
            user_agent=USER_AGENT,
            networks=LOOPBACK,
            ports=(url.port or 80,),
            tls=self._guestbook_tls,
        )
        guestbook = GuestbookPlatform(
            http=http,
            clock=self._clock,
            url=self._guestbook_url,
            token=keys.outgoing_secret,
            post_as=source.post_as,
        )
        return Place(
            id=source.id,
            push=push,
            reply=guestbook,
            poll=guestbook,
            poll_seconds=5.0,
            enter=guestbook,
            own_author_ids=frozenset({OWN_AUTHOR_ID}),
        )

    def _told(self, name: str, table: tables.ToldTable) -> Webhook:
        return WebhookMessages(
            http=self._http(table, table.url),
            clock=self._clock,
            url=str(table.url),
            secrets=[self._keys.of_webhook(name)],
            console_url=self._console_url,
        )

    def _http(self, table: tables.AnySource | tables.ToldTable, target: object) -> GuardedHttp:
        port = URL(str(target)).port
        return self._client(table.allowed_networks, (port,) if port else ())

    def _client(self, networks: tuple[Network, ...], ports: tuple[int, ...]) -> GuardedHttp:
        return GuardedHttp(clock=self._clock, user_agent=USER_AGENT, networks=networks, ports=ports)

    def _rotating(self, current: str, previous: str | None) -> Rotating:
        if previous is None:
            return Rotating(Secret(current))
        ends_at = self._clock.now() + timedelta(hours=PREVIOUS_SECRET_HOURS)
        return Rotating(Secret(current), Secret(previous), ends_at)


def _token(keys: SourceKeys) -> Rotating:
    return Rotating(Secret(keys.address_token))


def _add(places: Places, place: Place) -> None:
    if place.push is not None:
        places.push[place.id] = place.push
        places.tokens[place.id] = place.push.token
    if place.reply is not None:
        places.reply[place.id] = place.reply
    if place.poll is not None:
        places.poll[place.id] = place.poll
        places.poll_seconds[place.id] = place.poll_seconds
    if place.enter is not None:
        places.enter[place.id] = place.enter
    if place.check is not None:
        places.check[place.id] = place.check
    places.own_author_ids[place.id] = place.own_author_ids
