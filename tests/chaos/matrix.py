"""The faults that are made on purpose, and the promises that they are made against.

A row is a fault, where it is made, what must come of it, and within what time. Tests carry the
number: `@pytest.mark.fault(7)`; and of the promise they try to break: `@pytest.mark.promise(1)`.
What a run came to stands in `docs/reference/faults.md`. Rows that differ where the log is kept in
PostgreSQL (embedded) say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault. `bound` is what its tests wait for at most; they fail beyond it.

    Args:
        on_kafka: counts only where it ran on a real Apache Kafka.
        leaves_out: what of the fault no test makes.
    """

    number: int
    where: str
    fault: str
    expected: str
    bound: str
    on_kafka: bool = False
    leaves_out: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    number: int
    says: str
    rests_on: str
    leaves_out: str | None = None


_ROWS = (
    Row(
        number=1,
        where="gateway",
        fault="killed (-9) under load",
        expected="Requests in flight fail and come again from the sender or by reading the place;"
        " every comment that was answered with 2xx is there.",
        bound="60 s until all of them are in the ledger",
    ),
    Row(
        number=2,
        where="gateway",
        fault="asked to end (SIGTERM), as a deployment does",
        expected="Not ready at once, what is in flight is answered, then it ends within its time."
        " Behind a balancer nobody sees an error.",
        bound="45 s until it has ended",
        on_kafka=True,
    ),
    Row(
        number=3,
        where="gateway",
        fault="slow headers, a slow body, a body of 10 MB, 100,000 headers, a bomb of gzip",
        expected="408, 413, 400 and 415; memory stays bounded and others are answered as before.",
        bound="40 s until a slow sender is cut off; 64 MiB more memory",
    ),
    Row(
        number=4,
        where="gateway",
        fault="one comment pushed 50 times at once; the same delivery id with another body",
        expected="Each is answered with 2xx and there is one comment. The other body stands by its"
        " own id, and the conflict is counted and shown.",
        bound="60 s until both are in the ledger",
    ),
    Row(
        number=5,
        where="gateway",
        fault="bytes that are no UTF-8, NaN, 1e400, NUL, half a surrogate, 10,000 brackets deep",
        expected="Never a 5xx. What is signed and cannot be read is answered with 202 and is open as"
        " unreadable.",
        bound="60 s until it is open",
    ),
    Row(
        number=6,
        where="gateway",
        fault="ten times the load for a minute",
        expected="2xx, or 429 with `Retry-After`; never a 5xx, and nothing that was taken is lost.",
        bound="3 min until all of it is in the ledger",
    ),
    Row(
        number=7,
        where="database",
        fault="killed (-9) under load, and started again",
        expected="The gateway goes on taking comments, stages wait and go on, nothing is lost."
        " Embedded: 503 with `Retry-After` while it is down.",
        bound="2 min from its start until all is in the ledger",
    ),
    Row(
        number=8,
        where="database",
        fault="hangs (SIGSTOP) for 30 s",
        expected="Stages wait and go on; the console says that it cannot be asked; the liveness probe"
        " stays green, so nobody restarts anything.",
        bound="60 s from its going on until all is in the ledger",
    ),
    Row(
        number=9,
        where="database",
        fault="the network to it swallows everything; the connection is cut while a transaction commits",
        expected="The work runs again. The inbox tells whether it had been committed: one effect.",
        bound="60 s",
    ),
    Row(
        number=10,
        where="database",
        fault="its disk is full",
        expected="Stages wait. Once there is room they go on without anybody's help. Embedded: 503"
        " meanwhile.",
        bound="2 min from there being room until all is in the ledger",
    ),
    Row(
        number=11,
        where="database",
        fault="power cut",
        expected="What was committed is there after the restart; the rest comes again from the log.",
        bound="20 cuts at random moments",
    ),
    Row(
        number=12,
        where="database",
        fault="deadlocks, serialization errors, a lock that somebody holds",
        expected="Tried again, at most so often; no update is lost; other threads go on.",
        bound="60 s from the lock's end",
    ),
    Row(
        number=13,
        where="database",
        fault="failover to the standby, and reading from a server that lags behind",
        expected="What was committed is there; work is decided on the primary only; nothing happens"
        " twice.",
        bound="2 min from the promotion until all is in the ledger",
        leaves_out="an old primary that lives on and is still written to: here it is killed first",
    ),
    Row(
        number=14,
        where="embedded",
        fault="everything killed (-9) at once, PostgreSQL too; stale files; a second start",
        expected="It starts again by itself. The second start is refused and says who holds the"
        " folder.",
        bound="2 min until it is ready",
    ),
    Row(
        number=15,
        where="log",
        fault="one broker of three killed, then two, then all",
        expected="One: 503 with `Retry-After` for its partitions until the failover, and nothing"
        " acknowledged is lost. Two or all: 503 at once, nothing is acknowledged; what waits in the"
        " outbox is published afterwards.",
        bound="1.5 s for a 503; 15 s for the failover",
        on_kafka=True,
    ),
    Row(
        number=16,
        where="log",
        fault="cut off, half a second late, or reset between gateway and broker",
        expected="A 503 may hide a comment that was stored: the repeat has the same id, and there is"
        " one. The order of a thread stays.",
        bound="60 s",
        on_kafka=True,
    ),
    Row(
        number=17,
        where="log",
        fault="a topic wiped, or offsets set back to the start",
        expected="What has been triaged is in the ledger and is not done twice. What was acknowledged"
        " and not yet triaged is lost with the log; the places are read back over the gap.",
        bound="60 s",
        on_kafka=True,
    ),
    Row(
        number=18,
        where="log",
        fault="records twice, and out of order",
        expected="The inbox drops repeats; a stale version changes nothing.",
        bound="60 s",
    ),
    Row(
        number=19,
        where="log",
        fault="leaders move, replicas are too few, coordinators move",
        expected="The producer tries again within its deadline; else 503, or the outbox keeps it.",
        bound="60 s",
        on_kafka=True,
    ),
    Row(
        number=20,
        where="stage",
        fault="killed (-9) at every named step before and after an effect",
        expected="Done again, with one effect.",
        bound="60 s a step",
    ),
    Row(
        number=21,
        where="stage",
        fault="stopped for longer than its session and then going on (a zombie)",
        expected="Its late work is refused; nothing is posted twice.",
        bound="60 s from its going on",
        on_kafka=True,
    ),
    Row(
        number=22,
        where="stage",
        fault="a member joins or leaves every two seconds for a minute",
        expected="Work goes on, the lag stays bounded, nothing is posted twice.",
        bound="60 s from the last change until nothing waits",
        on_kafka=True,
    ),
    Row(
        number=23,
        where="stage",
        fault="a record that raises, hangs, or eats memory",
        expected="Tried so often, then it is a dead letter, visible as open; other threads flow.",
        bound="60 s until it is open",
        leaves_out="memory of our own process, which the size of a record and of the buffer bounds:"
        " it is the database that is asked for too much",
    ),
    Row(
        number=24,
        where="stage",
        fault="the event loop blocked for longer than Kafka waits for a poll",
        expected="It shows in the loop's lag; the member comes back; nothing is lost.",
        bound="60 s from the block's end",
        on_kafka=True,
    ),
    Row(
        number=25,
        where="model",
        fault="down, answers with 5xx or 429",
        expected="The circuit opens. The comment is open and can be reviewed without a draft; its"
        " clock runs.",
        bound="60 s until it can be reviewed",
    ),
    Row(
        number=26,
        where="model",
        fault="takes a minute, drips, never ends",
        expected="Given up at the deadline, the socket is closed; triage notices nothing.",
        bound="the deadline of the settings and 5 s",
    ),
    Row(
        number=27,
        where="model",
        fault="answers nonsense, nothing, a megabyte, in another language, with a link of its own",
        expected="Refused; asked once more at most; then a draft from the template or none, with the"
        " reason. Never sent.",
        bound="60 s",
    ),
    Row(
        number=28,
        where="model",
        fault="a storm of costs",
        expected="A budget per source and day, set aside before each call, is never exceeded; then"
        " the template writes. An alert says so.",
        bound="the tokens that are allowed",
    ),
    Row(
        number=29,
        where="platform",
        fault="answers 500 or a clean 4xx after it did post",
        expected="Not believed: the thread is read, and the reply found. One reply.",
        bound="60 s",
    ),
    Row(
        number=30,
        where="platform",
        fault="429, 401, 403, 404 for the parent, 409, 3xx",
        expected="Waits as told; the place is paused and says why; or it is shown as not posted, after"
        " a look whether the comment is gone. Redirects are never followed.",
        bound="60 s",
    ),
    Row(
        number=31,
        where="platform",
        fault="no answer, cut off in the middle, an answer after a minute",
        expected="As row 29; where the thread cannot be read, a person is asked: did it arrive?",
        bound="60 s",
    ),
    Row(
        number=32,
        where="console",
        fault="two people approve, or approve and close, at once",
        expected="One wins; the other sees what has changed.",
        bound="500 interleavings",
    ),
    Row(
        number=33,
        where="console",
        fault="access revoked, the live stream cut, an old tab approves what has changed",
        expected="Signed out at once; the page catches up by itself; the approval is refused.",
        bound="60 s",
    ),
    Row(
        number=34,
        where="clock",
        fault="two hours ahead, three hours behind, ten times as fast, frozen",
        expected="Waiting goes by a clock that nobody sets; no duration is negative; a signature from"
        " outside the tolerance is refused; due times are the database's.",
        bound="60 s",
        leaves_out="the database's own clock, and monotonic clocks",
    ),
    Row(
        number=35,
        where="clock",
        fault="a comment from the future, from 1970, or without a zone",
        expected="Kept as given and never shown as a negative wait; the clock runs from its arrival."
        " Without a zone it is no time: open as unreadable.",
        bound="60 s",
    ),
    Row(
        number=36,
        where="schema",
        fault="a newer event at an older stage, and back",
        expected="Unknown fields are passed over; an unknown version is kept as a dead letter.",
        bound="60 s",
    ),
    Row(
        number=37,
        where="deploy",
        fault="every role restarted one after the other under load; a migration killed half-way",
        expected="Nobody gets an error, nothing is posted twice; the migration can be run again.",
        bound="60 s from the last restart until all is in the ledger",
        on_kafka=True,
    ),
    Row(
        number=38,
        where="audit",
        fault="entries edited, deleted, reordered, cut off, put back by a superuser",
        expected="`responder audit verify` names the first bad entry; a cut end is found by the head"
        " that was exported.",
        bound="at the next check",
    ),
    Row(
        number=39,
        where="metrics",
        fault="the process that serves them dies; a sampler that is stale; counters set back",
        expected="Absence is an alert; what is counted in the ledger goes on where it was.",
        bound="60 s from the restart",
    ),
    Row(
        number=40,
        where="all",
        fault="all of these at random for ten minutes; 1,000 seeds of the simulation",
        expected="Everything above.",
        bound="3 min from the last fault until all is in the ledger",
    ),
    Row(
        number=41,
        where="log",
        fault="power cut of one broker, then of all",
        expected="One: nothing is lost. All: nothing with the flush setting; without it the loss is"
        " counted.",
        bound="20 cuts at random moments",
        on_kafka=True,
    ),
    Row(
        number=42,
        where="log",
        fault="a broker's disk is full",
        expected="503 while it lasts; afterwards all goes on.",
        bound="2 min from there being room",
        on_kafka=True,
    ),
    Row(
        number=43,
        where="relay",
        fault="killed between publishing and noting it; two relays at once",
        expected="Published twice at most and dropped by the inbox; the order of a thread stays.",
        bound="60 s",
    ),
    Row(
        number=44,
        where="delivery",
        fault="two workers hold the same approval",
        expected="One call: a lease, and a fence behind it.",
        bound="60 s",
    ),
)

