"""What must hold for every workload, as plain functions over manifests that say what does not.

The numbers are from the design's table of deployment: who stops has `DRAIN` to finish, and the
cluster must wait longer than that.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from responder.settings.groups import Stream
from tests.unit.deploy.files import WORKLOADS, Manifest

DRAIN_SECONDS = Stream().drain_timeout
MARGIN_SECONDS = 15
METRICS = "metrics"
PROBES = {"startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz"}


def violations(manifests: Iterable[Manifest]) -> Iterator[str]:
    """Every rule that a manifest breaks, with the name of the workload."""
    manifests = list(manifests)
    for manifest in manifests:
        if manifest["kind"] not in (*WORKLOADS, "Job"):
            continue
        name, pod = manifest["metadata"]["name"], manifest["spec"]["template"]["spec"]
        broken = [*_pod(pod), *_containers(pod)]
        if manifest["kind"] in WORKLOADS:
            broken += _life(manifest)
            if not any(_protects(each, manifest) for each in manifests):
                broken.append("is selected by no PodDisruptionBudget")
        yield from (f"{name}: {what}" for what in broken)


def _pod(pod: Manifest) -> Iterator[str]:
    """Pod Security Standards, "restricted"; and no token."""
    context = pod.get("securityContext", {})
    if context.get("runAsNonRoot") is not True or not context.get("runAsUser"):
        yield "may run as root"
    if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "no seccomp profile"
    if pod.get("automountServiceAccountToken") is not False:
        yield "is given a token"
    for volume in pod.get("volumes", []):
        if not {"configMap", "emptyDir", "secret"} & volume.keys():
            yield f"mounts {volume['name']} of the host or of a disk"


def _containers(pod: Manifest) -> Iterator[str]:
    for container in (*pod.get("initContainers", []), *pod["containers"]):
        yield from _confinement(container.get("securityContext", {}))
        yield from _resources(container.get("resources", {}))
        for variable in container.get("env", []):
            if "secretKeyRef" in variable.get("valueFrom", {}):
                yield f"has the secret {variable['name']} in its environment"


def _confinement(context: Manifest) -> Iterator[str]:
    if context.get("allowPrivilegeEscalation") is not False:
        yield "may escalate its privileges"
    if context.get("capabilities") != {"drop": ["ALL"]}:
        yield "keeps capabilities"
    if context.get("readOnlyRootFilesystem") is not True:
        yield "may write to its root file system"


def _resources(resources: Manifest) -> Iterator[str]:
    if not {"cpu", "memory"} <= resources.get("requests", {}).keys():
        yield "asks for no resources"
    if "memory" not in resources.get("limits", {}):
        yield "has no limit of memory"


def _life(workload: Manifest) -> Iterator[str]:
    pod = workload["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    for probe, path in PROBES.items():
        if container.get(probe, {}).get("httpGet") != {"path": path, "port": METRICS}:
            yield f"{probe} does not ask {path} on the metrics port"
    if pod.get("terminationGracePeriodSeconds", 30) < DRAIN_SECONDS + MARGIN_SECONDS:
        yield "is killed before it has drained"
    if "preStop" not in container.get("lifecycle", {}):
        yield "stops before its endpoints are forgotten"
    if workload["kind"] == "Deployment":
        rolling: Any = workload["spec"].get("strategy", {}).get("rollingUpdate", {})
        if rolling.get("maxUnavailable") != 0:
            yield "gives up a replica before the next one is ready"


def _protects(budget: Manifest, workload: Manifest) -> bool:
    if budget["kind"] != "PodDisruptionBudget":
        return False
    selected = budget["spec"]["selector"]["matchLabels"].items()
    labels = workload["spec"]["template"]["metadata"]["labels"].items()
    return bool(budget["spec"].get("maxUnavailable") == 1 and selected <= labels)
