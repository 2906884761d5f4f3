"""`responder.toml` becomes a workspace, or each mistake is named with its line and key."""

import re
from datetime import date, time, timedelta
from pathlib import Path
from textwrap import dedent
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.app.configuration import (
    BadConfiguration,
    Configuration,
    default_text,
    load,
    parse,
)
from responder.app.positions import line_of
from responder.app.tables import IssoTable
from responder.engagement.model import Audience, Intent, SourceId, Urgency
from responder.engagement.workspace import Queue, Route, Step

FILE = Path("responder.toml")


def _parsed(text: str) -> Configuration:
    return parse(dedent(text), FILE)


def _refused(text: str) -> str:
    with pytest.raises(BadConfiguration) as refused:
        _parsed(text)
    return str(refused.value)


def test_the_file_of_a_first_start_brings_the_guestbook_and_no_target() -> None:
    workspace = parse(default_text(), FILE).workspace
    assert list(workspace.sources) == ["guestbook"]
    assert workspace.queues == {"default": Queue("default", "Inbox")}
    assert workspace.policies == {}


def test_every_example_in_that_file_works_when_its_comment_sign_is_taken_away() -> None:
    example = re.compile(r"^# (?=\[|[a-z_]+ = )", re.MULTILINE)
    workspace = parse(example.sub("", default_text()), FILE).workspace
    assert set(workspace.sources) == {"guestbook", "blog", "forum"}
    policy = workspace.policy_of("default")
    assert policy is not None
    assert policy.target == timedelta(hours=8)
    assert policy.hours is not None
    assert policy.hours.zone == ZoneInfo("Europe/Berlin")
    assert policy.hours.week[4] == ((time(9), time(12)), (time(13), time(18)))
    assert date(2027, 1, 1) in policy.hours.holidays
    assert workspace.voice.openings["de"] == "Hallo {name},"
    assert workspace.saved_replies[0].name == "thanks"
    assert workspace.knowledge[0].url == "https://example.org/shop"


def test_an_empty_file_has_one_queue_and_no_source() -> None:
    workspace = _parsed("").workspace
    assert (list(workspace.sources), list(workspace.queues)) == ([], ["default"])


def test_a_version_is_the_hash_of_its_text() -> None:
    assert _parsed("").version != _parsed("# a remark\n").version == _parsed("# a remark\n").version


def test_a_route_holds_every_condition() -> None:
    text = '[queues.press]\n[[routes]]\nqueue = "press"\nintents = ["question"]'
    assert _parsed(text).workspace.routes == (Route("press", intents=frozenset({Intent.QUESTION})),)


def test_a_target_has_tiers_and_steps() -> None:
    workspace = _parsed("""
        [queues.leads]
        [sla.fast]
        target = "8h"
        clock_may_stop = true
        [[sla.fast.tiers]]
        target = "1h"
        audiences = ["press"]
        [[sla.fast.tiers]]
        target = "2h"
        urgencies = ["now"]
        [[sla.fast.steps]]
        name = "soon"
        before = "30m"
        [[sla.fast.steps]]
        name = "now"
        [[sla.fast.steps]]
        name = "leads"
        after = "1h"
        queue = "leads"
    """).workspace
    policy = workspace.policies["fast"]
    targets = {
        (audience, urgency): policy.target_for(audience=audience, urgency=urgency)
        for audience in (Audience.PRESS, Audience.UNKNOWN)
        for urgency in (Urgency.NOW, Urgency.NORMAL)
    }
    assert {each: hours / timedelta(hours=1) for each, hours in targets.items()} == {
        (Audience.PRESS, Urgency.NOW): 1,
        (Audience.PRESS, Urgency.NORMAL): 1,
        (Audience.UNKNOWN, Urgency.NOW): 2,
        (Audience.UNKNOWN, Urgency.NORMAL): 8,
    }
    assert policy.steps == (
        Step(name="soon", offset=-timedelta(minutes=30)),
        Step(name="now", offset=timedelta()),
        Step(name="leads", offset=timedelta(hours=1), queue="leads"),
    )
    assert policy.may_be_stopped


