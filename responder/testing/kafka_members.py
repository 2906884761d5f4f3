"""Recipes for consumers and writers in processes of their own: `contracts.log_process` calls them.

The arguments are those of `KafkaOptions` that JSON can hold.
"""

from collections.abc import Mapping
from typing import Any

from responder.adapters.kafka.log import KafkaLog
from responder.adapters.kafka.options import KafkaOptions
from responder.adapters.kafka.writer import KafkaLogWriter
from responder.adapters.system import SystemClock
from responder.stream.log import Log, LogWriter


async def consumer(arguments: Mapping[str, Any]) -> Log:
    return KafkaLog(KafkaOptions(**arguments), clock=SystemClock())


async def writer(arguments: Mapping[str, Any]) -> LogWriter:
    return KafkaLogWriter(KafkaOptions(**arguments))
