"""The objectives in the server: every minute as series, the same after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.analysis.slo.options import SloOptions, build_objectives
from jipyo.app.slo import SETTLED_MS, SloBook, SloLoop
from jipyo.catalogue import load
from jipyo.config.load import load as load_config
from jipyo.config.overrides import CliOverrides
from jipyo.model.errors import SourceError
from jipyo.promql import Engine
from jipyo.source import Embedded
from jipyo.tsdb import Store
from support.answers import vector_of
from support.clock import FakeClock
from support.levels import MINUTE_MS, NOW_MS, list_scrapes
from support.sources import FAILURE, FailingServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jipyo.source import Source

BURN = "app.error_budget.burn_1h"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "store", now_ms=lambda: NOW_MS) as store:
        store.append(list(list_scrapes()))
        yield store


def run_loop(store: Store, clock: FakeClock, minutes: int, source: Source | None = None) -> SloBook:
    """A loop that runs for so long."""
    config = load_config(CliOverrides(), {"TZ": "Asia/Seoul"}, "en")
    loop = SloLoop(store, clock, SloBook())
    loop.apply(config, source or Embedded(store, Engine()), build_objectives(SloOptions(), load()))
    loop.start()
    clock.advance(minutes * MINUTE_MS)
    loop.stop()
    return loop.book


def ask(store: Store, expr: str, t_ms: int) -> dict[str, float]:
    answer = vector_of(Embedded(store, Engine()).instant(expr, t_ms))
    keys = (f"{one.get('slo', '')} {one.get('job', '')}" for one in answer.series)
    return dict(zip(keys, answer.values.tolist(), strict=True))


def test_every_minute_the_figures_are_series_at_that_minute(store: Store) -> None:
    book = run_loop(store, FakeClock(NOW_MS), 3)
    results = book.list_all()
    assert results is not None
    left = {"app-response-time api": 0.6, "app-error-rate api": 0.5}
    remaining = ask(store, "jipyo_slo_error_budget_remaining", NOW_MS)
    assert remaining == pytest.approx(left, abs=0.01)
    count = ask(store, "count_over_time(jipyo_slo_error_budget_remaining[1h])", NOW_MS + 5 * 60_000)
    assert set(count.values()) == {3.0}
    burn = ask(store, 'jipyo_slo_burn_rate{window="6h",slo="app-response-time"}', NOW_MS)
    assert burn == pytest.approx({"app-response-time api": 0.4})
    assert ask(store, "jipyo_slo_objective", NOW_MS)["app-error-rate api"] == 0.999


def test_after_a_restart_the_same_samples_give_the_same_figures(store: Store) -> None:
    clock = FakeClock(NOW_MS)
    run_loop(store, clock, 2)
    again = run_loop(store, clock, 2).list_all()
    fresh = run_loop(store, FakeClock(clock.now_ms() - MINUTE_MS), 1).list_all()
    assert again == fresh


def test_both_windows_of_a_burn_rate_must_be_beyond_its_threshold(store: Store) -> None:
    metric = load().get(BURN)
    assert metric is not None
    assert metric.thresholds is not None
    run_loop(store, FakeClock(NOW_MS), 1)
    (query,) = metric.queries
    rates = ask(store, query.expression("5m"), NOW_MS)
    assert rates["app-response-time api"] == pytest.approx(0.4)
    hour, minutes = (
        ask(store, f'jipyo_slo_burn_rate{{slo="app-error-rate",window="{window}"}}', NOW_MS)
        for window in ("1h", "5m")
    )
    assert rates["app-error-rate api"] == min(*hour.values(), *minutes.values())


def test_where_the_source_fails_the_figures_before_stay(store: Store) -> None:
    clock = FakeClock(NOW_MS)
    config = load_config(CliOverrides(), {"TZ": "Asia/Seoul"}, "en")
    loop, objectives = SloLoop(store, clock, SloBook()), build_objectives(SloOptions(), load())
    server = FailingServer(Embedded(store, Engine()))
    loop.apply(config, server, objectives)
    loop.step()
    before = loop.book.list_all()
    server.error = FAILURE
    with pytest.raises(SourceError):
        loop.step()
    assert before
    assert loop.book.list_all() is before


def test_the_next_evaluation_is_when_the_samples_of_a_minute_are_there(store: Store) -> None:
    clock = FakeClock(NOW_MS + 20_000)
    config = load_config(CliOverrides(), {"TZ": "Asia/Seoul"}, "en")
    loop = SloLoop(store, clock, SloBook())
    loop.apply(config, Embedded(store, Engine()), build_objectives(SloOptions(), load()))
    assert loop.step() == MINUTE_MS - 20_000 + SETTLED_MS
    text = {family.name: family for family in loop.families()}
    rows = text["jipyo_slo_results"].samples
    assert {sample.labels: sample.value for sample in rows}
