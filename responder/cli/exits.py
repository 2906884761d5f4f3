"""The exit codes, for scripts. They never change their meaning."""

from enum import IntEnum


class Exit(IntEnum):
    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    MISCONFIGURED = 3
    UNREACHABLE = 4
    """Something that this command depends on does not answer."""
    FOUND_SOMETHING = 5
    """A check did its work, and not all is well."""
    INTERRUPTED = 130
    """Ctrl-C, as shells say it: 128 + SIGINT."""