def test_who_writes_is_said_of_authors_and_of_whole_sources() -> None:
    workspace = _parsed("""
        [sources.forum]
        platform = "webhook"
        audience = "customer"
        [sources.guestbook]
        platform = "guestbook"
        [audiences]
        press = ["forum/reporter/7"]
        partner = ["guestbook/42"]
    """).workspace
    forum, guestbook = workspace.source("forum"), workspace.source("guestbook")
    assert workspace.audience_of(forum, "reporter/7") is Audience.PRESS
    assert workspace.audience_of(forum, "42") is Audience.CUSTOMER
    assert workspace.audience_of(guestbook, "42") is Audience.PARTNER
    assert workspace.audience_of(guestbook, "43") is Audience.UNKNOWN


def test_a_source_keeps_what_its_platform_needs() -> None:
    found = _parsed("""
        [sources.blog]
        platform = "isso"
        url = "https://blog.example.org"
        base_url = "http://127.0.0.1:8080"
        email = "team@example.org"
        allowed_networks = ["127.0.0.0/8"]
    """).sources[SourceId("blog")]
    assert isinstance(found, IssoTable)
    assert [str(each) for each in found.allowed_networks] == ["127.0.0.0/8"]


@pytest.mark.parametrize(
    "text",
    [
        '[sources.a]\nplatform = "webhook"\noutgoing_url = "https://ana:hunter2@example.org/"',
        '[openai]\nmodel = "small"\nbase_url = "http://ana:hunter2@127.0.0.1:8000/v1"',
    ],
)
def test_an_address_holds_no_password_and_it_is_not_repeated(text: str) -> None:
    with pytest.raises(BadConfiguration) as refused:
        _parsed(text)
    assert "this file holds no secrets" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_source_that_is_only_pushed_sends_nothing() -> None:
    workspace = _parsed("""
        [sources.quiet]
        platform = "webhook"
        [sources.loud]
        platform = "webhook"
        outgoing_url = "https://example.org/replies"
    """).workspace
    assert not workspace.source("quiet").sends
    assert workspace.source("loud").sends


