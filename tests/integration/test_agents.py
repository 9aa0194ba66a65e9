"""Three agents, a partition and kills on both sides: every sample arrives, and once.

What an agent has acknowledged is read from its own queue, where a second destination that
never answers keeps everything.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest
import urllib3

from jipyo.model.sample import is_stale
from jipyo.send.queue import Queue
from support.namespaces import Namespace, namespaces
from support.services import binary, free_port
from support.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

Samples = dict[tuple[tuple[str, str], ...], list[tuple[int, str]]]
LIMIT = 1 << 30
RESTARTS = 5


@dataclass
class Program:
    """A process that may be killed and started again."""

    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env=self.environ)

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(60)
        self.process = None


@dataclass
class Receiver:
    """A server that receives remote write on all addresses of this machine."""

    name: str
    program: Program
    port: int
    keeps_what_it_confirms: bool = True
    """Whether kill -9 costs it nothing that it has confirmed."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.program.start()
        with contextlib.suppress(AssertionError):
            wait_until(self.answers, 60)
        assert self.answers(), self.program.log.read_text(errors="replace")[-2000:]

    def answers(self) -> bool:
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            answer = urllib3.request("GET", f"{self.url}/api/v1/labels", retries=False, timeout=5)
            return answer.status == 200
        return False

    def kill(self) -> None:
        number = signal.SIGKILL if self.keeps_what_it_confirms else signal.SIGTERM
        self.program.end(number)

    def samples(self) -> Samples:
        """Everything that the agents sent."""
        with contextlib.suppress(urllib3.exceptions.HTTPError):
            urllib3.request("GET", f"{self.url}/internal/force_flush", retries=False, timeout=30)
        query = '{site="agents"}[1h]'
        answer = urllib3.request(
            "GET", f"{self.url}/api/v1/query", fields={"query": query}, retries=False, timeout=60
        )
        assert answer.status == 200, answer.data
        return {
            tuple(sorted(row["metric"].items())): [
                (round(moment * 1000), repr(float(value))) for moment, value in row["values"]
            ]
            for row in orjson.loads(answer.data)["data"]["result"]
        }

    def samples_with_all(self, wanted: Samples) -> Samples:
        """The same, once it shows as many as these; what it shows after a while in any case.

        VictoriaMetrics shows samples some time after it has confirmed them.
        """
        end = time.monotonic() + 30
        while True:
            found = self.samples()
            missing = [
                key
                for key, given in wanted.items()
                if len(found.get(key, ())) < sum(value != "nan" for _, value in given)
            ]
            if not missing or time.monotonic() > end:
                return found
            time.sleep(0.5)


def build_receiver(name: str, folder: Path) -> Receiver:
    port = free_port()
    address = f"0.0.0.0:{port}"
    log = folder / "receiver.log"
    if name == "jipyo":
        config = folder / "receiver.yaml"
        config.write_text("collect: {host: false, process: false, gpu: false}\n")
        command = [sys.executable, "-m", "jipyo", "up", "--config", str(config), "--insecure"]
        command += ["--data", str(folder / "store"), "--listen", address]
        return Receiver(name, Program(command, log), port)
    if name == "prometheus":
        (folder / "p.yml").write_text("global: {}\n")
        command = [
            binary(name),
            f"--config.file={folder}/p.yml",
            "--web.enable-remote-write-receiver",
        ]
        command += [f"--storage.tsdb.path={folder}/p", f"--web.listen-address={address}"]
        return Receiver(name, Program(command, log), port)
    command = [binary(name), f"-storageDataPath={folder}/v", f"-httpListenAddr={address}"]
    # VictoriaMetrics has no journal, and keeps a sample that comes twice twice.
    command += ["-dedup.minScrapeInterval=1ms", "-search.latencyOffset=0s"]
    return Receiver(name, Program(command, log), port, keeps_what_it_confirms=False)


@dataclass
class Agent:
    """`jipyo agent` on a machine of its own."""

    place: Namespace
    data: Path
    program: Program

    def acknowledged(self) -> Samples:
        """What the queue has ever been given, without the ends of series."""
        queue = Queue(self.data / "remote_write")
        cursor = queue.set_destinations({"server": LIMIT, "archive": LIMIT})["archive"]
        found: Samples = {}
        while (batch := cursor.read(10_000)) is not None:
            for scrape in batch.scrapes:
                stale = is_stale(scrape.values)
                for labels, value, ends in zip(scrape.series, scrape.values, stale, strict=True):
                    if not ends:
                        key = labels.put({"site": "agents"}).pairs
                        found.setdefault(key, []).append((scrape.t_ms, repr(float(value))))
        assert cursor.damaged_samples == cursor.dropped_samples == 0
        queue.close()
        return found

    def pending(self) -> int:
        """What the server has not confirmed; the agent must be down."""
        queue = Queue(self.data / "remote_write")
        cursors = queue.set_destinations({"server": LIMIT, "archive": LIMIT})
        pending = cursors["server"].pending_samples
        queue.close()
        return pending


