"""The data folder is ours before anything else is begun, or its holder is named at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from responder.adapters.postgres.embedded.folder import DataFolder
from responder.adapters.system import SystemClock, SystemIds
from responder.settings import Settings


@contextmanager
def claimed(settings: Settings, folder: Path) -> Iterator[DataFolder | None]:
    """Hold it for the block; None where the database is elsewhere and nothing is to be held.

    Raises:
        FolderInUse, ClosedParent, FolderUnusable: nothing is held.
    """
    if settings.database.url is not None:
        yield None
        return
    held = DataFolder.claim(folder, SystemIds(SystemClock()).secret(8).hex())
    try:
        yield held
    finally:
        held.release()
