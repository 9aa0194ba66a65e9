"""The whole `/api/jipyo` over a host whose CPU is 90 % busy for 50 minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo import catalogue
from jipyo.analysis.coverage import examine_catalogue
from jipyo.analysis.health import assess_catalogue
from jipyo.analysis.jobs import JobKind
from jipyo.analysis.target_history import TargetHistory
from jipyo.model.labels import Labels
from jipyo.model.sample import Scrape
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.source.inventory import take_inventory
from jipyo.tsdb import Store
from jipyo.web.api import (
    doctor,
    metric_figures,
    metric_index,
    metrics,
    openapi,
    overview,
    status,
    targets,
    threshold_trial,
)
from support.web import NOW_MS, SERVER, config_state, now_ms, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jipyo.analysis.target_history import UncollectedProgram
    from jipyo.catalogue import Catalogue
    from jipyo.collect.target import TargetStatus
    from jipyo.source.inventory import Inventory
    from jipyo.web.http.endpoint import Route
    from support.web import Client


def build_cpu_scrapes(
    shares: Sequence[tuple[int, float]], instance: str = SERVER.instance
) -> Iterator[Scrape]:
    """Counters of a CPU that is busy to these shares, each from a time on until the next."""
    name = "node_cpu_seconds_total"
    labels = {"__name__": name, "instance": instance, "job": "node", "cpu": "0"}
    series = tuple(Labels.of({**labels, "mode": mode}) for mode in ("idle", "user"))
    seconds = np.zeros(2)
    ends = [*(start for start, _ in shares[1:]), NOW_MS]
    for (start, share), end in zip(shares, ends, strict=True):
        for t_ms in range(start, end, 15_000):
            yield Scrape(t_ms, series, seconds.copy())
            seconds += np.array([1 - share, share]) * 15


def build_target_desk(
    statuses: Sequence[TargetStatus] = (),
    history: TargetHistory | None = None,
    uncollected: Sequence[UncollectedProgram] = (),
    incidents: Mapping[tuple[str, str], int] | None = None,
) -> targets.TargetDesk:
    """What the endpoint of targets answers from; the job `node` is of this host."""
    return targets.TargetDesk(
        list_targets=lambda: statuses,
        find_kind=lambda job: JobKind.HOST if job == "node" else JobKind.SCRAPE,
        read_history=lambda: history or TargetHistory(NOW_MS, {}, None),
        find_uncollected=lambda: uncollected,
        find_incidents=lambda: incidents or {},
    )


def api_routes(source: Embedded, known: Catalogue) -> list[Route]:
    """Every route of `/api/jipyo` over a source, nothing cached."""

    def take() -> Inventory:
        return take_inventory(source, NOW_MS)

    return [
        *metric_index.routes(
            SERVER,
            known,
            lambda: assess_catalogue(source, known, NOW_MS),
            lambda: metric_index.read_day_lines(source, known, take(), NOW_MS),
        ),
        *metric_figures.routes(source, known, take, now_ms, SERVER.zone, "ko"),
        *threshold_trial.routes(known, threshold_trial.TrialShelf(source, None, now_ms), "ko"),
        *overview.routes(
            SERVER,
            known,
            lambda: assess_catalogue(source, known, NOW_MS),
            tuple,
            lambda: None,
            config_state,
        ),
        *metrics.routes(source, known, take, now_ms, "ko"),
        *doctor.routes(known, lambda: (NOW_MS, examine_catalogue(source, known, NOW_MS)), "ko"),
        *targets.routes(build_target_desk(), "ko"),
        *status.routes(
            SERVER,
            lambda: assess_catalogue(source, known, NOW_MS),
            lambda: True,
            lambda: None,
            config_state,
            tuple,
        ),
        *openapi.routes("0.1.0", "ko"),
    ]


@pytest.fixture(scope="session")
def known() -> Catalogue:
    return catalogue.load()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    with Store.open(tmp_path_factory.mktemp("api") / "data", now_ms=now_ms) as store:
        store.append([*build_cpu_scrapes([(NOW_MS - 3_000_000, 0.9)])])
        yield Embedded(store, Engine())


@pytest.fixture(scope="module")
def client(source: Embedded, known: Catalogue) -> Iterator[Client]:
    with serving(*api_routes(source, known)) as client:
        yield client


@pytest.fixture(scope="module")
def document(client: Client) -> Mapping[str, object]:
    read: Mapping[str, object] = client.get("/api/jipyo/openapi.json").json
    return read
