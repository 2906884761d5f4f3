"""The process that serves the figures dies: what it counted itself begins anew, the ledger's goes on."""

import aiohttp
import pytest

from responder.testing.caller import Caller, calling
from responder.testing.running import Running, eventually
from tests.chaos.rows.kit import verified

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]
OF_THE_LEDGER = ("responder_ledger_items", "responder_sla_due_total", "responder_open_items")
OF_THE_PROCESS = "responder_ingest_requests_total"


@pytest.mark.fault(39)
@pytest.mark.promise(7)
async def test_after_a_kill_the_ledgers_figures_go_on_where_they_were(fresh: Running) -> None:
    await fresh.start()
    async with calling(fresh) as caller:
        for number in range(3):
            await _taken(caller, f"counted-{number}", f"Who counts the sheep number {number}?")
        answered = await caller.arrived("Who counts the sheep number 0?")
        await caller.approve(answered, "The shepherd.")
        await caller.becomes(answered, "answered")
        before = await eventually(lambda: _settled(caller), bool)
    fresh.kill()
    async with calling(fresh) as caller:
        with pytest.raises(aiohttp.ClientError):
            await caller.metrics()
    await fresh.start()
    async with calling(fresh) as caller:
        await eventually(lambda: _settled(caller), lambda found: found == before)
        assert _counted(await caller.metrics()) == 0
    await verified(fresh)


async def _taken(caller: Caller, name: str, text: str) -> None:
    async def status() -> int:
        return (await caller.push(name, text, source="guestbook")).status

    await eventually(status, lambda found: found == 202)
    await caller.arrived(text)


async def _settled(caller: Caller) -> Samples:
    """The ledger's figures once they agree with the balance; empty before."""
    balance = (await caller.queue()).balance
    shown = await caller.metrics()
    found = {sample: value for sample, value in shown.items() if sample[0] in OF_THE_LEDGER}
    items = {labels[0][1]: value for (name, labels), value in found.items() if "items" in name}
    return found if items.get("answered") == balance.answered == 1 else {}


def _counted(samples: Samples) -> float:
    return sum(value for (name, _), value in samples.items() if name == OF_THE_PROCESS)
