"""`responder.toml` read again on SIGHUP, while everything runs."""

from responder.testing.caller import Caller
from responder.testing.running import Running, eventually

CLUB = """
[sources.club]
platform = "webhook"
queue = "members"

[queues.members]
title = "Members"
sla = "two-hours"

[sla.two-hours]
target = "2h"
objective = 0.8
"""


async def test_a_changed_configuration_takes_effect_and_a_broken_one_changes_nothing(
    responder: Running, caller: Caller
) -> None:
    before = responder.configuration
    assert (await caller.push("club-0", "Is anybody here?", source="club")).status == 404
    responder.configure(before + CLUB)
    responder.reload()
    await responder.says("sources: club added.")

    async def is_known() -> bool:
        return (await caller.push("club-1", "When do we meet?", source="club")).status == 202

    await eventually(is_known)
    arrived = await caller.arrived("When do we meet?")
    assert (arrived.source, arrived.queue) == ("club", "members")
    shown = await caller.metrics()
    assert shown["responder_sla_target_seconds", (("sla", "two-hours"),)] == 7_200
    assert shown["responder_sla_objective_ratio", (("sla", "two-hours"),)] == 0.8

    broken = (before + CLUB).replace('queue = "members"', 'quue = "members"')
    responder.configure(broken)
    responder.reload()
    line = broken.splitlines().index('quue = "members"') + 1

    async def is_told() -> bool:
        return "quue" in responder.said

    await eventually(is_told)
    assert f"{responder.configuration_file}:{line}" in responder.said
    assert "queue" in responder.said
    assert (await caller.push("club-2", "And where?", source="club")).status == 202
    assert (await caller.arrived("And where?")).queue == "members"
