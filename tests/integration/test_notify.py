"""Messages reach real receivers, whatever happens to them or to us on the way."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import urllib3

from jipyo.alerts.notify.message import MessageKind
from jipyo.alerts.notify.outbox import STEPS, add_notification, count_waiting
from jipyo.alerts.store import AlertStore
from jipyo.analysis.thresholds import Severity
from support import outbox_child
from support.message_receiver import WebhookServer, mail_server, webhook_server
from support.notifications import HOT, SLOW, notification, resolved
from support.services import binary, free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

INCIDENTS = 8
MINUTE_MS = 60_000


def wait_until(is_true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "it did not come in time"
        time.sleep(0.05)


@contextlib.contextmanager
def child(folder: Path, *channels: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, outbox_child.__file__, str(folder), *channels]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"running\n"
            yield process
        finally:
            process.send_signal(signal.SIGKILL)


def add(store: AlertStore, channel: str, *facts: Any) -> None:
    with store.transaction() as db:
        for each in facts:
            add_notification(db, channel, each, 0)


def waiting(store: AlertStore, *channels: str) -> int:
    with store.reading() as db:
        return sum(count_waiting(db, channel) for channel in channels)


def test_killed_again_and_again_nothing_is_lost_doubled_or_out_of_order(tmp_path: Path) -> None:
    """The receivers fail, hang and go away while the sender is killed at random moments."""
    choose = random.Random(7)
    store = AlertStore.open(tmp_path, STEPS)
    port = free_port()
    posts: list[tuple[str, list[str]]] = []
    with mail_server() as mail:
        channels = (
            f"hook=webhook=http://127.0.0.1:{port}/",
            f"mail=mail=smtp://127.0.0.1:{mail.port}/?from=jipyo@example.com&to=ops@example.com",
        )
        added = []
        for number in range(INCIDENTS):
            facts = [
                notification(f"{number}/opened", incident=number),
                resolved(f"{number}/resolved", incident=number),
            ]
            for channel in ("hook", "mail"):
                add(store, channel, *facts)
            added += [each.key for each in facts]
            with contextlib.ExitStack() as stack:
                server = None
                if choose.random() < 0.7:
                    server = stack.enter_context(webhook_server(port))
                    server.status = choose.choice([200, 200, 500, 429, 404])
                    if choose.random() < 0.2:
                        server.hold.clear()
                stack.enter_context(child(tmp_path, *channels))
                time.sleep(choose.uniform(0, 0.6))
            posts += [] if server is None else read_posts(server)
        with webhook_server(port) as server, child(tmp_path, *channels):
            wait_until(lambda: waiting(store, "hook", "mail") == 0)
        posts += read_posts(server)
        subjects = {mail["Message-ID"]: mail["Subject"] for mail in mail.mails}
    store.close()
    # What was sent when it was killed comes again, under the key that it had before.
    first = dict(reversed(posts))
    assert [key for keys in first.values() for key in keys] != []
    delivered = list(dict.fromkeys(key for _, keys in posts for key in keys))
    assert delivered == added
    assert sorted(key for keys in first.values() for key in keys) == sorted(added)
    together = "".join(subjects.values())
    assert together
    assert len(mail.mails) - len(subjects) <= INCIDENTS, "at most one again for each kill"


def read_posts(server: WebhookServer) -> list[tuple[str, list[str]]]:
    """The key of each POST, and what was in it in the order of the outbox."""
    found = []
    for headers, body in server.posts:
        incidents = json.loads(body)["incidents"]
        keys = [f"{one['number']}/{one['kind']}" for one in incidents]
        found.append((headers["Idempotency-Key"], keys))
    return found


# --- Alertmanager

CONFIG = """
route:
  receiver: hook
  group_by: [instance]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: hook
    webhook_configs: [{url: "http://127.0.0.1:%d/am", send_resolved: true}]
"""


@contextlib.contextmanager
def alertmanager(folder: Path, port: int, hook: int) -> Iterator[str]:
    folder.mkdir(exist_ok=True)
    config = folder / "alertmanager.yml"
    config.write_text(CONFIG % hook)
    url = f"http://127.0.0.1:{port}"
    command = [
        binary("prometheus-alertmanager", "alertmanager"),
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    with running(command, f"{url}/-/ready", folder / "log"):
        yield url


def ask(url: str) -> dict[str, dict[str, Any]]:
    """The alerts that an Alertmanager knows as active, by name and severity."""
    answer = urllib3.request("GET", f"{url}/api/v2/alerts?active=true", retries=False, timeout=10)
    alerts = json.loads(answer.data)
    return {f"{one['labels']['alertname']} {one['labels']['severity']}": one for one in alerts}


def test_a_real_alertmanager_groups_what_goes_on_and_resolves_what_is_over(tmp_path: Path) -> None:
    hot, slow = "system.gpu.temperature critical", "ai.inference.time warning"
    now_ms = int(time.time() * 1000)
    alerts = tuple(replace(one, started_ms=now_ms - 2 * MINUTE_MS) for one in (HOT, SLOW))
    times: dict[str, Any] = {"t_ms": now_ms, "began_ms": now_ms - 2 * MINUTE_MS, "alerts": alerts}
    store, port = AlertStore.open(tmp_path / "ours", STEPS), free_port()
    channel = f"am=alertmanager=http://127.0.0.1:{port}"
    with webhook_server() as hook:
        add(store, "am", notification(**times))
        with child(tmp_path / "ours", channel):
            time.sleep(1)  # there is no Alertmanager yet
            with alertmanager(tmp_path / "am1", port, hook.port) as url:
                wait_until(lambda: set(ask(url)) == {hot, slow})
                wait_until(lambda: len(hook.bodies) >= 1)
                ends = ask(url)[hot]["endsAt"]
            assert ends > time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() + 120))
            warning = replace(alerts[0], severity=Severity.WARNING)
            changed = {**times, "alerts": (warning,), "kind": MessageKind.CHANGED}
            add(store, "am", notification("12/less", **changed))
            # One that has lost all it knew gets what goes on, and not what has ended.
            with alertmanager(tmp_path / "am2", port, hook.port) as url:
                wait_until(lambda: set(ask(url)) == {"system.gpu.temperature warning"})
                ended_ms = int(time.time() * 1000)
                over = {**times, "alerts": (warning,), "t_ms": ended_ms, "ended_ms": ended_ms}
                add(store, "am", resolved("12/resolved", **over))
                wait_until(lambda: ask(url) == {})
                wait_until(lambda: hook.bodies[-1]["status"] == "resolved")
    groups = {json.dumps(body["groupLabels"]) for body in hook.bodies}
    assert '{"instance": "gpu-1"}' in groups
    assert waiting(store, "am") == 0
    store.close()
