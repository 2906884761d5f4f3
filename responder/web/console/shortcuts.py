"""The single keys, in one list: the page of help, the controls and the tests take it from here.

A key presses a control that everybody can see and reach: the element with `data-key`. So each
shortcut is a mere shorter way, and the script that listens knows no page.
"""

from dataclasses import dataclass

from responder.access.model import Shortcuts


@dataclass(frozen=True, slots=True)
class Shortcut:
    key: str
    does: str
    where: str


SHORTCUTS = (
    Shortcut("J", "Next comment", "Queue and comment"),
    Shortcut("K", "Previous comment", "Queue and comment"),
    Shortcut("A", "Answer: send the reply, and go on", "Comment"),
    Shortcut("E", "Edit the reply; Esc leaves the editor and keeps the text", "Comment"),
    Shortcut("D", "Close without reply: choose why", "Comment"),
    Shortcut("U", "Undo, while the undo time lasts", "After a decision"),
    Shortcut("/", "Search", "Queue"),
    Shortcut("?", "This list", "Everywhere"),
)
_KNOWN = frozenset(shortcut.key for shortcut in SHORTCUTS)


def attributes(key: str, mode: Shortcuts) -> dict[str, str]:
    """What a control carries to be pressed by `key`, for a person with this setting."""
    if key not in _KNOWN:
        raise KeyError(key)
    if mode is Shortcuts.OFF:
        return {}
    return {"data-key": key, "aria-keyshortcuts": f"Alt+{key}" if mode is Shortcuts.ALT else key}
