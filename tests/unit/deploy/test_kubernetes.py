import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]
import pytest
import yaml

from tests.unit.deploy import files
from tests.unit.deploy.files import BASE, ROLES, Manifest
from tests.unit.deploy.policies import violations

KUBECTL = shutil.which("kubectl")
UNLISTED = {"kustomization.yaml"}


@pytest.fixture(params=[files.plain, files.rendered], ids=["as written", "as rendered"])
def manifests(request: pytest.FixtureRequest) -> Iterable[Manifest]:
    found: Iterable[Manifest] = request.param()
    return found


@pytest.mark.skipif(
    KUBECTL is None, reason="no `kubectl` to compare with; our rendering is checked"
)
def test_our_rendering_is_that_of_kubectl() -> None:
    done = subprocess.run(  # noqa: S603 - our own words
        [KUBECTL or "", "kustomize", BASE], capture_output=True, text=True, check=True
    )
    theirs = list(yaml.load_all(done.stdout, yaml.CSafeLoader))
    assert _by_name(files.rendered()) == _by_name(theirs)


def test_every_configuration_that_is_named_is_rendered() -> None:
    """A reference whose name was not replaced would leave the pods waiting for ever."""
    made = {m["metadata"]["name"] for m in files.rendered() if m["kind"] == "ConfigMap"}
    named = {
        container["envFrom"][0]["configMapRef"]["name"]
        for workload in files.workloads(files.rendered()).values()
        for container in workload["spec"]["template"]["spec"]["containers"]
    } | {
        volume["configMap"]["name"]
        for workload in files.workloads(files.rendered()).values()
        for volume in workload["spec"]["template"]["spec"]["volumes"]
        if "configMap" in volume
    }
    assert named == made


def test_every_manifest_is_valid_for_kubernetes() -> None:
    """A kind that the validator does not know is a failure, not a warning."""
    for manifest in files.rendered():
        validate(manifest)


def test_the_validator_sees_a_typing_error() -> None:
    broken: Any = deepcopy(files.workloads(files.plain())["gateway"])
    broken["spec"]["replica"] = broken["spec"].pop("replicas")
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(broken)


def test_every_file_is_listed_and_every_listed_file_exists() -> None:
    kustomization = files.kustomization()
    listed = set(kustomization["resources"])
    for generator in kustomization["configMapGenerator"]:
        listed |= {*generator.get("files", []), *generator.get("envs", [])}
    assert listed == {file.name for file in BASE.iterdir()} - UNLISTED


def test_every_role_has_a_workload_that_runs_it(manifests: Iterable[Manifest]) -> None:
    runs = {
        name: workload["spec"]["template"]["spec"]["containers"][0]["args"]
        for name, workload in files.workloads(manifests).items()
    }
    assert runs == {role: ["run", "--role", role] for role in ROLES}


def test_the_manifests_break_no_policy(manifests: Iterable[Manifest]) -> None:
    assert list(violations(manifests)) == []


def test_everything_says_that_it_never_ran_on_a_cluster() -> None:
    for file in BASE.glob("*.yaml"):
        assert file.read_text().startswith("# Validated, not run on a cluster.\n")


def test_every_pod_has_an_account_of_its_own_without_a_token(manifests: Iterable[Manifest]) -> None:
    accounts = {m["metadata"]["name"]: m for m in manifests if m["kind"] == "ServiceAccount"}
    assert accounts.keys() == ROLES | {"migrate"}
    assert not any(account["automountServiceAccountToken"] for account in accounts.values())
    for manifest in manifests:
        if manifest["kind"] in (*files.WORKLOADS, "Job"):
            pod = manifest["spec"]["template"]["spec"]
            assert pod["serviceAccountName"] == manifest["metadata"]["name"]


def test_only_the_stateful_members_have_names_that_no_other_process_can_have(
    manifests: Iterable[Manifest],
) -> None:
    """Two processes with one name would put each other out of their group."""
    static = {
        name: workload["kind"]
        for name, workload in files.workloads(manifests).items()
        if "RESPONDER_KAFKA__GROUP_INSTANCE_ID" in _environment(workload)
    }
    assert static == dict.fromkeys(("triage", "drafting", "delivery"), "StatefulSet")


Breaking = Callable[[Any], object]


@pytest.mark.parametrize(
    ("breaking", "said"),
    [
        (lambda pod: pod["securityContext"].pop("runAsNonRoot"), "may run as root"),
        (lambda pod: pod["securityContext"].pop("seccompProfile"), "no seccomp profile"),
        (lambda pod: pod.pop("automountServiceAccountToken"), "is given a token"),
        (lambda pod: pod.update(terminationGracePeriodSeconds=30), "is killed before"),
        (
            lambda pod: pod["volumes"].append({"name": "host", "hostPath": {"path": "/"}}),
            "mounts host",
        ),
        (lambda pod: _first(pod)["securityContext"].pop("capabilities"), "keeps capabilities"),
        (
            lambda pod: _first(pod)["securityContext"].update(allowPrivilegeEscalation=True),
            "may escalate",
        ),
        (
            lambda pod: pod["initContainers"][0]["securityContext"].pop("readOnlyRootFilesystem"),
            "may write to its root",
        ),
        (lambda pod: _first(pod)["resources"].pop("limits"), "has no limit of memory"),
        (lambda pod: _first(pod)["resources"].pop("requests"), "asks for no resources"),
        (lambda pod: _first(pod).pop("readinessProbe"), "readinessProbe does not ask"),
        (lambda pod: _first(pod)["livenessProbe"]["httpGet"].update(path="/"), "livenessProbe"),
        (lambda pod: _first(pod).pop("lifecycle"), "stops before"),
        (
            lambda pod: _first(pod)["env"].append(
                {"name": "TOKEN", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
            ),
            "has the secret TOKEN",
        ),
    ],
)
def test_a_policy_notices_when_it_is_broken(breaking: Breaking, said: str) -> None:
    broken: Any = deepcopy(list(files.plain()))
    (pod,) = (m["spec"]["template"]["spec"] for m in broken if _is(m, "StatefulSet", "triage"))
    breaking(pod)
    (violation,) = violations(broken)
    assert violation.startswith(f"triage: {said}")


def test_a_missing_budget_is_noticed() -> None:
    without = [m for m in files.plain() if not _is(m, "PodDisruptionBudget", "relay")]
    assert list(violations(without)) == ["relay: is selected by no PodDisruptionBudget"]


def validate(manifest: Manifest) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        version = kubernetes_validate.latest_version()
        kubernetes_validate.validate(dict(manifest), version, strict=True)


def _by_name(manifests: Iterable[Manifest]) -> dict[tuple[str, str], Manifest]:
    return {(each["kind"], each["metadata"]["name"]): each for each in manifests}


def _is(manifest: Manifest, kind: str, name: str) -> bool:
    return (manifest["kind"], manifest["metadata"]["name"]) == (kind, name)


def _first(pod: Any) -> Any:
    return pod["containers"][0]


def _environment(workload: Manifest) -> set[str]:
    container = workload["spec"]["template"]["spec"]["containers"][0]
    return {variable["name"] for variable in container["env"]}