def build_agent(place: Namespace, folder: Path, port: int, protocol: str) -> Agent:
    config = folder / f"{place.name}.yaml"
    labels = "send_interval: 200ms, max_backoff: 1s, timeout: 3s, external_labels: {site: agents}"
    config.write_text(
        f"instance: {place.name}\n"
        "collect: {interval: 1s, process: false, gpu: false}\n"
        "remote_write:\n"
        f"- {{url: 'http://{place.host}:{port}/api/v1/write', name: server, {labels}, "
        f"protocol: {protocol}}}\n"
        "- {url: 'http://127.0.0.1:1/', name: archive}\n"
    )
    data = folder / place.name
    command = [*place.prefix, sys.executable, "-m", "jipyo", "agent", "--config", str(config)]
    return Agent(
        place, data, Program([*command, "--data", str(data)], folder / f"{place.name}.log")
    )


@contextlib.contextmanager
def site(name: str, folder: Path, protocol: str) -> Iterator[tuple[Receiver, list[Agent]]]:
    with namespaces(3) as places:
        receiver = build_receiver(name, folder)
        agents = [build_agent(place, folder, receiver.port, protocol) for place in places]
        try:
            receiver.start()
            for agent in agents:
                agent.program.start()
            yield receiver, agents
        finally:
            for program in (receiver.program, *(agent.program for agent in agents)):
                program.end()


@pytest.mark.parametrize(
    ("name", "protocol"),
    [
        ("jipyo", "auto"),
        ("prometheus", "auto"),
        ("prometheus", "1.0"),
        ("victoria-metrics", "auto"),
    ],
)
def test_every_sample_arrives_once_whatever_is_cut_or_killed(
    tmp_path: Path, name: str, protocol: str
) -> None:
    with site(name, tmp_path, protocol) as (receiver, agents):
        one, two, three = agents
        time.sleep(5)
        one.place.cut()
        two.place.cut()
        time.sleep(3)
        three.program.end()  # kill -9 of an agent that is connected
        time.sleep(1)
        three.program.start()
        one.program.end()  # and of one that is not
        time.sleep(1)
        one.program.start()
        time.sleep(4)
        receiver.kill()
        time.sleep(3)
        one.place.heal()
        receiver.start()
        time.sleep(1)
        receiver.kill()  # while two agents catch up
        time.sleep(1)
        receiver.start()
        two.place.heal()
        time.sleep(1.2)
        two.program.end()  # while it catches up
        two.program.start()
        time.sleep(6)
        for agent in agents:
            agent.program.end(signal.SIGTERM)
        for agent in agents:
            for _ in range(RESTARTS):  # it could not finish within the time of a stop
                if agent.pending():
                    agent.program.start()
                    time.sleep(8)
                    agent.program.end(signal.SIGTERM)
            assert agent.pending() == 0
        wanted: Samples = {}
        for agent in agents:
            wanted |= agent.acknowledged()
        found = receiver.samples_with_all(wanted)
    for program in (receiver.program, *(agent.program for agent in agents)):
        print(f"{program.log.name}:\n{program.log.read_text(errors='replace')[-4000:]}")
    check = check_close if name == "victoria-metrics" else check_equal
    check(found, wanted)
    samples = sum(map(len, wanted.values()))
    print(f"{name} {protocol}: {samples:,} samples of {len(wanted):,} series, none lost or doubled")


def check_equal(found: Samples, wanted: Samples) -> None:
    assert set(found) == set(wanted)
    for key, samples in wanted.items():
        assert len({t_ms for t_ms, _ in samples}) == len(samples), "the queue has it twice"
        lost = set(samples) - set(found[key])
        assert not lost, (
            f"{len(lost)} of {len(samples)} samples are lost: {key}: {sorted(lost)[:3]}"
        )
        assert sorted(found[key]) == sorted(samples), f"doubled: {key}"
    assert np.mean([len(samples) for samples in wanted.values()]) > 5


def check_close(found: Samples, wanted: Samples) -> None:
    """As VictoriaMetrics has them: rounded decimal numbers, and the end of a series as a NaN."""
    assert set(found) == set(wanted)
    for key, samples in wanted.items():
        there = sorted(one for one in found[key] if one[1] != "nan")
        given = sorted(one for one in samples if one[1] != "nan")
        assert [t_ms for t_ms, _ in there] == [t_ms for t_ms, _ in given], key
        actual, desired = ([float(value) for _, value in one] for one in (there, given))
        np.testing.assert_allclose(actual, desired, rtol=1e-6, err_msg=str(key))