def test_replies_carry_the_name_of_the_voice_unless_the_source_says_otherwise() -> None:
    workspace = _parsed("""
        [voice]
        name = "The team"
        [sources.guestbook]
        platform = "guestbook"
        [sources.other]
        platform = "webhook"
        post_as = "Ada"
    """).workspace
    assert workspace.source("guestbook").post_as == "The team"
    assert workspace.source("other").post_as == "Ada"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = \n", "responder.toml:1: Invalid value"),
        ("[sourcs]\n", "responder.toml:1: sourcs: there is no such key here (did you mean"),
        ('[sources.a]\nplatform = "iso"', "responder.toml:2: sources.a.platform: there is no"),
        (
            '[sources.guestbook]\nplatform = "guestbook"\n[sources.b]\nplatform = "guestbook"',
            "responder.toml:4: sources.b.platform: Responder serves one guestbook",
        ),
        ("[sources.a]\n", "responder.toml:1: sources.a.platform: this key is missing; allowed: gu"),
        (
            '\n[sources.a]\nplatform = "isso"',
            "responder.toml:2: sources.a.url: this key is missing",
        ),
        (
            '[sources.a]\nplatform = "isso"\nbasurl = "x"',
            "responder.toml:3: sources.a.basurl: there is no such key here (did you mean 'base_url",
        ),
        ('[sources."A B"]\nplatform = "guestbook"', "responder.toml:1: sources.A B: 'A B' is not"),
        (
            '[[routes]]\nqueue = "default"\n\n# why\nintents = [\n  "praize",\n]',
            (
                "responder.toml:5: routes[1].intents[1]: 'praize' is not possible here (did you mean"
                " 'praise'?); allowed: question,"
            ),
        ),
        ('[queues.a]\nsla = "b"\n[sla.c]\ntarget = "1h"', "responder.toml:2: queues.a.sla: there"),
        ('[sla.a]\ntarget = "one day"', "responder.toml:2: sla.a.target: write a duration like"),
        (
            '[sla.a]\ntarget = "8h"\noffice_hours = "o"\n[office_hours.o]\nzone = "UTC"',
            "responder.toml:2: sla.a.target: these office hours are too short for it",
        ),
        (
            '[office_hours.o]\nzone = "Europe/Berln"',
            (
                "responder.toml:2: office_hours.o.zone: this is no time zone such as 'Europe/Berlin'"
                " (did you mean 'Europe/Berlin'?)"
            ),
        ),
        (
            '[office_hours.o]\nzone = "UTC"\nmonday = "17:00-09:00"',
            "responder.toml:3: office_hours.o.monday: '17:00-09:00' closes before it opens",
        ),
        (
            '[office_hours.o]\nzone = "UTC"\nmonday = ["09:00-12:00", "11:00-13:00"]',
            "responder.toml:3: office_hours.o.monday: opening hours must be in order",
        ),
        (
            '[[knowledge]]\nid = "a"\ntitle = "A"\ntext = "A"\nsources = ["b"]',
            "responder.toml:5: knowledge[1].sources: there is no source 'b'; allowed: none",
        ),
        (
            '[[saved_replies]]\nname = "a"\ntext = "b"\n[[saved_replies]]\nname = "a"\ntext = "b"',
            "responder.toml:5: saved_replies[2].name: 'a' is used twice",
        ),
        (
            '[audiences]\npress = ["forum/a"]',
            "responder.toml:2: audiences.press: there is no source 'forum'; allowed: none",
        ),
        (
            ('[sources.b]\nplatform = "webhook"\n[audiences]\npress = ["b/ann"]\nngo = ["b/ann"]'),
            "responder.toml:5: audiences.ngo: 'b/ann' stands under press too",
        ),
        (
            '[sla.a]\ntarget = "1h"\n[[sla.a.steps]]\nname = "s"\nqueue = "b"',
            "responder.toml:5: sla.a.steps[1].queue: there is no queue 'b'; allowed: default",
        ),
        (
            (
                '[sla.a]\ntarget = "1h"\n[[sla.a.steps]]\nname = "s"\n'
                '[[sla.a.steps]]\nname = "s"\nbefore = "5m"'
            ),
            "responder.toml:6: sla.a.steps[2].name: 's' is used twice",
        ),
        (
            '[sla.a]\ntarget = "1h"\n[[sla.a.steps]]\nname = "s"\nbefore = "5m"\nafter = "5m"',
            "responder.toml:3: sla.a.steps[1]: choose one of before and after",
        ),
        ('[voice.openings]\nenglish = "Hi"', "responder.toml:2: voice.openings.english: 'english'"),
    ],
)
def test_a_mistake_is_named_with_line_key_and_what_is_allowed(text: str, said: str) -> None:
    assert _refused(text).startswith(said)


def test_all_mistakes_are_named_at_once_in_the_order_of_the_file() -> None:
    said = _refused('[sla.a]\ntarget = "x"\n[sources.b]\nplatform = "c"\n[queues.d]\ne = 1\n')
    assert [line.split(":")[1] for line in said.splitlines()] == ["2", "4", "6"]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="cannot be read: No such file"):
        load(tmp_path / "responder.toml")


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "responder.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BadConfiguration, match="not UTF-8"):
        load(tmp_path / "responder.toml")


def test_a_file_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    (tmp_path / "responder.toml").write_text("#" * 1_048_577)
    with pytest.raises(BadConfiguration, match="is larger than"):
        load(tmp_path / "responder.toml")


@given(st.lists(st.sampled_from(["", "# x = 1", "y = [\n1,\n]", 'z = """\nx = 2\n"""'])))
def test_the_line_of_a_key_is_where_its_statement_begins(before: list[str]) -> None:
    statements = [
        text.replace("y", f"y{n}", 1).replace("z", f"z{n}", 1) for n, text in enumerate(before)
    ]
    text = "\n".join([*statements, "wanted = [", "  1,", "]", "after = 2"])
    assert text.splitlines()[line_of(text, ("wanted", 0)) - 1] == "wanted = ["
