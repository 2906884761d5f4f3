"""What the pages say: nothing, little and much; and the words that none of them may use."""

import asyncio
import re

import pytest
from sqlalchemy import text

from responder.access.model import Role
from responder.testing.console import ConsoleBench
from responder.testing.factories import comment
from tests.integration.console.kit import Reader, reading

HOSTILE = (
    "<script>alert(1)</script><img src=x onerror=alert(2)> \u202egnp.exe {{ 7*7 }} "
    "https://paypal.com@evil.example/ " + "W" * 2000
)
WORDS_OF_THE_CODE = re.compile(
    r"\b(engagements?|approv(?:e|ed|al)|dismiss\w*|dead letters?|withdrawn|triaged?|excused"
    r"|unaccounted|undefined|None|[a-z]+_[a-z_]+)\b",
    re.IGNORECASE,
)


async def test_an_empty_queue_says_what_will_happen(ana: Reader) -> None:
    page = await ana.open("/queue")
    assert "Nothing has come in yet" in page.text
    assert "http://127.0.0.1:8082/" in page.links
    assert "Nothing is missing: 0 came in" in page.text


async def test_a_filter_that_leaves_nothing_offers_to_clear_it(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    page = await ana.open("/queue?q=zebra&queue=default")
    assert "Nothing here matches" in page.text
    assert "Looked for “ zebra ”" in page.text
    assert "/queue" in page.links


async def test_a_queue_that_was_worked_off_says_so_with_the_balance(
    console: ConsoleBench, ana: Reader
) -> None:
    await console.bench.arrives(comment())
    await console.bench.approve()
    await console.bench.release()
    await console.bench.deliver()
    page = await ana.open("/queue")
    assert "Nobody is waiting" in page.text
    assert "Nothing is missing: 1 came in = 1 answered + 0 closed + 0 deleted + 0 open" in page.text
    answered = await ana.open("/queue?state=answered")
    assert "Answered in time" in answered.text


async def test_a_long_queue_comes_page_by_page(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(
        *(comment(f"c{n}", f"Question number {n}?", thread_id=f"t{n}") for n in range(60))
    )
    first = await ana.open("/queue")
    assert first.html.count("data-row") == 50
    (onward,) = [link for link in first.links if "after=" in link]
    second = await ana.open(onward)
    assert second.html.count("data-row") == 10
    assert (await ana.open("/queue?after=nonsense")).status == 422


async def test_hostile_text_is_shown_and_does_nothing(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(
        comment(
            text=HOSTILE,
            author={"id": "x", "name": "<b>Bob</b>\u202e"},
            permalink='https://evil.example/"><script>alert(3)</script>'.replace(" ", ""),
            page={"url": "https://evil.example/", "title": "<i>T</i>", "text": HOSTILE},
        )
    )
    await console.suggested(HOSTILE)
    address = f"/engagements/{await console.bench.id_of('c1')}"
    for page in (await ana.open("/queue"), await ana.open(address)):
        assert not re.search(
            r"<(?:img|i|b onm)[ >]|<script(?! type=\"module\" src=\"/static/)", page.html
        )
        assert "\u202e" not in re.sub(r"<textarea.*?</textarea>", "", page.html, flags=re.DOTALL)
        assert "⟨U+202E⟩" in page.text
        assert "leads to evil.example" in page.text
        assert "{{ 7*7 }}" in page.text


async def test_what_could_not_be_read_is_shown_whole_and_decided(
    console: ConsoleBench, ana: Reader
) -> None:
    first = await console.buried(b'{"comment_id": <script>oops')
    second = await console.buried(b"\xff\xfe\x00", why="it is not UTF-8", stage="push")
    listed = await ana.open("/deadletters")
    assert "2" in listed.text
    assert f"/deadletters/{first}" in listed.links
    page = await ana.open(f"/deadletters/{first}")
    assert '{"comment_id": <script>oops' in page.text
    assert "engagement.received/3@41" in page.text
    unread = await ana.open(f"/deadletters/{second}")
    assert "ff fe 00" in unread.text
    still = await ana.press(unread, "Try again")
    assert still.status == 422
    assert "not JSON, still" in still.text
    silent = await ana.press(page, "Drop it for good", note=" ")
    assert silent.status == 422
    dropped = await ana.press(page, "Drop it for good", note="a test of ours")
    assert "Dropped" in dropped.text
    await ana.press(unread, "Drop it for good", note="noise")
    assert "Everything could be read" in (await ana.open("/deadletters")).text


async def test_only_an_admin_decides_about_records(console: ConsoleBench) -> None:
    letter = await console.buried(b"x")
    bea = await console.person("Bea", Role.APPROVER)
    async with reading(console.url) as reader:
        await reader.sign_in(await console.link(bea))
        page = await reader.open(f"/deadletters/{letter}")
        assert "takes an admin" in page.text
        assert (await reader.post(f"/deadletters/{letter}/drop", {"note": "x"})).status == 403


async def test_no_page_speaks_the_codes_own_words(console: ConsoleBench, ana: Reader) -> None:
    bench = console.bench
    await bench.arrives(
        *(
            comment(f"c{n}", author={"id": f"a{n}", "name": f"Author {n}"}, thread_id=f"t{n}")
            for n in range(5)
        )
    )
    await console.suggested("Yes.", "c0")
    await console.suggested(None, "c4")
    await bench.approve("c1")
    await bench.release()
    await bench.deliver()
    await bench.dismiss("c2")
    await bench.approve("c3")
    await console.buried(b"x", why="the data is no JSON")
    addresses = [
        "/queue",
        "/deadletters",
        "/balance",
        "/sources",
        "/sources/garden",
        "/me",
        "/help/keys",
        "/nowhere",
    ]
    addresses += [f"/queue?state={s}" for s in ("attention", "answered", "closed", "deleted")]
    addresses += [f"/engagements/{await bench.id_of(f'c{n}')}" for n in range(5)]
    titles = {}
    for address in addresses:
        page = await ana.open(address)
        titles[address] = page.html.partition("<title>")[2].partition("</title>")[0]
        assert not WORDS_OF_THE_CODE.findall(page.text), address
    assert len(set(titles.values())) == len(addresses), titles


async def test_a_fragment_is_the_page_without_its_frame(console: ConsoleBench, ana: Reader) -> None:
    await console.bench.arrives(comment())
    fragment = await ana.open("/queue", X_Fragment="1")
    assert "data-row" in fragment.html
    assert "<html" not in fragment.html


async def test_static_files_never_change_and_come_small(ana: Reader) -> None:
    page = await ana.open("/login")
    total = 0
    for address in re.findall(r'(?:href|src)="(/static/[^"]+)"', page.html):
        async with ana.http.get(ana.url + address) as answer:
            assert answer.status == 200
            assert "immutable" in answer.headers["Cache-Control"]
            total += int(answer.headers["Content-Length"])
    assert total + len(page.html) < 60_000


async def test_the_stream_tells_a_change_to_whoever_listens(
    console: ConsoleBench, ana: Reader
) -> None:
    async with ana.http.get(f"{ana.url}/events?after=0") as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        assert stream.headers["Cache-Control"] == "no-store"
        await console.bench.arrives(comment())
        await console.bench.sealer.seal()
        async with asyncio.timeout(10):
            async for line in stream.content:
                if line.startswith(b"event: changed"):
                    break
        data = await stream.content.readline()
    assert str(await console.bench.id_of("c1")).encode() in data


async def test_the_stream_is_for_those_who_are_signed_in_and_for_our_own_pages(
    ana: Reader, stranger: Reader
) -> None:
    assert (await stranger.open("/events")).status == 401
    assert (await ana.open("/events", Sec_Fetch_Site="cross-site")).status == 403


async def test_asking_for_the_head_of_the_stream_is_answered_at_once(ana: Reader) -> None:
    async with asyncio.timeout(10), ana.http.head(f"{ana.url}/events") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/event-stream")


async def test_fifty_tabs_opened_and_closed_leave_nothing_behind(
    ana: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    async def tab() -> None:
        async with ana.http.get(f"{ana.url}/events?after=0") as stream:
            assert await stream.content.readline() == b": hello\n"

    await asyncio.gather(*(tab() for _ in range(50)))
    async with asyncio.timeout(10):
        assert (await ana.open("/queue")).status == 200
    assert [each for each in caplog.records if each.levelname in ("ERROR", "CRITICAL")] == []


async def test_the_reference_on_a_page_that_failed_is_in_the_log(
    console: ConsoleBench, ana: Reader, caplog: pytest.LogCaptureFixture
) -> None:
    async with console.bench.engine.begin() as database:
        await database.execute(text("ALTER TABLE dead_letter RENAME TO mislaid"))
    page = await ana.open("/deadletters")
    assert page.status == 500
    reference = re.search(r"The log has it under (\w+)\.", page.text)
    assert reference is not None
    assert f"/deadletters failed, reference {reference[1]}" in caplog.messages
