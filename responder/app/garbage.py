"""Python's search for garbage, as a server wants it.

Reference counts free nearly everything; the search finds what refers to itself, and by default begins
after every 700 new objects and again and again goes through all that was ever loaded.
"""

import gc

NEW_OBJECTS = 50_000
"""That many more than were freed, and a search begins among these."""
ROUNDS = (20, 20)
"""So many searches among the new ones, and those that are older are looked at too."""


def spare_what_is_loaded() -> None:
    """What a process has loaded before it serves stays as long as it does: never search it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, *ROUNDS)
