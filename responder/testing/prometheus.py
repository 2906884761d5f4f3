"""A real Prometheus for tests, and its rules in a hurry.

It is Debian's (`apt-get install prometheus`, which brings `promtool` too); no service of the system
is used or needed. It listens on a free port of 127.0.0.1, keeps its data in a folder of the test, and
ends with the `with` block that it was started in.

Nobody can wait for the times that real alerts take. So `hurried` divides every duration that a file
of rules writes as one (`for`, `keep_firing_for`, `[5m]`, `offset 1h`) by one number, and `configured`
does the same to how often is scraped and evaluated. What stays: every expression, every label, and
every number in an expression, also one that means seconds (`> 60`).
"""

import json
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import aiohttp

from responder.testing.running import eventually

TARGETS = "targets.json"
SCRAPE_SECONDS = 15
"""How often the shipped configuration scrapes and evaluates."""
START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_LISTENING = re.compile(r'msg="Listening on" address=(\S+)')
_UNIT_MILLISECONDS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(
    r"(?P<before>\b(?:for|keep_firing_for|interval): |\boffset |\[)(?P<count>\d+)(?P<unit>[smhd])\b"
)

Labels: TypeAlias = Mapping[str, str]


class PrometheusUnavailable(Exception):
    """There is no `prometheus` here: apt-get install prometheus"""  # noqa: D415 - the command ends the sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One that Prometheus has now, pending or firing."""

    name: str
    is_firing: bool
    labels: Labels
    annotations: Labels

    @property
    def is_page(self) -> bool:
        return self.labels.get("severity") == "page"


class Prometheus:
    """One that runs; made by `running_prometheus`."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self.url = url

    def watch(self, targets: Sequence[str]) -> None:
        """Scrape these `host:port` from now on, and no others."""
        written = self._folder / "targets.new"
        written.write_text(json.dumps([{"targets": list(targets)}]), encoding="utf-8")
        written.rename(self._folder / TARGETS)

    async def alerts(self) -> Sequence[Alert]:
        found = await self._ask("alerts")
        return [
            Alert(
                name=each["labels"]["alertname"],
                is_firing=each["state"] == "firing",
                labels=each["labels"],
                annotations=each["annotations"],
            )
            for each in found["alerts"]
        ]

    async def value(self, expression: str) -> float | None:
        """What an expression gives that gives one value at most; None: nothing."""
        found = (await self._ask("query", query=expression))["result"]
        return float(found[0]["value"][1]) if found else None

    async def fired(self, seconds: int) -> set[str]:
        """The pages that fired at any time of the last so many seconds."""
        firing = f'ALERTS{{alertstate="firing", severity="page"}}[{seconds}s]'
        found = (await self._ask("query", query=f"count_over_time({firing})"))["result"]
        return {each["metric"]["alertname"] for each in found}

    async def broken_rules(self) -> Sequence[str]:
        """Rules whose last evaluation failed, and why."""
        groups = (await self._ask("rules"))["groups"]
        return [
            f"{rule['name']}: {rule['lastError']}"
            for group in groups
            for rule in group["rules"]
            if rule["health"] == "err"
        ]

    async def _ask(self, what: str, **query: str) -> Any:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{self.url}/api/v1/{what}", params=query) as answer,
        ):
            return (await answer.json())["data"]


def prometheus_program() -> Path:
    """Raises PrometheusUnavailable if it is not installed."""
    program = shutil.which("prometheus")
    if program is None:
        raise PrometheusUnavailable
    return Path(program)


@asynccontextmanager
async def running_prometheus(
    program: Path, folder: Path, configuration: str
) -> AsyncIterator[Prometheus]:
    """One that serves, for as long as the context lasts. What it says goes to `prometheus.txt`.

    Args:
        program: see `prometheus_program`.
        folder: for its configuration, data and words; paths in the configuration are relative to it.
        configuration: its `prometheus.yml`.

    Raises:
        RuntimeError: it ended at once; with its last words.
    """
    (folder / "prometheus.yml").write_text(configuration, encoding="utf-8")
    (folder / TARGETS).write_text("[]", encoding="utf-8")
    with _process(program, folder) as process:
        yield Prometheus(folder, await _reached(folder, process))


@contextmanager
def _process(program: Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "prometheus.txt").open("wb") as said:
        process = subprocess.Popen(  # noqa: S603 - our own words
            [
                program,
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
            ],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _reached(folder: Path, process: subprocess.Popen[bytes]) -> str:
    async def address() -> str | None:
        said = (folder / "prometheus.txt").read_text(encoding="utf-8", errors="replace")
        if process.poll() is not None:
            raise RuntimeError(f"Prometheus ended:\n{said[-4000:]}")
        found = _LISTENING.search(said)
        return None if found is None else found[1]

    return f"http://{await eventually(address, bool, START_SECONDS)}"


def hurried(rules: str, by: int) -> str:
    """The same rules with every duration divided: what takes an hour takes `60 / by` minutes."""

    def divided(found: re.Match[str]) -> str:
        milliseconds = int(found["count"]) * _UNIT_MILLISECONDS[found["unit"]] // by
        return f"{found['before']}{milliseconds}ms"

    return _DURATION.sub(divided, rules)


def configured(rules: Sequence[str], *, by: int = 1) -> str:
    """A `prometheus.yml` that scrapes what `watch` names, `by` times as often as the shipped one."""
    every = f"{SCRAPE_SECONDS * 1_000 // by}ms"
    return f"""
global: {{scrape_interval: {every}, scrape_timeout: {every}, evaluation_interval: {every}}}
rule_files: [{", ".join(rules)}]
scrape_configs:
  - job_name: responder
    file_sd_configs: [{{files: [{TARGETS}]}}]
"""
