"""Real senders of log records lose nothing, though the process that stores is killed meanwhile."""

import contextlib
import logging
import os
import signal
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch, helpers
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

from jipyo.logs.store.reader import StoreReader
from support.log_site import find_child
from support.product import Product, up
from support.services import binary, free_port, missing
from support.waiting import wait_until

pytestmark = pytest.mark.integration
MESSAGES = 3000


class Site:
    """A running jipyo with these keys of `logs:`."""

    def __init__(self, product: Product) -> None:
        self.product = product
        self.url, self.port = product.url, product.port

    def kill(self) -> None:
        """Kill the process that stores, once it runs, and wait until another one does."""
        wait_until(lambda: find_child(self.product) is not None)
        child = find_child(self.product)
        assert child is not None
        os.kill(child, signal.SIGKILL)
        wait_until(lambda: find_child(self.product) not in (None, child), 30)

    def read(self) -> Counter[tuple[str, str]]:
        """Records by service and message."""
        reader = StoreReader(self.product.data / "logs")
        found: Counter[tuple[str, str]] = Counter()
        for block in reader.snapshot().blocks if reader.folder.is_dir() else ():
            batch, _ = reader.read_block(block)
            found.update((batch.service, message.decode()) for message in batch.messages or ())
        return found

    def wait(self, service: str, texts: set[str], seconds: float = 60) -> Counter[str]:
        def find() -> Counter[str]:
            found = Counter[str]()
            for (name, text), n in self.read().items():
                found[text.strip()] += n if name == service else 0
            return found

        with contextlib.suppress(AssertionError):
            wait_until(lambda: texts <= find().keys(), seconds)
        found = find()
        lost = texts - found.keys()
        assert not lost, (len(lost), sorted(lost)[:5])
        return found


@contextlib.contextmanager
def serving(folder: Path, logs: str = "{}") -> Iterator[Site]:
    file = folder / "jipyo.yaml"
    file.write_text(f"collect: {{interval: 1s, process: false, gpu: false}}\nlogs: {logs}\n")
    with up(folder / "data", "--config", str(file)) as product:
        yield Site(product)
        assert product.stop() == 0


