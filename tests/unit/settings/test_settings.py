"""Settings come from the environment or the command line, and say what is wrong in its words."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from responder.settings import BadSettings, Settings, load
from responder.settings.environment import environment, read
from responder.settings.shown import MASK, documented, shown


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in environment():
        if variable.startswith("RESPONDER_"):
            monkeypatch.delenv(variable)


def _problems(**chosen: object) -> str:
    with pytest.raises(BadSettings) as refused:
        load(**chosen)
    return str(refused.value)


def test_the_defaults_hold_together() -> None:
    assert load().server.bind_address == "127.0.0.1"


def test_a_setting_is_named_by_group_and_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPONDER_STREAM__CONCURRENCY", "8")
    assert load().stream.concurrency == 8


def test_a_setting_without_a_group_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPONDER_CONFIG", "/etc/responder.toml")
    assert load().config == Path("/etc/responder.toml")


def test_the_command_line_wins_and_leaves_the_rest_of_its_group(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RESPONDER_SERVER__PORT", "9000")
    monkeypatch.setenv("RESPONDER_SERVER__BIND_ADDRESS", "::1")
    server = load(server={"port": 0}).server
    assert (server.port, server.bind_address) == (0, "::1")


def test_an_empty_value_counts_as_not_set() -> None:
    assert read(Settings, {"RESPONDER_SERVER__PORT": ""}) == {}


def test_what_a_cluster_puts_into_our_environment_is_left_alone() -> None:
    assert read(Settings, {"RESPONDER_GATEWAY_PORT": "tcp://10.0.0.1:80"}) == {}


def test_an_unknown_setting_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(BadSettings, match="did you mean RESPONDER_KAFKA__BOOTSTRAP_SERVERS"):
        read(Settings, {"RESPONDER_KAFKA__BOOTSTRAP": "broker:9092"})


def test_a_list_is_written_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPONDER_KAFKA__BOOTSTRAP_SERVERS", "one:9092, two:9092")
    assert load().kafka.bootstrap_servers == ("one:9092", "two:9092")


def test_a_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("abc\n")
    monkeypatch.setenv("RESPONDER_API__TOKEN_FILE", str(tmp_path / "token"))
    assert load().api.token == SecretStr("abc")


def test_only_a_secret_may_stand_in_a_file() -> None:
    with pytest.raises(BadSettings, match="is not a setting"):
        read(Settings, {"RESPONDER_SERVER__PORT_FILE": "/dev/null"})


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    twice = {"RESPONDER_API__TOKEN": "a", "RESPONDER_API__TOKEN_FILE": str(tmp_path)}
    with pytest.raises(BadSettings, match="are both set"):
        read(Settings, twice)


def test_a_secret_file_that_is_not_there_is_named() -> None:
    with pytest.raises(BadSettings, match="/nowhere/token cannot be read"):
        read(Settings, {"RESPONDER_API__TOKEN_FILE": "/nowhere/token"})


def test_the_secrets_of_a_source_are_found_by_its_name() -> None:
    found = read(Settings, {"RESPONDER_SOURCE__MY_BLOG__WEBHOOK_SECRET": "whsec_x"})
    assert found == {"source": {"my-blog": {"webhook_secret": "whsec_x"}}}


def test_no_secret_is_ever_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESPONDER_DATABASE__URL", "postgresql://me:hunter2@db/responder")
    monkeypatch.setenv("RESPONDER_SOURCE__BLOG__WEBHOOK_SECRET", "hunter2")
    settings = load()
    lines = list(shown(settings, chosen={}, environ=environment()))
    assert "hunter2" not in repr(settings) + str(settings) + repr(lines)
    assert [line.value for line in lines if line.name == "database.url"] == [MASK]


def test_a_bad_value_is_named_with_its_variable_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RESPONDER_STREAM__CONCURRENCY", "hunter2")
    said = _problems()
    assert "stream.concurrency (RESPONDER_STREAM__CONCURRENCY)" in said
    assert "hunter2" not in said


def test_each_value_says_where_it_came_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_text("abc")
    monkeypatch.setenv("RESPONDER_API__TOKEN_FILE", str(token))
    monkeypatch.setenv("RESPONDER_LOGGING__LEVEL", "debug")
    chosen = {"server": {"port": 0}}
    origins = {
        line.name: line.origin
        for line in shown(load(**chosen), chosen=chosen, environ=environment())
    }
    assert origins["server.port"] == "command line"
    assert origins["logging.level"] == "environment RESPONDER_LOGGING__LEVEL"
    assert origins["api.token"] == f"file {token}"
    assert origins["inbox.lease"] == "default"


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"stream": {"concurrency": 500}}, ("stream.buffer_records", "stream.concurrency")),
        ({"stream": {"drain_timeout": 30}}, ("stream.drain_timeout", "kafka.rebalance_timeout_ms")),
        ({"stream": {"stop_timeout": 20}}, ("stream.drain_timeout", "stream.stop_timeout")),
        ({"stream": {"keepalive": 61}}, ("stream.keepalive", "kafka.max_poll_interval_ms")),
        (
            {"kafka": {"heartbeat_interval_ms": 20_000}},
            ("kafka.heartbeat_interval_ms", "kafka.session_timeout_ms"),
        ),
        (
            {"kafka": {"rebalance_timeout_ms": 41_000}},
            ("kafka.rebalance_timeout_ms", "kafka.request_timeout_ms"),
        ),
        (
            {"kafka": {"min_insync_replicas": 4}},
            ("kafka.min_insync_replicas", "kafka.replication_factor"),
        ),
        ({"log": {"backend": "kafka"}}, ("log.backend", "kafka.bootstrap_servers")),
        (
            {"kafka": {"security_protocol": "SASL_SSL"}},
            ("kafka.security_protocol", "kafka.sasl_password"),
        ),
        (
            {"kafka": {"client_key_file": "key.pem"}},
            ("kafka.client_certificate_file", "kafka.client_key_file"),
        ),
        ({"inbox": {"renew": 11}}, ("inbox.renew", "inbox.lease")),
        ({"inbox": {"retention": 21}}, ("inbox.retention", "retention.dead_letters")),
        (
            {"drafting": {"concurrency_min": 65}},
            ("drafting.concurrency_min", "drafting.concurrency_max"),
        ),
        (
            {"server": {"tls_key_file": "key.pem"}},
            ("server.tls_certificate_file", "server.tls_key_file"),
        ),
        ({"server": {"bind_address": "0.0.0.0"}}, ("server.bind_address", "server.public_url")),  # noqa: S104
    ],
)
def test_a_rule_between_two_settings_names_both(
    chosen: dict[str, object], named: tuple[str, str]
) -> None:
    said = _problems(**chosen)
    assert all(name in said for name in named)


@pytest.mark.parametrize(
    "server",
    [
        {"allow_plain_http": True},
        {"public_url": "https://reply.example.org", "behind_proxy": True},
        {"tls_certificate_file": "cert.pem", "tls_key_file": "key.pem"},
    ],
)
def test_each_remedy_for_plain_http_is_one(server: dict[str, object]) -> None:
    settings = load(server={"bind_address": "0.0.0.0", **server})  # noqa: S104
    assert settings.server.bind_address == "0.0.0.0"  # noqa: S104


def test_a_public_address_over_plain_http_is_no_remedy() -> None:
    said = _problems(
        server={
            "bind_address": "::",
            "public_url": "http://reply.example.org",
            "behind_proxy": True,
        }
    )
    assert "plain HTTP" in said


def test_every_setting_is_documented_with_a_sentence() -> None:
    assert [each.name for each in documented() if not each.meaning.endswith(".")] == []
