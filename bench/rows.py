"""Which rows there are, and who measures them. A row knows nothing of the others."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from bench import gateway, outage, pages, pipeline, runtime
from bench.figures import Row
from bench.setting import Setting

ROWS: Mapping[str, Callable[[Setting], Coroutine[Any, Any, Sequence[Row]]]] = {
    "P1": runtime.no_work,
    "P2": runtime.long_work,
    "P3": runtime.mixed_work,
    "P4": runtime.short_work,
    "P5": gateway.on_kafka,
    "P5e": gateway.on_postgresql,
    "P6": pipeline.reviewable,
    "P7": pages.crowded,
    "P8": outage.caught_up,
}

MEASURED_WITH: Mapping[str, str] = {"P9": "P6"}
"""What is read off the runs of another."""