_PROMISES = (
    Promise(
        number=1,
        says="No comment that was acknowledged is lost, while one in-sync replica of the log, or the"
        " disk of the embedded PostgreSQL, survives.",
        rests_on="2xx only after every in-sync replica has it (Kafka), or after the commit (embedded)",
    ),
    Promise(
        number=2,
        says="Inside everything is done at least once and takes effect once. At places that know an"
        " idempotency key, or let us look before we post again, a reply stands once; elsewhere at"
        " most once, and a person is asked.",
        rests_on="the inbox, the outbox, the attempt recorded before the call, reading back",
    ),
    Promise(
        number=3,
        says="Comments of one thread are handled in the order of the log.",
        rests_on="one lane a thread; commits up to the first that is unfinished",
    ),
    Promise(
        number=4,
        says="A reply is tried at once and after 5 s, 30 s, 5 min, 30 min, 2 h, 5 h and 10 h, then"
        " shown to a person; never dropped.",
        rests_on="the ladder of delivery, kept in the ledger",
    ),
    Promise(
        number=5,
        says="After a fault any stage works again within 60 s, after a restart of PostgreSQL within"
        " two minutes; 100,000 waiting comments are in the queue within three.",
        rests_on="committed offsets, the inbox",
    ),
    Promise(
        number=6,
        says="99.9 % of the pushes that deserve a 2xx get one, over 30 days.",
        rests_on="the gateway needs the log alone",
        leaves_out="30 days: a test shows that single faults cost no more than their own time",
    ),
    Promise(
        number=7,
        says="Every comment that was taken in is answered, closed with a reason and by whom, deleted"
        " by its author, or visibly open; always.",
        rests_on="one table of states; the balance of the audit role",
    ),
    Promise(
        number=8,
        says="What was not pushed is brought by reading the place, and counted.",
        rests_on="the reconcile role; places that can be read",
        leaves_out="places that cannot be read: what is pushed there while we are down, and not"
        " pushed again, is lost",
    ),
)

ROWS: Mapping[int, Row] = {row.number: row for row in _ROWS}
PROMISES: Mapping[int, Promise] = {promise.number: promise for promise in _PROMISES}
