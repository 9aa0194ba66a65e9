"""jipyo over a real Prometheus behind a path that fails: every reader learns what is missing."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from integration.test_several_sources import build_host
from support.certificates import expired
from support.clock import find_recent_day
from support.fault_proxy import Fault, FaultProxy, proxy_with_faults
from support.metric_servers import built, prometheus
from support.product import jipyo, up
from support.waiting import read_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.metric_servers import MetricServer
    from support.product import Product

pytestmark = pytest.mark.integration

TIMEOUT_S = 3
NOTICED_S = 20.0
BACK_S = 30.0
REPORT_S = 60.0
MOST = timedelta(minutes=45)
LASTING = [fault for fault in Fault if fault not in (Fault.NONE, Fault.LATENCY)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MetricServer]:
    config = "{storage: {tsdb: {out_of_order_time_window: 1h}}}"
    with prometheus(tmp_path_factory.mktemp("server"), built("prometheus"), config) as made:
        made.load(build_host("prod-1:9100", 0.2))
        yield made


@pytest.fixture
def upstream(server: MetricServer) -> str:
    """Its address, with samples until now: all tests together take longer than the lookback."""
    server.load(build_host("prod-1:9100", 0.2, minutes=1))
    return server.url


@pytest.fixture(scope="module")
def proxy(server: MetricServer) -> Iterator[FaultProxy]:
    with proxy_with_faults(server.url) as made:
        yield made


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory, proxy: FaultProxy) -> Iterator[Product]:
    folder = tmp_path_factory.mktemp("product")
    write_config(folder, proxy.url)
    with up(folder / "data", "--config", str(folder / "jipyo.yaml")) as running:
        yield running


def write_config(folder: Path, url: str) -> None:
    """Only the server has hosts: no other source has what it does not answer."""
    (folder / "jipyo.yaml").write_text(
        f"""
language: en
collect: {{interval: 1s, host: off, process: off, gpu: off}}
sources:
  - {{url: "{url}", name: prod, timeout: {TIMEOUT_S}s, retries: 1}}
"""
    )


def read_disk(product: Product) -> tuple[dict[str, Any], dict[str, Any]]:
    """The verdict, and how the file system of the server's host is."""
    overview = product.get("/api/jipyo/overview")
    disk = next(m for m in overview["metrics"] if m["id"] == "system.disk.utilization")
    return overview["verdict"], disk


def wait_until_well(product: Product) -> None:
    read_until(
        lambda: read_disk(product),
        lambda found: not found[0]["missing"] and found[1]["state"] == "ok",
        BACK_S,
    )


def write_report(product: Product, folder: Path) -> str:
    """The report of the day of most samples, in English."""
    config = ["--config", str(product.data.parent / "jipyo.yaml"), "--data", str(product.data)]
    began = time.monotonic()
    done = jipyo("report", "daily", "--day", find_recent_day(MOST), *config, "--out", str(folder))
    assert done.code == 0, done.err
    assert time.monotonic() - began < REPORT_S
    (file,) = folder.glob("*.html")
    return file.read_text("utf-8")


@pytest.mark.usefixtures("upstream")
@pytest.mark.parametrize("fault", LASTING, ids=lambda fault: fault.value)
def test_a_lasting_fault_is_named_and_nothing_is_ok(
    product: Product, proxy: FaultProxy, fault: Fault, tmp_path: Path
) -> None:
    wait_until_well(product)
    proxy.fail(fault)
    try:
        verdict, disk = read_until(
            lambda: read_disk(product), lambda found: found[0]["missing"], NOTICED_S
        )
        assert {part["source"] for part in verdict["missing"]} == {"prod"}
        assert "?" not in verdict["text"]
        assert verdict["state"] == "unknown"
        assert (disk["state"], disk["incomplete"]) == ("unknown", True)
        page = write_report(product, tmp_path)
        assert "Incomplete" in page
        assert "prod" in page
    finally:
        proxy.fail(Fault.NONE)
    wait_until_well(product)


@pytest.mark.usefixtures("upstream")
def test_a_slow_path_changes_nothing_but_the_time(product: Product, proxy: FaultProxy) -> None:
    wait_until_well(product)
    proxy.fail(Fault.LATENCY)
    try:
        for _ in range(3):
            time.sleep(2)
            verdict, disk = read_disk(product)
            assert not verdict["missing"]
            assert disk["state"] == "ok"
    finally:
        proxy.fail(Fault.NONE)


def test_an_expired_certificate_is_named_in_verdict_and_doctor(
    upstream: str, tmp_path: Path
) -> None:
    certificate = expired(tmp_path)
    with proxy_with_faults(upstream, certificate.wrap) as proxy:
        write_config(tmp_path, proxy.url)
        config = ["--config", str(tmp_path / "jipyo.yaml"), "--data", str(tmp_path / "data")]
        with up(tmp_path / "data", *config[:2]) as product:
            verdict, disk = read_until(
                lambda: read_disk(product), lambda found: found[0]["missing"], NOTICED_S
            )
            assert (verdict["state"], disk["state"]) == ("unknown", "unknown")
            assert "certificate" in verdict["missing"][0]["text"]
            doctor = jipyo("doctor", *config)
            assert doctor.code == 1
            assert "certificate" in doctor.out
