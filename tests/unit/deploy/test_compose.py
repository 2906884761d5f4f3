import re
import subprocess
import sys

import yaml

from tests.unit.deploy import files
from tests.unit.deploy.files import COMPOSE, ROLES, ROOT

BESIDE = {"migrate", "kafka", "postgres", "prometheus"}


def test_the_file_is_valid_for_compose() -> None:
    schema = ("--builtin-schema", "vendor.compose-spec")
    command = [sys.executable, "-m", "check_jsonschema", *schema, str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert done.returncode == 0, done.stdout


def test_it_says_that_it_was_never_run() -> None:
    assert COMPOSE.read_text().startswith("# Validated, not run on a cluster")


def test_there_is_a_service_for_each_role_and_nothing_unknown() -> None:
    services = files.services()
    assert services.keys() == ROLES | BESIDE
    assert {role: services[role]["command"] for role in ROLES} == {
        role: ["run", "--role", role] for role in ROLES
    }


def test_roles_start_after_the_migration_and_the_migration_after_its_servers() -> None:
    services = files.services()
    healthy = {"condition": "service_healthy"}
    servers = {"kafka": healthy, "postgres": healthy}
    assert services["migrate"]["depends_on"] == servers
    for role in ROLES:
        assert services[role]["depends_on"] == {
            **servers,
            "migrate": {"condition": "service_completed_successfully"},
        }


def test_whatever_keeps_running_has_a_health_check() -> None:
    for name, service in files.services().items():
        if name != "migrate":
            assert service["healthcheck"]["test"][0] == "CMD", name


def test_a_role_is_as_confined_as_in_kubernetes() -> None:
    for role in ROLES | {"migrate"}:
        service = files.services()[role]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service


def test_only_this_machine_reaches_what_is_published() -> None:
    for service in files.services().values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_secrets_are_files_that_stand_in_no_repository() -> None:
    compose = files.compose()
    declared = {name: ROOT / secret["file"] for name, secret in compose["secrets"].items()}
    used = {name for service in compose["services"].values() for name in service.get("secrets", [])}
    assert used == declared.keys()
    assert {file.parent for file in declared.values()} == {ROOT / "deploy" / "compose" / "secrets"}
    assert (ROOT / "deploy" / "compose" / ".gitignore").read_text() == "/secrets/\n"


def test_a_role_reads_a_secret_only_from_a_file_it_is_given() -> None:
    for name, service in files.services().items():
        variables = service.get("environment", {})
        read = {v.rpartition("/")[2] for k, v in variables.items() if k.endswith("_FILE")}
        assert read == set(service.get("secrets", [])), name
        assert not {k for k in variables if re.search("PASSWORD|TOKEN|SECRET", k)} - {
            k for k in variables if k.endswith("_FILE")
        }


def test_prometheus_asks_every_role() -> None:
    prometheus = yaml.safe_load((ROOT / "deploy" / "compose" / "prometheus.yml").read_text())
    (job,) = prometheus["scrape_configs"]
    (targets,) = job["static_configs"]
    assert set(targets["targets"]) == {f"{role}:8081" for role in ROLES}


def test_the_broker_is_the_one_that_the_tests_run() -> None:
    pom = (ROOT / "tests" / "brokers" / "pom.xml").read_text()
    (version,) = re.findall(r"<artifactId>kafka_2\.13</artifactId>\s*<version>(.+)</version>", pom)
    assert files.services()["kafka"]["image"] == f"apache/kafka:{version}"


def test_the_broker_relies_on_its_disk_because_it_has_no_replica() -> None:
    """An acknowledged event must survive a power cut, also on one machine."""
    kafka = files.services()["kafka"]["environment"]
    assert kafka["KAFKA_LOG_FLUSH_INTERVAL_MESSAGES"] == "1"
