"""What Prometheus reads is what the ledger holds."""

import asyncio
import itertools

from responder.testing.caller import Caller
from responder.testing.running import eventually

ENDS = ("accepted", "answered", "dismissed", "withdrawn", "open")


async def test_it_is_alive_and_ready(caller: Caller) -> None:
    base = caller.ready.metrics_url.removesuffix("/metrics")
    assert (await caller.ask("GET", base + "/livez")).status == 200
    assert (await caller.ask("GET", base + "/readyz")).status == 200


async def test_the_core_figures_equal_the_ledger(caller: Caller) -> None:
    before = await caller.metrics()
    ingested = "responder_ingest_requests_total"
    texts = [f"How heavy is the parcel number {number}?" for number in range(5)]
    pushes = [
        caller.push(f"metrics-{number}", text, source="forum")
        for number, text in enumerate(texts[1:])
    ]
    assert [answer.status for answer in await asyncio.gather(*pushes)] == [202] * 4
    await caller.push("metrics", texts[0])
    answered = await caller.arrived(texts[0])
    await caller.approve(answered, "About two kilograms.")
    await caller.becomes(answered, "answered")
    for text in texts[1:]:
        await caller.arrived(text)

    async def agree() -> bool:
        balance = (await caller.queue()).balance.model_dump()
        shown = await caller.metrics()
        items = {
            labels[0][1]: value
            for (name, labels), value in shown.items()
            if name == "responder_ledger_items"
        }
        return all(items.get(end) == balance[end] for end in ENDS)

    await eventually(agree)
    after = await caller.metrics()
    assert after["responder_conservation_drift_items", ()] == 0
    assert _sum(after, ingested, "forum") == _sum(before, ingested, "forum") + 4
    open_now = sum(value for (name, _), value in after.items() if name == "responder_open_items")
    balance = (await caller.queue()).balance
    assert open_now == balance.open - balance.unreadable
    assert _sum(after, "responder_delivery_attempts_total", "sent") >= 1
    for measure in itertools.product(("wall", "business"), ("published", "received")):
        assert _sum(after, "responder_first_response_seconds_count", *measure) == balance.answered
    assert _sum(after, "responder_platform_first_response_seconds_count") == balance.answered


def _sum(
    samples: dict[tuple[str, tuple[tuple[str, str], ...]], float], name: str, *wanted: str
) -> float:
    return sum(
        value
        for (sample, labels), value in samples.items()
        if sample == name and {each for _, each in labels}.issuperset(wanted)
    )
