"""Real Apache Kafka for tests: KRaft brokers on loopback ports, owned and ended by process id.

Nothing is installed. Maven copies the jars that a pinned POM names into a cache folder, once per
version of that POM, and each broker is one `java` process with its data in a folder of the test.
One broker listens after about three seconds, three after about eight; each takes 350 MB.

The ports lie below the kernel's ephemeral range: a client that keeps connecting to a broker that is
down could otherwise be given the broker's own port as its source, and be connected to itself.
"""

import asyncio
import hashlib
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from typing_extensions import override

from responder.testing.certificates import certify_loopback

CLUSTER_ID = "cmVzcG9uZGVyLXRlc3RzIQ"  # 16 bytes in URL-safe base64, as the format tool wants
LOOK_SECONDS = 0.05
START_SECONDS = 180.0  # alone it takes three, on two busy cores a minute
PORTS = range(15_000, 32_000)

JAVA = ("java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xmx384m")  # starts fastest
WITH_LOG = "-Dorg.apache.logging.log4j.level=INFO"  # the broker's log says when it is ready
STARTED = b"Kafka Server started"

USER, PASSWORD = "responder", "correct-horse"  # on a loopback port, for the life of a test run


@dataclass(eq=False)
class KafkaUnavailable(Exception):
    """Real Kafka cannot be run here; `why` names what is missing."""

    why: str

    @override
    def __str__(self) -> str:
        return self.why


def fetch_jars(pom: Path, cache: Path) -> Path:
    """The folder with the broker's jars, fetched by Maven unless a run before has done it.

    Args:
        pom: names the broker and its version; its content is the cache's key.
        cache: a folder outside the tree; made when missing. Concurrent runs may share it.

    Raises:
        KafkaUnavailable: there is no Java, no Maven, or Maven cannot fetch; with its last words.
    """
    if shutil.which("java") is None:
        raise KafkaUnavailable("there is no `java` (17 or newer)")
    jars = cache / f"kafka-{hashlib.sha256(pom.read_bytes()).hexdigest()[:16]}"
    if jars.is_dir():
        return jars
    if shutil.which("mvn") is None:
        raise KafkaUnavailable("there is no `mvn` to fetch the broker's jars with")
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as unfinished:
        _copy_dependencies(pom, Path(unfinished, "jars"))
        if not jars.is_dir():  # a concurrent run may have been faster
            Path(unfinished, "jars").rename(jars)
    return jars


