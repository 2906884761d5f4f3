"""What the command line does besides running: plain functions of settings, giving plain data.

Each opens what it needs and closes it again; none prints.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from responder.access.model import Act, Person, Role, can, require
from responder.access.service import Access
from responder.adapters.kafka.topics import DifferentTopic, KafkaTopics, TopicChange
from responder.adapters.postgres import migrate as schema
from responder.adapters.postgres.audit import PostgresAuditor
from responder.adapters.postgres.dead_letters import PostgresDeadLetterDesk
from responder.adapters.postgres.desk import PostgresDesk
from responder.adapters.postgres.engine import transaction
from responder.adapters.postgres.open_clocks import Effect, OpenClocks
from responder.adapters.postgres.people import PostgresPeople
from responder.adapters.postgres.tally import TallyRows
from responder.adapters.system import SystemClock, SystemIds
from responder.app.allowances import ALLOWANCE_CHANNEL
from responder.app.configuration import Configuration, load
from responder.app.data_folder import (
    DataFolder,
    configuration_file,
    console_address,
    location,
)
from responder.app.database import command_engine, command_url, small_engine
from responder.app.keys import EnvironmentKeys, FolderKeys, Keys
from responder.app.logs import Logs, kafka_options, topic_specs
from responder.app.places import Connector, Places
from responder.audit.chain import Head
from responder.audit.ports import Findings
from responder.engagement import typed
from responder.engagement.errors import Conflict, Misconfigured, NotFound
from responder.engagement.events import Event
from responder.engagement.model import EngagementId, PersonId
from responder.intake.ports import WayIn
from responder.intake.service import read_again
from responder.reconcile.ports import Finding, Level
from responder.review.ports import Balance, DeadLetter
from responder.settings import Settings

_BEGINNING = re.compile(r"[0-9a-f][0-9a-f-]{0,35}")


@dataclass(eq=False, kw_only=True)
class WhoActs(Conflict):
    """More than one person may do that; say who you are with --as NAME: {names}."""

    names: str


@dataclass(eq=False, kw_only=True)
class NobodyYet(Misconfigured):
    """Nobody may do that yet; add somebody with: responder user add NAME."""


@dataclass(eq=False, kw_only=True)
class ManyLetters(Conflict):
    """Several records begin with {beginning}: {some}. Type more of the one that you mean."""

    beginning: str
    some: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Migrated:
    """What was brought to this version, or lacks to it."""

    applied: tuple[str, ...] = ()
    pending: tuple[str, ...] = ()
    made_topics: tuple[str, ...] = ()
    missing_topics: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        return not self.pending and not self.missing_topics


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInLink:
    """A way in for one person, once."""

    name: str
    url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """The closing balance and what an audit found."""

    balance: Balance
    findings: Findings

    @property
    def holds(self) -> bool:
        return self.findings.holds and self.balance.unaccounted == 0


class Admin:
    """The commands, under one set of settings."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self._settings = settings
        self._environ = environ
        self._clock = SystemClock()
        self._ids = SystemIds(self._clock)

    def configuration(self) -> Configuration:
        """Raises BadConfiguration."""
        return load(configuration_file(self._settings, self._environ))

    async def migrate(self, *, check: bool) -> Migrated:
        """Bring the database's schema and the log's topics to this version, or say what is missing.

        Raises:
            NewerSchema: nothing was changed.
            Unreachable, TopicRefused: the schema is as it must be, the topics are not.
        """
        async with (
            command_url(self._settings, self._environ) as url,
            small_engine(url) as engine,
        ):
            if await schema.is_newer(engine):
                raise schema.NewerSchema
            logs = Logs(self._settings, database_url=url, clock=self._clock, ids=self._ids)
            if check:
                pending, missing = await schema.pending(engine), await logs.missing_topics()
                return Migrated(pending=tuple(pending), missing_topics=tuple(missing))
            applied, made = await schema.migrate(engine), await logs.create_topics()
            return Migrated(applied=tuple(applied), made_topics=tuple(made))

    async def plan_topics(self) -> Sequence[TopicChange]:
        """What Kafka lacks or has otherwise; nothing when the log is kept in PostgreSQL.

        Raises:
            Unreachable: Kafka cannot be asked.
        """
        if self._settings.log.backend != "kafka":
            return ()
        topics = KafkaTopics(kafka_options(self._settings))
        return await topics.plan(topic_specs(self._settings))

    async def apply_topics(self) -> Sequence[DifferentTopic]:
        """Make what is missing; gives what differs, and stays as it is.

        Raises:
            Unreachable, TopicRefused: Kafka is away, or does not let us.
        """
        if self._settings.log.backend != "kafka":
            return ()
        topics = KafkaTopics(kafka_options(self._settings))
        return await topics.apply(topic_specs(self._settings))

    async def check_source(self, name: str) -> Sequence[Finding]:
        """Look whether a place is set up so that it can be read and answered. Changes nothing.

        Raises:
            NotFound, MissingSecret, BadConfiguration.
        """
        configuration = self.configuration()
        source = configuration.workspace.source(name)
        check = self._places(configuration).check.get(source.id)
        if check is not None:
            return await check.check()
        return [Finding(level=Level.OK, what=name, says="configured, with its secrets")]

    def way_in(self, name: str) -> WayIn | None:
        """How pushes come to it; None if it takes none.

        Raises:
            NotFound, MissingSecret, BadConfiguration.
        """
        configuration = self.configuration()
        source = configuration.workspace.source(name)
        connector, places = self._connected(configuration)
        url = console_address(self._settings, self._environ)
        return connector.way_in(source.id, places, gateway_url=url)

    async def dead_letters(self, *, status: str, limit: int) -> Sequence[DeadLetter]:
        async with command_engine(self._settings, self._environ) as engine:
            return await self._desk(engine).dead_letters(status=status, limit=limit)

    async def dead_letter(self, letter: str) -> DeadLetter:
        """`letter`: its id, or so much of its beginning that there is one.

        Raises:
            NotFound, ManyLetters.
        """
        async with command_engine(self._settings, self._environ) as engine:
            return await self._desk(engine).dead_letter(await _letter(engine, letter))

    async def retry_dead_letter(self, letter: str, *, name: str | None) -> None:
        """Have it read again, as the configuration is now.

        Raises:
            NotFound, ManyLetters, WhoActs, NobodyYet: nothing was changed.
            Invalid: it still cannot be read; nothing was changed.
        """
        places = self._places(self.configuration())
        async with command_engine(self._settings, self._environ) as engine:
            actor = await self._actor(engine, name)
            letters = self._letters(engine, places)
            await letters.retry(await _letter(engine, letter), actor=actor)

    async def drop_dead_letter(self, letter: str, *, name: str | None, note: str) -> None:
        """Raises NotFound, ManyLetters, WhoActs, NobodyYet."""
        async with command_engine(self._settings, self._environ) as engine:
            actor = await self._actor(engine, name)
            letters = self._letters(engine, Places())
            await letters.drop(await _letter(engine, letter), actor=actor, note=note)

    async def allow_dead_letters(self, *, group: str, records: int) -> None:
        """Let a consumer that stopped for too many failures go on, in whatever process it is."""
        payload = json.dumps({"group": group, "records": records})
        async with (
            command_engine(self._settings, self._environ) as engine,
            transaction(engine) as connection,
        ):
            await connection.execute(
                text("SELECT pg_notify(:channel, :payload)"),
                {"channel": ALLOWANCE_CHANNEL, "payload": payload},
            )

    async def people(self) -> Sequence[Person]:
        async with command_engine(self._settings, self._environ) as engine:
            return await self._access(engine).everybody()

    async def add_person(self, name: str, role: Role) -> SignInLink:
        """Raises NameTaken, NameUnusable."""
        async with command_engine(self._settings, self._environ) as engine:
            access = self._access(engine)
            return await self._link(access, await access.add(name, role))

    async def link_person(self, name: str) -> SignInLink:
        """Raises NotFound."""
        async with command_engine(self._settings, self._environ) as engine:
            access = self._access(engine)
            return await self._link(access, await access.named(name))

    async def verify(self, *, since: str | None) -> Verified:
        """Audit ledger and chain, in one snapshot; the chain must still hold the head `since`.

        Raises Malformed: that is no head.
        """
        head = None if since is None else Head.read(since)
        async with command_engine(self._settings, self._environ) as engine:
            auditor = PostgresAuditor(engine)
            findings = await auditor.audit(since=head)
            balance = await auditor.balance(missing=findings.missing_total)
            return Verified(balance=balance, findings=findings)

    async def chain_head(self) -> Head:
        """The last entry of the record of changes."""
        async with command_engine(self._settings, self._environ) as engine:
            return await PostgresAuditor(engine).head()

    async def due_explained(self, engagement_id: EngagementId) -> Sequence[str]:
        """Why an answer is due when it is, line by line. Raises NotFound."""
        async with command_engine(self._settings, self._environ) as engine:
            return (await self._desk(engine).item(engagement_id)).due_explained

    async def preview_clocks(self) -> Effect:
        """What the configuration as it is written now would do to the clocks of what is open."""
        workspace = self.configuration().workspace
        async with command_engine(self._settings, self._environ) as engine:
            return await OpenClocks(engine).effect(workspace, at=self._clock.now())

    async def change_clocks(
        self, *, name: str | None, reason: str, tell: Callable[[int], None] = lambda _: None
    ) -> Effect:
        """Let it do that; `tell` hears again and again how many were looked at.

        Raises:
            UnusableReason, WhoActs, NobodyYet: nothing was changed.
        """
        workspace, because = self.configuration().workspace, typed.reason(reason)
        async with command_engine(self._settings, self._environ) as engine:
            actor = await self._actor(engine, name)
            return await OpenClocks(engine).change(
                workspace,
                at=self._clock.now(),
                actor=f"person:{actor}",
                reason=because,
                tell=tell,
            )

    async def recount(self) -> None:
        """Make the counts that are kept equal to the ledger; whoever writes waits meanwhile."""
        async with command_engine(self._settings, self._environ) as engine:
            await TallyRows(engine).rebuild()

    def _keys(self) -> Keys:
        if self._settings.database.url is not None:
            return EnvironmentKeys(self._settings.source, self._settings.webhook)
        folder = DataFolder(location(self._settings, self._environ), self._ids)
        return FolderKeys(folder, self._settings.source, self._settings.webhook)

    def _places(self, configuration: Configuration) -> Places:
        """Each source with its platform."""
        return self._connected(configuration)[1]

    def _connected(self, configuration: Configuration) -> tuple[Connector, Places]:
        places = Places()
        connector = Connector(keys=self._keys(), clock=self._clock, guestbook_url=None)
        connector.connect(configuration, places)
        return connector, places

    def _letters(self, engine: AsyncEngine, places: Places) -> PostgresDeadLetterDesk:
        def read_as_now(
            source: str, headers: Sequence[tuple[str, str]], value: bytes
        ) -> tuple[Event, ...]:
            return read_again(places.push, source, headers, value, now=self._clock.now())

        return PostgresDeadLetterDesk(engine, read_again=read_as_now)

    def _access(self, engine: AsyncEngine) -> Access:
        return Access(store=PostgresPeople(engine), clock=self._clock, ids=self._ids)

    def _desk(self, engine: AsyncEngine) -> PostgresDesk:
        return PostgresDesk(
            engine, workspace=lambda: self.configuration().workspace, capabilities=dict
        )

    async def _link(self, access: Access, person: Person) -> SignInLink:
        return SignInLink(
            name=person.name,
            url=f"{console_address(self._settings, self._environ)}/sign-in/{await access.link(person)}",
        )

    async def _actor(self, engine: AsyncEngine, name: str | None) -> PersonId:
        """Who does it: as named, or the only one who may."""
        access = self._access(engine)
        if name is not None:
            person = await access.named(name)
            require(person, Act.MEND)
            return person.id
        admins = [each for each in await access.everybody() if can(each, Act.MEND)]
        if len(admins) > 1:
            raise WhoActs(names=", ".join(each.name for each in admins))
        if not admins:
            raise NobodyYet
        return admins[0].id


async def _letter(engine: AsyncEngine, typed: str) -> UUID:
    """The one whose id begins so. Raises NotFound, ManyLetters."""
    beginning = typed.strip().lower()
    found: Sequence[UUID] = ()
    if _BEGINNING.fullmatch(beginning):
        async with transaction(engine) as connection:
            rows = await connection.execute(
                text("SELECT id FROM dead_letter WHERE id::text LIKE :like ORDER BY id LIMIT 4"),
                {"like": f"{beginning}%"},
            )
            found = rows.scalars().all()
    if not found:
        raise NotFound(what="record", name=typed)
    if len(found) > 1:
        raise ManyLetters(beginning=beginning, some=", ".join(map(str, found)))
    return found[0]
