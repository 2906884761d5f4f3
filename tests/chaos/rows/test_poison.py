"""A comment that fails whoever handles it: it raises, hangs, or asks for more memory than there is.

The database itself does it to triage, so that everything of ours is as it is in production.
"""

import re
from collections.abc import Iterator

import pytest

from responder.testing.caller import Caller, calling
from responder.testing.running import Running, eventually, installation
from tests.chaos.rows.kit import CONFIGURATION, all_stand_once, in_ledger, verified

POISON = {"raises", "hangs", "eats"}
POISONOUS = """
CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  CASE NEW.comment_id
    WHEN 'raises' THEN RAISE EXCEPTION 'no';
    WHEN 'hangs' THEN PERFORM pg_sleep(600);
    WHEN 'eats' THEN PERFORM length(repeat('x', 1073741823) || repeat('x', 1073741823));
    ELSE NULL;
  END CASE;
  RETURN NEW;
END $$
"""
AT_COMMENTS = (
    "CREATE TRIGGER poison BEFORE INSERT ON engagement FOR EACH ROW EXECUTE FUNCTION fail()"
)


@pytest.fixture
def impatient() -> Iterator[Running]:
    """It gives a handler two seconds, and a record three attempts."""
    settings = {"RESPONDER_STREAM__HANDLER_TIMEOUT": "2", "RESPONDER_STREAM__RETRY_MAX": "3"}
    with installation(CONFIGURATION, settings) as running:
        yield running


@pytest.mark.fault(23)
@pytest.mark.promise(7)
async def test_a_poisonous_comment_is_open_as_unreadable_others_flow_and_it_can_be_handed_back(
    impatient: Running,
) -> None:
    await impatient.start()
    await impatient.sql(POISONOUS)
    await impatient.sql(AT_COMMENTS)
    healthy = {f"healthy-{number}" for number in range(6)}
    async with calling(impatient) as caller:
        for name in sorted(POISON | healthy):
            await _taken(caller, name)
        await all_stand_once(in_ledger(impatient), healthy)

        async def unreadable() -> int:
            return (await caller.queue()).balance.unreadable

        await eventually(unreadable, lambda count: count == len(POISON))
        balance = (await caller.queue()).balance
        assert (balance.open, balance.unaccounted) == (len(POISON | healthy), 0)

        await impatient.sql("DROP TRIGGER poison ON engagement")
        for letter in await _listed(impatient):
            assert (await impatient.command("deadletter", "retry", letter)).code == 0
        await all_stand_once(in_ledger(impatient), POISON | healthy)
        await eventually(unreadable, lambda count: count == 0)
    await verified(impatient)


async def _taken(caller: Caller, name: str) -> None:
    """A sender pushes again until it is."""

    async def status() -> int:
        return (await caller.push(name, f"Who knows about {name}?")).status

    await eventually(status, lambda found: found == 202)


async def _listed(running: Running) -> list[str]:
    said = (await running.command("deadletter", "list")).said
    return re.findall(r"[0-9a-f]{8}-[0-9a-f-]{27}", said)
