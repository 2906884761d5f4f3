import re
import subprocess
import sys
from pathlib import Path

from tests.unit.deploy import files
from tests.unit.deploy.files import DOCKERFILE, ROOT


def test_the_dockerfile_passes_its_linter() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, DOCKERFILE], capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    assert done.returncode == 0, done.stdout


def test_it_says_that_it_was_never_run() -> None:
    assert DOCKERFILE.read_text().startswith("# Validated, not run on a cluster")


def test_packages_are_those_of_the_lock_by_hash() -> None:
    (install, project) = re.findall(r"pip install (.*)", DOCKERFILE.read_text())
    assert install == "--require-hashes -r requirements/run.txt"
    assert project == "--no-deps ."


def test_the_image_runs_as_the_user_that_kubernetes_expects() -> None:
    (user,) = re.findall(r"^USER (\d+):(\d+)$", DOCKERFILE.read_text(), re.MULTILINE)
    for workload in files.workloads(files.plain()).values():
        context = workload["spec"]["template"]["spec"]["securityContext"]
        assert (str(context["runAsUser"]), str(context["runAsGroup"])) == user


def test_what_is_copied_exists_and_nothing_else_reaches_the_build() -> None:
    allowed = {line[1:] for line in _lines(".dockerignore") if line.startswith("!")}
    copied = {
        source
        for sources in re.findall(
            r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text(), re.MULTILINE
        )
        for source in sources.split()
    }
    assert copied == allowed
    assert {name for name in copied if not (ROOT / name).exists()} == set()


def _lines(name: str) -> list[str]:
    return (ROOT / name).read_text().splitlines()
