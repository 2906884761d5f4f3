import asyncio
from collections.abc import Callable, Mapping

import pytest


def pytest_asyncio_loop_factories(
    config: pytest.Config,  # noqa: ARG001 - the hook's signature
    item: pytest.Function,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """A test module that names an `EVENT_LOOP` runs on it."""
    return {"loop": getattr(item.module, "EVENT_LOOP", asyncio.new_event_loop)}
