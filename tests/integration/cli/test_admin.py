"""What the command line does, on a real PostgreSQL."""

import subprocess
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from responder.access.model import NameTaken, NotAllowed, Role
from responder.adapters.postgres.dead_letters import DeadLetterRows
from responder.adapters.postgres.dsn import Dsn
from responder.adapters.postgres.engine import transaction
from responder.adapters.system import SystemClock, SystemIds
from responder.app.admin import Admin, ManyLetters, NobodyYet, WhoActs
from responder.app.data_folder import DataFolder, configuration_file
from responder.app.database import NothingHere, command_engine, reach
from responder.app.doctor import examine
from responder.engagement.deadletter import Buried
from responder.engagement.errors import NotFound, Unavailable
from responder.engagement.events import TOPICS
from responder.reconcile.ports import Level
from responder.settings import Settings
from responder.testing.factories import NOON, comment
from responder.testing.ledger import open_bench

NO_LETTER = str(UUID(int=7))
ONE, OTHER = (UUID(f"9cbdd91a-55d8-4906-8000-00000000000{last}") for last in "12")


async def put_aside(settings: Settings, *letters: UUID) -> None:
    """Records that could not be read."""
    buried = [
        Buried(
            id=each,
            topic="engagement.received",
            partition=0,
            offset=0,
            key=b"garden/c1",
            value=b"{}",
            headers=(),
            stage="triage",
            why="no such source",
            attempts=1,
            first_failed_at=NOON,
            last_failed_at=NOON,
            source="garden",
        )
        for each in letters
    ]
    async with command_engine(settings, {}) as engine:
        await DeadLetterRows(engine).take(buried)


async def test_an_empty_database_lacks_schema_and_topics_until_it_is_migrated(
    database: Dsn,
) -> None:
    admin = Admin(Settings.model_validate({"database": {"url": database.url()}}), {})
    lacking = await admin.migrate(check=True)
    assert lacking.pending
    assert lacking.missing_topics == TOPICS
    brought = await admin.migrate(check=False)
    assert (brought.applied, brought.made_topics) == (lacking.pending, TOPICS)
    assert (await admin.migrate(check=True)).is_complete


async def test_a_new_person_gets_a_link_to_the_console(admin: Admin) -> None:
    made = await admin.add_person("Ada", Role.ADMIN)
    assert made.url.startswith("http://127.0.0.1:8080/sign-in/")
    assert made.url not in repr(made)
    assert [(each.name, each.role) for each in await admin.people()] == [("Ada", Role.ADMIN)]


async def test_a_link_begins_with_the_public_address(ledger: Dsn) -> None:
    server = {"public_url": "https://reply.example.org"}
    chosen = {"database": {"url": ledger.url()}, "server": server}
    made = await Admin(Settings.model_validate(chosen), {}).add_person("Ada", Role.VIEWER)
    assert made.url.startswith("https://reply.example.org/sign-in/")


async def test_a_name_belongs_to_one_person(admin: Admin) -> None:
    await admin.add_person("Ada", Role.ADMIN)
    with pytest.raises(NameTaken):
        await admin.add_person("ada", Role.VIEWER)


async def test_a_link_for_nobody_is_refused(admin: Admin) -> None:
    with pytest.raises(NotFound, match="Bea"):
        await admin.link_person("Bea")


async def test_an_empty_ledger_verifies_with_nothing_missing(admin: Admin) -> None:
    verified = await admin.verify(since=None)
    assert verified.holds
    assert verified.balance.accepted == 0


async def test_a_record_is_dropped_in_the_name_of_the_only_one_who_may(admin: Admin) -> None:
    with pytest.raises(NobodyYet):
        await admin.drop_dead_letter(NO_LETTER, name=None, note="x")
    await admin.add_person("Ada", Role.ADMIN)
    with pytest.raises(NotFound):
        await admin.drop_dead_letter(NO_LETTER, name=None, note="x")
    await admin.add_person("Bea", Role.ADMIN)
    with pytest.raises(WhoActs, match="Ada, Bea"):
        await admin.drop_dead_letter(NO_LETTER, name=None, note="x")


async def test_who_may_not_decide_about_records_is_told_so(admin: Admin) -> None:
    await admin.add_person("Ada", Role.VIEWER)
    with pytest.raises(NotAllowed):
        await admin.drop_dead_letter(NO_LETTER, name="Ada", note="x")


@pytest.mark.parametrize("typed", ["9cbdd91a", "9", str(ONE), f" {str(ONE).upper()} "])
async def test_a_record_is_named_by_the_beginning_of_its_id(
    typed: str, admin: Admin, settings: Settings
) -> None:
    await put_aside(settings, ONE, UUID(int=3))
    assert (await admin.dead_letter(typed)).id == ONE


async def test_a_beginning_that_several_records_have_is_refused_with_their_ids(
    admin: Admin, settings: Settings
) -> None:
    await admin.add_person("Ada", Role.ADMIN)
    await put_aside(settings, ONE, OTHER)
    with pytest.raises(ManyLetters, match=f"{ONE}, {OTHER}"):
        await admin.drop_dead_letter("9cbd", name=None, note="x")
    await admin.drop_dead_letter(str(ONE), name=None, note="x")
    assert [each.id for each in await admin.dead_letters(status="open", limit=9)] == [OTHER]


