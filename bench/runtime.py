"""P1 to P4: the consumer runtime beside what one would use instead."""

from collections.abc import Mapping, Sequence
from typing import Any

from bench.brokers import running_broker
from bench.contest import Entrant, contest, records_per_second
from bench.driver import Driver, How, Subject
from bench.figures import OURS, Bar, Row
from bench.machine import conditions, versions
from bench.setting import Setting
from bench.workload import Work

US = Subject.python(OURS, "ours")
RAW = Subject.python("raw aiokafka", "raw")

ONE = How(at_once=100)
MANY = How(at_once=100, batch=200)


async def no_work(setting: Setting) -> Sequence[Row]:
    """P1: a handler that does nothing."""
    records = 3_000 if setting.is_smoke else 200_000
    how = {**_how(), "workload": f"6 partitions, 200 keys, {records:,} records of 450 B"}
    async with running_broker() as broker:
        driver = Driver(broker, setting.folder)
        warm = await driver.filled(Work.idle(records // 10, partitions=6, keys=200))
        full = await driver.filled(Work.idle(records, partitions=6, keys=200))
        entrants = [
            Entrant(subject=subject, warm=warm, full=full, how=each, name=f"{subject.name}{form}")
            for each, form in ((MANY, ""), (ONE, ", one at a time"))
            for subject in (US, RAW)
        ]
        outcome = await contest(driver, setting.runs, entrants, records_per_second)
    ours, raw = US.name, RAW.name
    return [
        Row(
            id="P1",
            case="no-op handler, in batches of 200",
            unit="records/s",
            ours=outcome.figure(ours),
            peers=outcome.peers(raw),
            bar=Bar(sign="≥", value=0.8, against=raw),
            void=outcome.void_of(ours, raw),
            how=how,
        )
    ]


def _how() -> Mapping[str, Any]:
    return {**conditions(), **versions("aiokafka"), "loop": "asyncio, timers cut to 1 ms"}