@contextlib.contextmanager
def running(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(command)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def send_lines(port: int, name: str) -> set[str]:
    """Send datagrams of syslog to a local sender, over some seconds."""
    texts = {f"{name} {n}" for n in range(MESSAGES)}
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        for n, text in enumerate(sorted(texts)):
            connection.sendall(f"<14>Nov 27 10:00:00 web1 shop[7]: {text}\n".encode())
            if n % 100 == 0:
                time.sleep(0.1)
    return texts


def wait_for_port(port: int) -> None:
    def connects() -> bool:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        return False

    wait_until(connects, 30)


RSYSLOG = """
global(workDirectory="{folder}")
module(load="imtcp")
module(load="omelasticsearch")
template(name="doc" type="list" option.jsonf="on") {{
  property(outname="message" name="msg" format="jsonf")
  property(outname="service.name" name="programname" format="jsonf")
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
}}
input(type="imtcp" port="{port}")
action(type="omelasticsearch" server="127.0.0.1" serverport="{http}" template="doc"
       searchIndex="shop" searchType="" bulkmode="on" queue.type="linkedlist"
       queue.dequeuebatchsize="200" action.resumeretrycount="-1" action.resumeinterval="1")
"""


def test_rsyslog_delivers_by_bulk_requests_through_a_kill(tmp_path: Path) -> None:
    rsyslogd, port = binary("rsyslogd"), free_port()
    configuration = tmp_path / "rsyslog.conf"
    command = [rsyslogd, "-n", "-f", str(configuration), "-i", str(tmp_path / "pid")]
    with serving(tmp_path) as site:
        configuration.write_text(RSYSLOG.format(folder=tmp_path, port=port, http=site.port))
        with running(command):
            wait_for_port(port)
            texts = send_lines(port, "rsyslog bulk")
            site.kill()
            texts |= send_lines(port, "rsyslog more")
            site.wait("shop", texts)


RSYSLOG_FORWARD = """
global(workDirectory="{folder}")
module(load="imtcp")
input(type="imtcp" port="{port}")
action(type="omfwd" target="127.0.0.1" port="{syslog}" protocol="tcp" tcp_framing="octet-counted"
       template="RSYSLOG_SyslogProtocol23Format")
"""


def test_rsyslog_forwards_by_tcp(tmp_path: Path) -> None:
    rsyslogd, port, syslog = binary("rsyslogd"), free_port(), free_port()
    configuration = tmp_path / "rsyslog.conf"
    configuration.write_text(RSYSLOG_FORWARD.format(folder=tmp_path, port=port, syslog=syslog))
    command = [rsyslogd, "-n", "-f", str(configuration), "-i", str(tmp_path / "pid")]
    listen = f'{{syslog: {{tcp: "127.0.0.1:{syslog}"}}}}'
    with serving(tmp_path, listen) as site:
        wait_for_port(syslog)
        with running(command):
            wait_for_port(port)
            found = site.wait("shop", send_lines(port, "forwarded"))
            assert set(found.values()) == {1}


SYSLOG_NG = """@version: 3.38
source s {{ network(ip("127.0.0.1") port({port}) transport("tcp")); }};
destination bulk {{
  http(url("http://127.0.0.1:{http}/_bulk") method("POST") batch-lines(100) batch-timeout(200)
    headers("Content-Type: application/x-ndjson") body-suffix("\\n") delimiter("\\n") time-reopen(1)
    retries(1000) body('{{"index":{{"_index":"shop"}}}}
$(format-json message=$MESSAGE service.name=$PROGRAM)'));
}};
destination tcp {{ syslog("127.0.0.1" port({syslog}) transport("tcp") time-reopen(1)); }};
log {{ source(s); destination({destination}); }};
"""


@pytest.mark.parametrize("destination", ["bulk", "tcp"])
def test_syslog_ng_delivers(tmp_path: Path, destination: str) -> None:
    program, port, syslog = binary("syslog-ng"), free_port(), free_port()
    configuration = tmp_path / "syslog-ng.conf"
    command = [program, "-F", "--no-caps", "-f", str(configuration)]
    command += [f"--{name}={tmp_path}/{name}" for name in ("persist-file", "pidfile", "control")]
    with serving(tmp_path, f'{{syslog: {{tcp: "127.0.0.1:{syslog}"}}}}') as site:
        configuration.write_text(
            SYSLOG_NG.format(port=port, http=site.port, syslog=syslog, destination=destination)
        )
        wait_for_port(syslog)
        with running(command):
            wait_for_port(port)
            texts = send_lines(port, "syslog-ng")
            if destination == "bulk":  # plain TCP has no acknowledgement that a kill could not lose
                site.kill()
                texts |= send_lines(port, "syslog-ng more")
            site.wait("shop", texts)


@pytest.mark.filterwarnings("ignore:.LoggingHandler")
def test_the_sdk_of_opentelemetry_delivers_through_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        provider = LoggerProvider(Resource.create({"service.name": "shop"}))
        exporter = OTLPLogExporter(endpoint=f"{site.url}/v1/logs", timeout=60)
        provider.add_log_record_processor(
            BatchLogRecordProcessor(exporter, schedule_delay_millis=100)
        )
        logger = logging.getLogger("shop.pay")
        logger.addHandler(LoggingHandler(logger_provider=provider))
        texts = {f"record {n}" for n in range(1000)}
        for n, text in enumerate(sorted(texts)):
            logger.warning("%s", text)
            if n == 500:
                site.kill()
        provider.force_flush()
        provider.shutdown()
        site.wait("shop", texts)


def test_the_bulk_helper_of_the_official_client_delivers(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        client = Elasticsearch(site.url)
        assert client.info()["version"]["number"]
        texts = {f"document {n}" for n in range(MESSAGES)}
        actions = [
            {"_index": "shop-2026.11.27", "_op_type": op, "message": text, "level": "info"}
            for op, text in zip(("index", "create") * MESSAGES, sorted(texts), strict=False)
        ]
        assert helpers.bulk(client, actions, chunk_size=500) == (MESSAGES, [])
        done, errors = helpers.bulk(
            client, [{"_op_type": "delete", "_index": "x", "_id": "1"}], raise_on_error=False
        )
        assert isinstance(errors, list)
        assert (done, len(errors)) == (0, 1)
        found = site.wait("shop", texts)
        assert set(found.values()) == {1}
        client.close()


def export_entry(n: int) -> bytes:
    fields = {
        "__REALTIME_TIMESTAMP": str(1_795_741_200_000_000 + n),
        "__MONOTONIC_TIMESTAMP": str(n + 1),
        "_BOOT_ID": "0" * 31 + "1",
        "MESSAGE": f"entry {n}",
        "PRIORITY": "6",
        "_SYSTEMD_UNIT": "shop.service",
    }
    return "".join(f"{name}={value}\n" for name, value in fields.items()).encode() + b"\n"


def test_a_real_journal_is_read_through_a_kill(tmp_path: Path) -> None:
    binary("journalctl")
    remote = Path("/lib/systemd/systemd-journal-remote")
    if not remote.exists():
        missing("systemd-journal-remote not found: run `make services`")
    (tmp_path / "journal").mkdir()

    def write(first: int, behind: int) -> None:
        entries = b"".join(export_entry(n) for n in range(first, behind))
        file = tmp_path / "journal" / f"{first:05d}.journal"
        command = [str(remote), "--output", str(file), "-"]
        subprocess.run(command, input=entries, check=True, timeout=60)

    write(0, 500)
    with serving(
        tmp_path, f'{{journald: {{arguments: ["--directory={tmp_path}/journal"]}}}}'
    ) as site:
        site.wait("shop", {f"entry {n}" for n in range(500)})
        site.kill()
        write(500, 1000)
        found = site.wait("shop", {f"entry {n}" for n in range(1000)})
        assert set(found.values()) == {1}
