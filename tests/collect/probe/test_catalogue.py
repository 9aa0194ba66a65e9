"""The catalogue's metrics of probes, over real probes of a real server."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from collect.probe.test_http import answer
from jipyo.analysis.health import assess_catalogue
from jipyo.analysis.thresholds import State
from jipyo.catalogue import Catalogue, load
from jipyo.collect.loop import Loop
from jipyo.collect.probe import ProbeOptions, probe_target
from jipyo.model.clock import SystemClock
from jipyo.net.tls import TlsOptions
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store
from support.certificates import certificate
from support.http_server import serving

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.analysis.health import MetricHealth

KNOWN = load()
OF_REGISTRIES = "app.probe.domain"
PROBES = Catalogue(
    tuple(one for one in KNOWN.metrics if one.topic == "app.probe" and one.id != OF_REGISTRIES)
)


def watched(path: Path, *options: ProbeOptions) -> dict[str, MetricHealth]:
    """How the metrics of probes are after two rounds."""
    clock = SystemClock()
    with Store.open(path / "data", now_ms=clock.now_ms) as store:
        loop = Loop(store, clock=clock)
        targets = [probe_target(one) for one in options]
        loop.start(lambda: targets)
        time.sleep(1.2)
        health = assess_catalogue(Embedded(store, Engine()), PROBES, clock.now_ms())
        loop.stop()
    return {one.metric.id: one for one in health.metrics}


def test_probes_fill_the_metrics_of_the_catalogue(tmp_path: Path) -> None:
    made = certificate(tmp_path)
    with serving(answer(), made.wrap) as server:
        url = server.url.replace("http:", "https:").replace("127.0.0.1", "localhost")
        tls = TlsOptions(ca_file=made.file)
        found = watched(tmp_path, ProbeOptions(url=url, interval_ms=500, tls=tls))
    assert {one.exporter for one in found.values()} == {"blackbox_exporter"}
    assert found["app.probe.success"].value == 100
    assert found["app.probe.status"].value == 200
    assert 0 < (found["app.probe.time"].value or 0) < 1
    days = (made.until_s - time.time()) / 86_400
    assert found["app.probe.certificate"].value == pytest.approx(days, abs=0.01)
    assert {one.state for one in found.values()} == {State.OK}


def test_of_several_probes_the_one_that_fails_is_shown(tmp_path: Path) -> None:
    with serving(answer()) as good, serving(answer(503)) as bad:
        found = watched(
            tmp_path,
            ProbeOptions(url=good.url, instance="good", interval_ms=500),
            ProbeOptions(url=bad.url, instance="bad", interval_ms=500),
        )
    success = found["app.probe.success"]
    assert (success.value, success.worst and success.worst.get("instance")) == (0, "bad")
    assert found["app.probe.status"].value == 503
    assert found["app.probe.certificate"].is_absent
