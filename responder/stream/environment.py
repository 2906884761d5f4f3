"""What all parts of a consumer share, what they are told to do, and what outlives them."""

from collections.abc import Collection
from dataclasses import dataclass, field

from responder.engagement.ports import Clock, Random
from responder.stream.deadletter import DeadLetters, Tokens
from responder.stream.handler import Handler
from responder.stream.log import Partition
from responder.stream.observer import NullObserver, Observer
from responder.stream.options import StreamOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """The ports and the settings that every part of a consumer needs."""

    clock: Clock
    random: Random
    options: StreamOptions = field(default_factory=StreamOptions)
    observer: Observer = field(default_factory=NullObserver)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """What is read, by whom, and what is done with it."""

    topics: Collection[str]
    group: str
    handler: Handler
    dead_letters: DeadLetters


@dataclass(frozen=True, slots=True)
class Carried:
    """What one consumer hands to the next that is built after it."""

    tokens: dict[Partition, Tokens] = field(default_factory=dict)
    excused: dict[Partition, int] = field(default_factory=dict)
    """Where a partition ended when it was found to give nothing: see `responder.stream.stall`."""
