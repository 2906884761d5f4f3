"""Makes a `Workspace` of the tables, once no table contradicts another."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from types import MappingProxyType
from typing import TypeAlias

from responder.app import tables
from responder.app.positions import Path as KeyPath
from responder.engagement.model import Audience, SourceId
from responder.engagement.sla import due_at
from responder.engagement.workspace import (
    Knowledge,
    OfficeHours,
    Queue,
    Route,
    SavedReply,
    SlaPolicy,
    Source,
    Step,
    Tier,
    Voice,
    Workspace,
)

DEFAULT_QUEUE = "default"
GUESTBOOK = SourceId("guestbook")
"""The one source of the guestbook that Responder serves itself."""
SOME_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)

Contradiction: TypeAlias = tuple[KeyPath, str]


def workspace(file: tables.File, version: str) -> Workspace:
    policies = {name: _policy(name, each, file.office_hours) for name, each in file.sla.items()}
    queues = {DEFAULT_QUEUE: Queue(DEFAULT_QUEUE, "Inbox")} | {
        name: Queue(name, each.title or name, each.sla) for name, each in file.queues.items()
    }
    return Workspace(
        version=version,
        sources=MappingProxyType(
            {SourceId(name): _source(name, each, file.voice) for name, each in file.sources.items()}
        ),
        queues=MappingProxyType(queues),
        routes=tuple(Route(**dict(each)) for each in file.routes),
        policies=MappingProxyType(policies),
        audiences=MappingProxyType(dict(_audiences(file))),
        spam_keywords=file.triage.spam_keywords,
        languages=file.triage.languages,
        knowledge=tuple(_knowledge(each) for each in file.knowledge),
        voice=_voice(file.voice),
        saved_replies=tuple(SavedReply(**dict(each)) for each in file.saved_replies),
    )


def _source(name: str, table: tables.AnySource, voice: tables.VoiceTable) -> Source:
    return Source(
        id=SourceId(name),
        platform=table.platform,
        title=table.title or name,
        url=_url(table.url),
        own_author_ids=frozenset(table.own_author_ids),
        own_names=frozenset(table.own_names),
        post_as=table.post_as or voice.name or "The team",
        queue=table.queue,
        audience=table.audience,
        sends=not isinstance(table, tables.WebhookTable) or table.outgoing_url is not None,
    )


def _policy(
    name: str, table: tables.SlaTable, hours: Mapping[str, tables.OfficeHoursTable]
) -> SlaPolicy:
    opened = table.office_hours
    return SlaPolicy(
        name,
        table.target,
        None if opened is None else _office_hours(opened, hours[opened]),
        tuple(Tier(**dict(each)) for each in table.tiers),
        table.clock_may_stop,
        tuple(_step(each) for each in table.steps),
        table.objective,
    )


def _step(table: tables.StepTable) -> Step:
    return Step(
        name=table.name,
        offset=table.offset,
        queue=table.queue,
        person=table.person,
        webhook=table.webhook,
    )


def _audiences(file: tables.File) -> Iterator[tuple[tuple[SourceId, str], Audience]]:
    for audience, authors in file.audiences.items():
        for author in authors:
            source, _, author_id = author.partition("/")
            yield (SourceId(source), author_id), audience


def _office_hours(name: str, table: tables.OfficeHoursTable) -> OfficeHours:
    week = {number: getattr(table, day) for number, day in enumerate(tables.WEEKDAYS)}
    return OfficeHours(
        name=name,
        zone=table.zone,
        week=MappingProxyType({number: opened for number, opened in week.items() if opened}),
        holidays=table.holidays,
    )


def _knowledge(table: tables.KnowledgeTable) -> Knowledge:
    return Knowledge(
        id=table.id,
        title=table.title,
        text=table.text,
        url=_url(table.url),
        language=table.language,
        sources=frozenset(table.sources),
    )


def _voice(table: tables.VoiceTable) -> Voice:
    return Voice(
        name=table.name or "",
        signature=table.signature or "",
        openings=MappingProxyType(dict(table.openings)),
        closings=MappingProxyType(dict(table.closings)),
    )


def _url(url: object | None) -> str | None:
    return None if url is None else str(url)


def contradictions(file: tables.File) -> Iterator[Contradiction]:
    yield from _guestbooks(file)
    yield from _unknown_names(file)
    yield from _authors(file)
    yield from _steps(file)
    yield from _repeated(("knowledge",), "id", [each.id for each in file.knowledge])
    yield from _repeated(("saved_replies",), "name", [each.name for each in file.saved_replies])
    yield from _targets(file)


def _guestbooks(file: tables.File) -> Iterator[Contradiction]:
    for name, source in file.sources.items():
        if source.platform == "guestbook" and name != GUESTBOOK:
            yield (
                ("sources", name, "platform"),
                (
                    f"Responder serves one guestbook, and its source is sources.{GUESTBOOK};"
                    " another place that pushes is a 'webhook'"
                ),
            )


def _unknown_names(file: tables.File) -> Iterator[Contradiction]:
    queues = {DEFAULT_QUEUE, *file.queues}
    for name, source in file.sources.items():
        yield from _unknown(("sources", name, "queue"), "queue", source.queue, queues)
    for name, queue in file.queues.items():
        yield from _unknown(("queues", name, "sla"), "target", queue.sla, file.sla)
    for name, sla in file.sla.items():
        key = ("sla", name, "office_hours")
        yield from _unknown(key, "office hours", sla.office_hours, file.office_hours)
    for index, route in enumerate(file.routes):
        yield from _unknown(("routes", index, "queue"), "queue", route.queue, queues)
    for index, group, names in chain(
        ((index, "routes", route.sources) for index, route in enumerate(file.routes)),
        ((index, "knowledge", each.sources) for index, each in enumerate(file.knowledge)),
    ):
        for name in sorted(names):
            yield from _unknown((group, index, "sources"), "source", name, file.sources)


def _unknown(
    key: KeyPath, what: str, name: str | None, known: Iterable[str]
) -> Iterator[Contradiction]:
    known = sorted(known)
    if name is not None and name not in known:
        allowed = ", ".join(known) or "none is defined yet"
        yield key, f"there is no {what} {name!r}{tables.nearest(name, known)}; allowed: {allowed}"


def _authors(file: tables.File) -> Iterator[Contradiction]:
    """Each is one of a source that is there, and is known as one thing."""
    seen: dict[str, Audience] = {}
    for audience, authors in file.audiences.items():
        key = ("audiences", audience.value)
        for author in sorted(authors):
            yield from _unknown(key, "source", author.partition("/")[0], file.sources)
            if author in seen:
                yield key, f"{author!r} stands under {seen[author].value} too"
            seen[author] = audience


def _steps(file: tables.File) -> Iterator[Contradiction]:
    queues = {DEFAULT_QUEUE, *file.queues}
    for name, sla in file.sla.items():
        group: KeyPath = ("sla", name, "steps")
        for index, step in enumerate(sla.steps):
            yield from _unknown((*group, index, "queue"), "queue", step.queue, queues)
            yield from _unknown((*group, index, "webhook"), "webhook", step.webhook, file.webhooks)
        yield from _repeated(group, "name", [each.name for each in sla.steps])


def _repeated(group: KeyPath, key: str, names: list[str]) -> Iterator[Contradiction]:
    for index, name in enumerate(names):
        if name in names[:index]:
            yield (*group, index, key), f"{name!r} is used twice"


def _targets(file: tables.File) -> Iterator[Contradiction]:
    for name, sla in file.sla.items():
        hours = file.office_hours.get(sla.office_hours or "")
        if hours is None:
            continue
        opened = _office_hours(sla.office_hours or "", hours)
        targets: dict[KeyPath, timedelta] = {("sla", name, "target"): sla.target}
        for index, tier in enumerate(sla.tiers):
            targets["sla", name, "tiers", index, "target"] = tier.target
        longest = max(targets.values())
        for index, step in enumerate(sla.steps):
            targets["sla", name, "steps", index, "after"] = longest + step.offset
        for key, target in targets.items():
            try:
                due_at(SOME_MONDAY, target, opened)
            except ValueError:
                yield key, "these office hours are too short for it: it is never due"
