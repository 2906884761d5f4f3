"""The delivering process killed before, during and after the call. Isso happily stores duplicates."""

from pathlib import Path

from responder.testing.caller import calling
from responder.testing.faulty_proxy import Fault, FaultyProxy
from responder.testing.isso import IssoServer
from responder.testing.running import eventually, installation
from tests.e2e.isso.kit import source

MOMENTS = {
    "before": Fault.HANG_BEFORE,
    "during": Fault.HANG_AFTER,
    "after": Fault.NONE,
}
"""What the proxy does with the call that is under way when the process dies."""


async def test_a_process_killed_around_the_call_posts_exactly_once(tmp_path: Path) -> None:
    with IssoServer(tmp_path, guard=False) as isso:
        async with FaultyProxy(isso.url) as proxy:
            asked = {
                moment: isso.comment(f"/{moment}", f"Who is there {moment} the storm?")
                for moment in MOMENTS
            }

            async def posts() -> int:
                return proxy.posts

            with installation(source("blog", proxy.url, isso.site)) as running:
                await running.start()
                async with calling(running) as caller:
                    for number, (moment, fault) in enumerate(MOMENTS.items(), start=1):
                        arrived = await caller.arrived(f"Who is there {moment} the storm?")
                        proxy.then(fault)
                        await caller.approve(arrived, f"All of us, {moment} it too.")
                        await eventually(posts, number.__le__)
                running.kill()
                proxy.release()
                made = {moment: isso.texts(told.id) for moment, told in asked.items()}
                assert made["before"] == []
                assert made["during"] == ["All of us, during it too."]

                await running.start()
                async with calling(running) as caller:
                    for moment in MOMENTS:
                        text = f"Who is there {moment} the storm?"
                        item = await caller.arrived(text, state="answered", within=180)
                        assert item.reply_text == f"All of us, {moment} it too."
                verified = await running.command("audit", "verify")
                assert verified.code == 0, verified.said

            for moment, told in asked.items():
                assert isso.texts(told.id) == [f"All of us, {moment} it too."]
