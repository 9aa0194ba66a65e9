"""Real Elasticsearch and OpenSearch nodes on this machine, from the jars of `make services`."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3

from support.services import folder, free_port, missing, wait_http

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_HERE = Path(__file__).parent / "search"
VERSIONS = tuple(
    f"{product}-{version}"
    for product, version in (line.split() for line in (_HERE / "versions").read_text().splitlines())
)
"""`elasticsearch-7.17.29` and so on: what `make services` fetches."""
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d][%-5p][%c] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""
_PLUGIN = """\
name=transport-netty4
description=transport
version={version}
elasticsearch.version={version}
java.version=17
classname=org.elasticsearch.transport.netty4.Netty4Plugin
"""
_NODE = """\
cluster.name: jipyo
node.name: one
network.host: 127.0.0.1
http.port: {http}
transport.port: {transport}
discovery.type: single-node
cluster.routing.allocation.disk.threshold_enabled: false
"""


_BULK_LINES = 10_000


@dataclass(frozen=True)
class SearchServer:
    """A node that answers."""

    name: str
    url: str
    process: subprocess.Popen[bytes]

    def call(self, method: str, path: str, body: object = None, *, fails: bool = False) -> Any:
        """What an endpoint answers; an error of the server fails the test."""
        text = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        kind = "application/x-ndjson" if isinstance(body, bytes) else "application/json"
        answer = urllib3.request(
            method,
            self.url + path,
            body=text,
            headers={"Content-Type": kind},
            retries=False,
            timeout=120,
        )
        assert fails or answer.status < 300, f"{self.name} {method} {path}: {answer.data!r}"
        return json.loads(answer.data) if answer.data else None

    def load(self, index: str, documents: Iterable[str]) -> None:
        """Add documents (JSON) in their order, in parts that every server accepts; show them."""
        lines: list[str] = []
        for document in documents:
            lines += ['{"create":{}}', document]
            if len(lines) == _BULK_LINES:
                self._bulk(index, lines)
                lines = []
        if lines:
            self._bulk(index, lines)
        self.call("POST", f"/{index}/_refresh")

    def _bulk(self, index: str, lines: Sequence[str]) -> None:
        answer = self.call("POST", f"/{index}/_bulk", ("\n".join(lines) + "\n").encode())
        failed = [item for item in answer["items"] if item["create"]["status"] >= 300]
        assert not failed, failed[:3]


@contextlib.contextmanager
def search_server(
    name: str, work: Path, *, heap_mb: int = 400, cluster: tuple[str, int, str, str] | None = None
) -> Iterator[SearchServer]:
    """A node for the length of a `with`; `cluster`: name, transport port, seeds, managers."""
    product, _, version = name.partition("-")
    jars = folder() / "search" / name
    if not (jars / "done").exists():
        missing(f"{name} not found: run `make services` (needs mvn)")
    http = free_port()
    transport = cluster[1] if cluster else free_port()
    is_new = name.startswith(("elasticsearch-9", "opensearch-3"))
    java = find_java(21, 99) if is_new else find_java(17, 23)
    work.mkdir(parents=True, exist_ok=True)
    options = [f"-Xms{heap_mb}m", f"-Xmx{heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]
    if product == "opensearch":
        plugin = "Netty4Plugin" if version.startswith("2") else "Netty4ModulePlugin"
        arguments = ["-cp", f"{jars}/lib/*", f"{_HERE}/OpenSearch.java"]
        arguments += [f"org.opensearch.transport.{plugin}", str(work / "home")]
        arguments += [cluster[0] if cluster else "one", str(http), str(transport)]
        arguments += cluster[2:] if cluster else ()
    elif version.startswith("7"):
        arguments = ["-cp", f"{jars}/lib/*", f"{_HERE}/Elasticsearch7.java", str(work / "home")]
        arguments += [str(http), str(transport)]
    else:
        arguments = _prepare_modules(jars, work / "home", version, http, transport)
    url = f"http://127.0.0.1:{http}"
    with _running([java, *options, *arguments], work / "log", url) as process:
        yield SearchServer(name, url, process)


@contextlib.contextmanager
def search_cluster(name: str, work: Path) -> Iterator[tuple[SearchServer, SearchServer]]:
    """Two processes that are one cluster; the first is its manager."""
    ports = free_port(), free_port()
    seeds = ",".join(f"127.0.0.1:{port}" for port in ports)
    with contextlib.ExitStack() as stack:
        first, second = (
            stack.enter_context(
                search_server(name, work / node, cluster=(node, port, seeds, "first"))
            )
            for node, port in zip(("first", "second"), ports, strict=True)
        )
        first.call("GET", "/_cluster/health?wait_for_nodes=2&timeout=60s")
        yield first, second


def find_java(oldest: int, newest: int) -> str:
    """The first Java that fits, or the test is skipped."""
    homes = sorted(Path("/usr/lib/jvm").glob("*/bin/java"))
    own = Path(os.environ.get("JAVA_HOME", "/nowhere")) / "bin" / "java"
    for place in (own, *homes, Path(shutil.which("java") or "/nowhere")):
        if not place.exists():
            continue
        version = subprocess.run([place, "-version"], capture_output=True, text=True, check=True)
        text = version.stderr
        found = re.search(r'version "(\d+)', text)
        if found and oldest <= int(found[1]) <= newest:
            return str(place)
    missing(f"no Java from {oldest} to {newest}: set JAVA_HOME")
    raise AssertionError


def _prepare_modules(jars: Path, home: Path, version: str, http: int, transport: int) -> list[str]:
    """The folders of an Elasticsearch node whose transport is a module, and its arguments."""
    module = home / "modules" / "transport-netty4"
    for made in (module, home / "config", home / "plugins", home / "data", home / "logs"):
        made.mkdir(parents=True, exist_ok=True)
    library = home / "lib"
    library.mkdir(exist_ok=True)
    for jar in (jars / "lib").glob("*.jar"):
        of_module = jar.name.startswith(("netty-", "transport-netty4-"))
        place = (module if of_module else library) / jar.name
        if not place.exists():
            place.symlink_to(jar)
    (module / "plugin-descriptor.properties").write_text(_PLUGIN.format(version=version))
    (home / "config" / "log4j2.properties").write_text(_LOGGING)
    node = _NODE.format(http=http, transport=transport)
    (home / "config" / "elasticsearch.yml").write_text(node)
    modules = "--add-modules=jdk.net,jdk.management.agent,ALL-MODULE-PATH"
    return ["-p", str(library), modules, f"{_HERE}/Elasticsearch.java", str(home)]


@contextlib.contextmanager
def _running(command: list[str], log: Path, url: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        try:
            wait_http(f"{url}/_cluster/health", process, 120)
        except RuntimeError as error:
            tail = log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{error}\n{tail}") from error
        yield process
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