def _copy_dependencies(pom: Path, folder: Path) -> None:
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={folder}")
    maven = ("mvn", "-q", "-B", "-f", str(pom), *goal)
    done = subprocess.run(maven, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    if done.returncode:
        raise KafkaUnavailable(f"Maven cannot fetch the jars: {done.stdout.strip()[-500:]}")


@dataclass(frozen=True, slots=True)
class ExternalKafka:
    """A broker that somebody else runs, and that a test can neither kill nor damage."""

    bootstrap_servers: str


@dataclass(frozen=True, slots=True)
class Detour:
    """A second way to a broker: clients are told `told_port`, where nobody listens until a test does.

    What arrives there belongs to `broker_port`, after whatever the test does to it on the way.
    """

    told_port: int
    broker_port: int


@contextmanager
def running_kafka(
    jars: Path, *, nodes: int = 1, java: Sequence[str] = JAVA, disks: Sequence[Path] = ()
) -> Iterator["KafkaCluster"]:
    """A cluster in a temporary folder, run from the jars of `fetch_jars`."""
    with (
        tempfile.TemporaryDirectory(prefix="kafka-") as folder,
        KafkaCluster(
            jars=jars, folder=Path(folder), nodes=nodes, java=java, disks=disks
        ) as cluster,
    ):
        yield cluster


@dataclass
class _Node:
    number: int
    port: int
    controller_port: int
    secure_port: int
    detour: Detour
    folder: Path
    data: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def config(self) -> Path:
        return self.folder / "server.properties"


class KafkaCluster:
    """One or three brokers, each broker and controller in one; a context manager.

    Args:
        jars: from `fetch_jars`.
        folder: exists; for data, configuration and logs; must not hold another cluster's.
        nodes: 1, or 3 with replication 3 and `min.insync.replicas=2`.
        java: the command that runs a broker, with the machine's own options.
        disks: a folder for the data of each broker, for tests that break disks.
    """

    def __init__(
        self,
        *,
        jars: Path,
        folder: Path,
        nodes: int = 1,
        java: Sequence[str] = JAVA,
        disks: Sequence[Path] = (),
    ) -> None:
        self._jars = jars
        self._java = java
        self._folder = folder
        self.ca_file = folder / "ca.pem"
        ports = iter(_free_ports(5 * nodes))
        homes = [folder / f"node-{n}" for n in range(1, nodes + 1)]
        self._nodes = [
            _Node(
                number=number,
                port=next(ports),
                controller_port=next(ports),
                secure_port=next(ports),
                detour=Detour(next(ports), next(ports)),
                folder=home,
                data=disk / "data",
            )
            for number, (home, disk) in enumerate(zip(homes, disks or homes, strict=True), 1)
        ]

    def __enter__(self) -> Self:
        try:
            self._format()
            for node in range(len(self._nodes)):
                self.launch(node)
            self.wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def bootstrap_servers(self) -> str:
        """`host:port` of every broker, comma-separated."""
        return ",".join(f"127.0.0.1:{node.port}" for node in self._nodes)

    @property
    def secure_servers(self) -> str:
        """The same for TLS (trust `ca_file`) with SCRAM-SHA-512 or PLAIN (`USER`, `PASSWORD`)."""
        return ",".join(f"127.0.0.1:{node.secure_port}" for node in self._nodes)

    @property
    def detours(self) -> Sequence[Detour]:
        """One for each broker."""
        return [node.detour for node in self._nodes]

    @property
    def detour_servers(self) -> str:
        """`bootstrap_servers` for who must not come to a broker but by its detour."""
        return ",".join(f"127.0.0.1:{node.detour.told_port}" for node in self._nodes)

    @property
    def pids(self) -> list[int]:
        """Of the brokers that were launched."""
        return [node.process.pid for node in self._nodes if node.process is not None]

    def stored_bytes(self, node: int = 0) -> int:
        """What the records of all topics but Kafka's own take on disk."""
        data = self._nodes[node].data
        return sum(
            file.stat().st_size for file in data.glob("*/*.log") if file.parent.name[:2] != "__"
        )

    def launch(self, node: int = 0) -> None:
        """Start a broker on the data that it has; returns at once, `wait_ready` waits."""
        this = self._nodes[node]
        with this.log.open("wb") as log:
            # A broker must not outlive a test run that was killed.
            leash = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
            command = (
                *(*leash, *self._java, WITH_LOG),
                *("-cp", self._classpath, "kafka.Kafka", str(this.config)),
            )
            this.process = subprocess.Popen(command, stdout=log, stderr=log)  # noqa: S603 - our own words

    def kill(self, node: int = 0) -> None:
        """`kill -9`: no goodbye to the clients, no flush."""
        process = self._nodes[node].process
        if process is not None:
            process.kill()
            process.wait()

    def freeze(self, node: int = 0) -> None:
        """Stop a broker without closing its connections (SIGSTOP)."""
        self._signal(node, signal.SIGSTOP)

    def thaw(self, node: int = 0) -> None:
        """Let a frozen broker go on."""
        self._signal(node, signal.SIGCONT)

    def stop(self) -> None:
        """End every broker; the data stays until the folder goes."""
        for node in range(len(self._nodes)):
            self.kill(node)

    def wait_ready(self, seconds: float = START_SECONDS) -> None:
        """Wait until every launched broker serves.

        Raises:
            RuntimeError: one of them ended, or is not up in time; with the last lines of its log.
        """
        for _ in range(int(seconds / LOOK_SECONDS)):
            if self._all_serve():
                return
            time.sleep(LOOK_SECONDS)
        raise RuntimeError("Kafka is not up in time: " + _last_lines(self._nodes))

    async def ready(self, seconds: float = START_SECONDS) -> None:
        """`wait_ready` for an event loop whose clients go on with their heartbeats meanwhile."""
        for _ in range(int(seconds / LOOK_SECONDS)):
            if self._all_serve():
                return
            await asyncio.sleep(LOOK_SECONDS)
        raise RuntimeError("Kafka is not up in time: " + _last_lines(self._nodes))

    def segment(self, topic: str, partition: int, node: int = 0) -> Path:
        """The first log segment of a partition, for tests that damage it."""
        data = self._nodes[node].data
        return data / f"{topic}-{partition}" / "00000000000000000000.log"

    @property
    def _classpath(self) -> str:
        return f"{self._jars}/*"

    def _all_serve(self) -> bool:
        return all(_serves(node) for node in self._nodes)

    def _signal(self, node: int, number: signal.Signals) -> None:
        process = self._nodes[node].process
        if process is not None:
            process.send_signal(number)

    def _format(self) -> None:
        certify_loopback(self._folder)
        for node in self._nodes:
            node.folder.mkdir()
            properties = {**_properties(node, self._nodes), **_secure_properties(self._folder)}
            lines = "".join(f"{name}={value}\n" for name, value in properties.items())
            node.config.write_text(lines, encoding="utf-8")
        tool = (
            *JAVA,
            "-cp",
            self._classpath,
            "kafka.tools.StorageTool",
            "format",
            "-t",
            CLUSTER_ID,
        )
        user = f"SCRAM-SHA-512=[name={USER},password={PASSWORD}]"
        running = [
            subprocess.Popen(  # noqa: S603 - our own words
                (*tool, "-c", str(node.config), "--add-scram", user),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            for node in self._nodes
        ]
        for process in running:
            said, _ = process.communicate()
            if process.returncode:
                raise RuntimeError(f"Kafka cannot format its storage: {said.decode()[-500:]}")


def _properties(node: _Node, nodes: Sequence[_Node]) -> Mapping[str, object]:
    host = "127.0.0.1"
    clients = f"PLAINTEXT://{host}:{node.port},SECURE://{host}:{node.secure_port}"
    behind, told = node.detour.broker_port, node.detour.told_port
    replicas, in_sync = (3, 2) if len(nodes) > 1 else (1, 1)
    return {
        "process.roles": "broker,controller",
        "node.id": node.number,
        "controller.quorum.voters": ",".join(
            f"{n.number}@{host}:{n.controller_port}" for n in nodes
        ),
        "listeners": (
            f"{clients},DETOUR://{host}:{behind},CONTROLLER://{host}:{node.controller_port}"
        ),
        "advertised.listeners": f"{clients},DETOUR://{host}:{told}",
        "controller.listener.names": "CONTROLLER",
        "listener.security.protocol.map": (
            "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,DETOUR:PLAINTEXT,SECURE:SASL_SSL"
        ),
        "log.dirs": node.data,
        "auto.create.topics.enable": "false",
        "default.replication.factor": replicas,
        "min.insync.replicas": in_sync,
        "offsets.topic.num.partitions": 5,
        "offsets.topic.replication.factor": replicas,
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": replicas,
        "transaction.state.log.min.isr": in_sync,
        # Short, so that a test of a crash takes seconds.
        "group.initial.rebalance.delay.ms": 0,
        "group.min.session.timeout.ms": 1_000,
        "broker.session.timeout.ms": 3_000,
        "broker.heartbeat.interval.ms": 500,
    }


def _secure_properties(folder: Path) -> Mapping[str, object]:
    security = "org.apache.kafka.common.security"
    plain = f'{security}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    return {
        "listener.name.secure.ssl.keystore.type": "PEM",
        "listener.name.secure.ssl.keystore.location": folder / "server.pem",
        "listener.name.secure.sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "listener.name.secure.scram-sha-512.sasl.jaas.config": (
            f"{security}.scram.ScramLoginModule required;"
        ),
        "listener.name.secure.plain.sasl.jaas.config": plain,
    }


def _free_ports(count: int) -> list[int]:
    free: list[int] = []
    for port in random.SystemRandom().sample(PORTS, 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        free.append(port)
        if len(free) == count:
            return free
    raise KafkaUnavailable(f"no {count} free ports between {PORTS.start} and {PORTS.stop}")


def _serves(node: _Node) -> bool:
    if node.process is None:
        return True
    if node.process.poll() is not None:
        raise RuntimeError("Kafka ended: " + _last_lines([node]))
    return STARTED in node.log.read_bytes()


def _last_lines(nodes: Sequence[_Node]) -> str:
    return os.linesep.join(node.log.read_text(errors="replace")[-1_500:] for node in nodes)
