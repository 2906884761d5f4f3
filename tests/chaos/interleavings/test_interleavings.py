"""Two reviewers, stale forms, undo at the edge, voided approvals: in hundreds of seeded orders.

Whatever the order of the statements of all who are at it: one decision holds, the others hear why
not and what holds now, nothing is posted that nobody approved as it stands there and for the thread
as it was shown, and every change has its one entry. A failure names the seed; told alone it goes
the same way.
"""

import pytest

from tests.chaos.interleavings.stories import STORIES, Story
from tests.chaos.interleavings.telling import Theatre

SEEDS = 30
"""Of each story: more than 500 in all."""


@pytest.mark.fault(32, 33, 44)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_in_every_order_one_decides_and_only_what_was_decided_is_posted(
    theatre: Theatre, story: Story
) -> None:
    for seed in range(SEEDS):
        flaws = await theatre.flaws(story, seed)
        assert not flaws, f"seed {seed} of “{story.name}”: {flaws}"
    await theatre.bench.audited()