@pytest.mark.parametrize("typed", ["", "%", "_", "-", "9cbdd91a_", "no id at all"])
async def test_what_is_no_beginning_of_an_id_names_no_record(
    typed: str, admin: Admin, settings: Settings
) -> None:
    await put_aside(settings, ONE)
    with pytest.raises(NotFound):
        await admin.dead_letter(typed)


async def test_the_doctor_finds_nothing_wrong_with_a_sound_installation(
    settings: Settings,
) -> None:
    found = await examine(settings, {})
    assert [each.what for each in found if each.level is Level.FAIL] == []


async def test_the_doctor_names_the_command_for_a_missing_schema(database: Dsn) -> None:
    settings = Settings.model_validate({"database": {"url": database.url()}})
    remedies = {each.what: each.remedy for each in await examine(settings, {})}
    assert remedies["schema"] == "responder migrate"


async def test_the_doctor_counts_what_waits_for_a_person_and_says_where(
    settings: Settings, ledger: Dsn
) -> None:
    await put_aside(settings, ONE, OTHER)
    async with open_bench(ledger) as bench, transaction(bench.engine) as connection:
        await bench.arrives(comment("c1"), comment("c2", thread_id="t2"))
        await connection.execute(
            text("""
                UPDATE engagement SET state =
                  CASE comment_id WHEN 'c1' THEN 'delivery_failed' ELSE 'delivery_unknown' END
                """)
        )
    found = [
        each for each in await examine(settings, {}) if each.what in ("dead letters", "replies")
    ]
    assert {each.level for each in found} == {Level.WARN}
    assert [(each.what, each.says, each.remedy) for each in found] == [
        ("dead letters", "2 records could not be read", "responder deadletter list"),
        (
            "replies",
            "1 reply could not be posted",
            "look at http://127.0.0.1:8080/queue?state=attention",
        ),
        (
            "replies",
            "of 1 reply it is not known whether posted",
            "look at http://127.0.0.1:8080/queue?state=attention",
        ),
    ]


STEPS = """
[sla.an-hour]
target = "1h"

[[sla.an-hour.steps]]
name = "ask"
person = "ana"

[[sla.an-hour.steps]]
name = "ask-more"
after = "1h"
person = "Bo"
"""


async def test_the_doctor_finds_whom_a_step_names_and_nobody_is(
    settings: Settings, admin: Admin
) -> None:
    configuration_file(settings, {}).write_text(STEPS)
    await admin.add_person("Ana", Role.APPROVER)
    [found] = [each for each in await examine(settings, {}) if each.what == "people"]
    assert (found.level, found.remedy) == (Level.WARN, "responder user add Bo")


async def test_the_doctor_names_a_secret_that_others_can_read(
    settings: Settings, tmp_path: Path
) -> None:
    folder = DataFolder(tmp_path, SystemIds(SystemClock()))
    folder.api_token()
    [sound] = [each for each in await examine(settings, {}) if each.what == "secrets"]
    assert sound.level is Level.OK
    token = tmp_path / "secrets" / "api-token"
    token.chmod(0o644)
    [found] = [each for each in await examine(settings, {}) if each.what == "secrets"]
    assert (found.level, found.remedy) == (Level.FAIL, f"chmod go= {token}")
    assert folder.api_token() not in str(found)
    subprocess.run(["sh", "-c", found.remedy], check=True)  # noqa: ASYNC221, S603, S607 - what is said to help
    [mended] = [each for each in await examine(settings, {}) if each.what == "secrets"]
    assert mended == sound


async def test_the_doctor_says_what_helps_when_kafka_is_away(ledger: Dsn, tmp_path: Path) -> None:
    """To plan topics would not: it needs the same Kafka."""
    chosen = {
        "database": {"url": ledger.url()},
        "data": {"dir": tmp_path},
        "log": {"backend": "kafka"},
        "kafka": {"bootstrap_servers": ["127.0.0.1:1"]},
    }
    found = await examine(Settings.model_validate(chosen), {})
    [log] = [each for each in found if each.what == "log"]
    assert (log.level, "127.0.0.1:1 refuses the connection" in log.says) == (Level.FAIL, True)
    assert "RESPONDER_KAFKA__BOOTSTRAP_SERVERS" in log.remedy
    assert "docker compose up -d kafka" in log.remedy
    assert "topics" not in log.remedy


async def test_the_doctor_goes_on_when_the_database_is_away(tmp_path: Path) -> None:
    url = "postgresql://me:hunter2@127.0.0.1:1/responder"
    chosen = {"database": {"url": url}, "data": {"dir": tmp_path}}
    found = await examine(Settings.model_validate(chosen), {})
    [database] = [each for each in found if each.what == "database"]
    assert (database.level, "nobody listens there" in database.says) == (Level.FAIL, True)
    assert "hunter2" not in str(found)
    assert "log" in {each.what for each in found}


async def test_a_database_that_is_not_there_is_told_apart(ledger: Dsn) -> None:
    with pytest.raises(Unavailable, match="no database of that name"):
        await reach(ledger.on("nowhere").url())


async def test_a_folder_without_an_installation_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(NothingHere, match="responder up"):
        await Admin(Settings.model_validate({"data": {"dir": tmp_path}}), {}).people()
