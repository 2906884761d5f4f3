"""What came of every approval: what the ledger says, beside what stands at the peers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import text

from responder.engagement.lifecycle import State
from tests.chaos.approvals.world import World

FOR_A_PERSON = {State.DELIVERY_FAILED, State.DELIVERY_UNKNOWN}


@dataclass(frozen=True, slots=True)
class End:
    """Where an approval has come to."""

    text: str
    state: State
    proof: str | None
    """The id of the reply that is taken for it."""
    reason: str | None


@dataclass(slots=True)
class Reckoning:
    """By text. All five are empty where every promise was kept."""

    counted: Counter[str] = field(default_factory=Counter)
    """How many ended in which state, at which place."""
    twice: list[str] = field(default_factory=list)
    unapproved: list[str] = field(default_factory=list)
    not_there: list[str] = field(default_factory=list)
    """Answered by the ledger, and not standing at the peer, or with another reply as its proof."""
    hidden: list[str] = field(default_factory=list)
    """Neither answered nor shown to a person with a reason."""
    followed: list[str] = field(default_factory=list)
    """Places that were followed to where they said that they had moved."""

    @property
    def flaws(self) -> dict[str, list[str]]:
        found = {
            "twice": self.twice,
            "unapproved": self.unapproved,
            "not there": self.not_there,
            "hidden": self.hidden,
            "followed": self.followed,
        }
        return {name: texts[:5] for name, texts in found.items() if texts}


async def reckon(world: World) -> Reckoning:
    reckoning = Reckoning()
    ends = [each for each in await _ends(world) if each.text in world.approved]
    standing = [
        (name, reply) for name, place in world.places.items() for reply in place.peer.standing
    ]
    times = Counter(reply.text for _, reply in standing)
    reckoning.twice += [reply for reply, count in times.items() if count > 1]
    reckoning.unapproved += [
        reply.text for name, reply in standing if not world.approves_there(name, reply)
    ]
    proofs = {(reply.text, reply.external_id) for _, reply in standing}
    is_answered = {each.text: each.state is State.ANSWERED for each in ends}
    reckoning.not_there += [
        each.text
        for each in ends
        if is_answered[each.text] and (each.text, each.proof) not in proofs
    ]
    reckoning.hidden += [
        each.text
        for each in ends
        if not is_answered[each.text] and not (each.state in FOR_A_PERSON and each.reason)
    ]
    reckoning.followed += [name for name, place in world.places.items() if place.peer.followed]
    reckoning.counted.update(f"{world.approved[each.text].place}: {each.state}" for each in ends)
    return reckoning


async def _ends(world: World) -> Sequence[End]:
    async with world.bench.engine.connect() as connection:
        found = await connection.execute(
            text("""
                SELECT d.text, e.state, a.external_id, last.reason
                FROM decision d JOIN engagement e ON e.id = d.engagement_id
                LEFT JOIN delivery_attempt a ON a.reply_id = d.id AND a.outcome = 'sent'
                LEFT JOIN LATERAL (SELECT reason FROM audit_chain
                  WHERE engagement_id = e.id AND to_state IS NOT NULL
                  ORDER BY number DESC LIMIT 1) last ON true
                WHERE d.kind = 'reply'
                """)
        )
        return [End(row.text, State(row.state), row.external_id, row.reason) for row in found]
