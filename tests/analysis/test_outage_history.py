"""The outages of a window, from the samples of `up`, of probes and of exporters."""

from __future__ import annotations

import pytest

from jipyo.analysis.outage_history import PastOutage, find_past_outages, list_outcome_names
from jipyo.analysis.outages import Outage
from jipyo.analysis.window import Window
from jipyo.analysis.window_reader import WindowReader
from jipyo.catalogue import Catalogue, load
from jipyo.model.failure import FAILURES, FailureReason
from jipyo.model.labels import Labels
from jipyo.promql import Engine
from jipyo.source import Embedded
from support.memory import MemoryStore

START = 1_795_186_800_000
MINUTE = 60_000
WINDOW = Window(START, START + 10 * MINUTE)
BUILTIN = load()


def put(store: MemoryStore, name: str, outcomes: str, job: str = "node", **labels: str) -> None:
    """A sample a minute: `1` and `0` as they are, nothing where there is a dot."""
    series = Labels.of({"__name__": name, "job": job, "instance": "a", **labels})
    times = [START + at * MINUTE for at, one in enumerate(outcomes, 1) if one != "."]
    store.put(series, times, [float(one) for one in outcomes if one != "."])


def find(store: MemoryStore, catalogue: Catalogue = BUILTIN) -> tuple[PastOutage, ...]:
    return find_past_outages(WindowReader(Embedded(store, Engine()), WINDOW), catalogue)


@pytest.mark.parametrize(
    ("up", "outages"),  # first failed minute, first good one or the end, whether it goes on
    [
        ("1111111111", []),
        ("1101110111", []),  # one failed reading is no outage
        ("1100111111", [(3, 5, False)]),
        ("1001110001", [(2, 4, False), (7, 10, False)]),
        ("1111111100", [(9, 10, True)]),
        ("1100......", [(3, 5, False)]),  # no longer read: how it went on is not known
        ("0000000000", [(1, 10, True)]),
        ("..........", []),
    ],
)
def test_two_failed_readings_in_a_row_are_an_outage_to_the_next_good_one(
    up: str, outages: list[tuple[int, int, bool]]
) -> None:
    store = MemoryStore()
    put(store, "up", up)
    assert find(store) == tuple(
        PastOutage(Outage("node", "a", None), START + start * MINUTE, START + end * MINUTE, is_open)
        for start, end, is_open in outages
    )


@pytest.mark.parametrize("name", ["probe_success", "pg_up", "mysql_up", "redis_up", "nginx_up"])
def test_what_a_probe_or_an_exporter_cannot_reach_is_out_though_it_is_scraped(name: str) -> None:
    store = MemoryStore()
    put(store, "up", "1111111111")
    put(store, name, "1110001111")
    (outage,) = find(store)
    assert outage.target == Outage("node", "a", None)
    assert (outage.start_ms, outage.duration_ms) == (START + 4 * MINUTE, 3 * MINUTE)


def test_outages_are_in_order_of_time_each_with_the_reason_of_most_of_its_readings() -> None:
    store = MemoryStore()
    put(store, "up", "1000011001", job="redis")
    put(store, FAILURES, ".1........", job="redis", reason="timeout")
    put(store, FAILURES, "..123.....", job="redis", reason="tls")
    put(store, FAILURES, ".1111.....", job="redis", reason="unheard_of")
    put(store, "up", "1111111111", job="web")
    put(store, "probe_success", "1110011111", job="web")
    put(store, FAILURES, "...11.....", job="web", reason="http_status")
    found = [(one.target.job, one.target.reason) for one in find(store)]
    assert found == [
        ("redis", FailureReason.TLS),
        ("web", FailureReason.HTTP_STATUS),
        ("redis", None),
    ]


def test_the_catalogue_defines_which_series_show_outages() -> None:
    names = {"up", "probe_success", "pg_up", "mysql_up", "redis_up", "nginx_up"}
    assert list_outcome_names(BUILTIN) == names
    store = MemoryStore()
    put(store, "up", "0000000000")
    assert find(store, Catalogue(())) == ()
