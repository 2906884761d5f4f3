"""Triage: what arrived, what it means, and who should see it. One transaction per batch."""

from collections.abc import Callable, Iterable, Sequence

from responder.engagement.errors import Malformed
from responder.engagement.events import EngagementReceived, Event
from responder.engagement.model import EngagementId, Understanding, thread_key
from responder.engagement.ports import Clock, Ids
from responder.engagement.workspace import Source, Workspace
from responder.triage import decisions
from responder.triage.ports import Arrival, Classifier, OwnSeen, Readable, TriageWork

CONSUMER = "triage"


class Triage:
    """Takes batches of arrivals into the ledger, each exactly once.

    `workspace` gives the configuration as it is now; one batch sees one version.
    """

    def __init__(
        self,
        *,
        workspace: Callable[[], Workspace],
        classifier: Classifier,
        work: TriageWork,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._workspace = workspace
        self._classifier = classifier
        self._work = work
        self._clock = clock
        self._ids = ids

    def check(self, event: Event, key: bytes | None) -> EngagementReceived:
        """The data of an event that this workspace may take in.

        Raises:
            NotFound: no such source is configured.
            Malformed: another type of event, or a key that does not name its thread.
        """
        self._workspace().source(event.source)
        if not isinstance(event.data, EngagementReceived):
            raise Malformed(what="the record", why=f"{event.data.type} is not expected here")
        if key != event.key:
            raise Malformed(what="the record's key", why="it is not source/thread_id")
        return event.data

    async def take(self, arrivals: Sequence[Arrival], *, retried: Sequence[str] = ()) -> None:
        """Record what these mean.

        Args:
            arrivals: in the order of the log.
            retried: dead letters whose records came with these and are dealt with already.

        Raises:
            Unavailable: the ledger is away or in conflict; nothing was recorded.
        """
        workspace = self._workspace()
        understood = await self._understand(arrivals, workspace)
        async with self._work.begin() as tx:
            fresh = await tx.claim(CONSUMER, [each.event.id for each in arrivals])
            todo = _first_of_each(each for each in arrivals if each.event.id in fresh)
            keys = {thread_key(each.event.source, each.event.subject) for each in todo}
            await tx.lock_threads(keys)
            names = {decisions.natural_key(each) for each in todo}
            known = await tx.known(names)
            stand = {thread_key(name, each.comment.thread_id) for (name, _), each in known.items()}
            if not stand <= keys:  # a sender left out where its comment stands
                await tx.lock_threads(stand - keys)
                keys |= stand
                known = await tx.known(names)
            now = self._clock.now()
            triager = decisions.Triager(
                workspace=workspace,
                new_id=lambda: EngagementId(self._ids.uuid()),
                now=now,
            )
            verdicts = triager.decide(todo, known, understood)
            await tx.record(verdicts, config_version=workspace.version, at=now)
            for verdict in verdicts:
                if isinstance(verdict, OwnSeen):
                    await tx.settle_own(verdict, at=now)
            for approval in decisions.stale_approvals(await tx.open_approvals(keys)):
                await tx.void(approval, reason="thread_changed", at=now)
            came_back = [each.dead_letter for each in arrivals if each.dead_letter]
            await tx.settle_retried([*came_back, *retried])

    async def _understand(
        self, arrivals: Sequence[Arrival], workspace: Workspace
    ) -> dict[str, Understanding]:
        """Before the transaction, so that no lock waits for it. Asking again is harmless."""
        batch = [(each, _readable(each, workspace)) for each in arrivals]
        results = await self._classifier.classify([readable for _, readable in batch])
        return {each.event.id: result for (each, _), result in zip(batch, results, strict=True)}


def _readable(arrival: Arrival, workspace: Workspace) -> Readable:
    data, source = arrival.data, workspace.source(arrival.event.source)
    return Readable(
        text=data.text,
        author_name=data.author.name,
        language_hint=data.language,
        own_names=_names(source),
        page_title=data.page.title if data.page else None,
        page_url=data.page.url if data.page else None,
        has_attachments=bool(data.attachments),
        mentions=data.mentions,
    )


def _names(source: Source) -> frozenset[str]:
    return source.own_names | ({source.post_as} if source.post_as else frozenset())


def _first_of_each(arrivals: Iterable[Arrival]) -> list[Arrival]:
    """One event may stand twice in a batch; the second is a repeat like any other."""
    first: dict[str, Arrival] = {}
    for arrival in arrivals:
        first.setdefault(arrival.event.id, arrival)
    return list(first.values())
