"""A run that was killed holds leases; the next one knows that it is dead."""

from responder.adapters.postgres.leases import end_leases
from responder.engagement.lifecycle import State
from responder.testing.factories import comment
from responder.testing.ledger import Bench


async def test_the_next_run_goes_on_with_a_reply_that_a_dead_one_held(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    held = await bench.delivery_work.claim(None, at=bench.clock.now(), lease_seconds=60)
    assert held is not None
    assert not await bench.delivery.run()
    await end_leases(bench.engine)
    assert await bench.delivery.run()
    assert bench.place.texts("c1") == ["Yes, it does."]
    assert await bench.states() == {"c1": State.ANSWERED}


async def test_an_attempt_that_was_under_way_is_looked_for_no_sooner(bench: Bench) -> None:
    await bench.arrives(comment())
    await bench.approve()
    await bench.release()
    held = await bench.delivery_work.claim(None, at=bench.clock.now(), lease_seconds=60)
    assert held is not None
    await bench.delivery_work.begin_attempt(held, at=bench.clock.now())
    await end_leases(bench.engine)
    bench.clock.forward(20)
    await bench.delivery.run()
    assert (bench.place.calls, bench.seen.findings) == (0, [])
    await bench.deliver()
    assert bench.place.texts("c1") == ["Yes, it does."]
    await bench.audited()
