"""How a row is to be measured."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.installation import ROLES, TOGETHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What every row is told.

    Args:
        runs: how often; the table shows the median.
        is_smoke: small sizes, to see that it runs and is correct; the figures mean nothing.
        folder: for whatever the row writes; removed afterwards.
        pictures: for what it draws beside the bars that every row gets.
    """

    runs: int
    is_smoke: bool
    folder: Path
    pictures: Path

    @property
    def processes(self) -> Sequence[str]:
        """The roles of the whole path: each in a process of its own when it is measured."""
        return TOGETHER if self.is_smoke else ROLES
