"""Writes what the code itself knows best: `schemas/` and `docs/reference/`.

python -m docs.generate schemas      python -m docs.generate reference
python -m docs.generate check        (writes nothing; says what differs)
"""

import sys
from collections.abc import Mapping
from pathlib import Path

from docs import reference, schemas

ROOT = Path(__file__).parent.parent


def files(which: str) -> Mapping[Path, str]:
    """What should stand where, relative to the root."""
    made = {"schemas": schemas.files, "reference": reference.files}
    chosen = made.values() if which == "check" else [made[which]]
    return {path: text for make in chosen for path, text in make().items()}


def differing(which: str = "check") -> list[Path]:
    """Which generated files are not what the code says now."""
    return [
        path
        for path, text in files(which).items()
        if not (ROOT / path).is_file() or (ROOT / path).read_text(encoding="utf-8") != text
    ]


def main(which: str) -> int:
    if which == "check":
        stale = differing()
        for path in stale:
            print(f"{path} is out of date: make schemas docs")  # noqa: T201 - the result
        return 1 if stale else 0
    for path, text in files(which).items():
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "check"))
