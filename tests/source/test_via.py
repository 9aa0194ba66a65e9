"""Jipyo that list one another as sources show what all have; one that lists itself is named."""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS, texts
from jipyo.model.errors import QueryError, QueryErrorKind
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricMetadata, MetricType
from jipyo.promql import Engine
from jipyo.source import Embedded, Source
from jipyo.source.combined import CombinedSource
from jipyo.source.prometheus import PrometheusOptions, PrometheusSource
from jipyo.source.remote import Remote
from jipyo.web.prometheus import query, series
from support.answers import matrix_of, vector_of
from support.api_server import ApiRequest, ApiResponse, api_server, success, vector
from support.memory import MemoryStore
from support.sources import SteadyClock
from support.web import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NOW_MS, STEP_MS = 1_795_186_800_000, 15_000
TIMES = range(NOW_MS - 10 * 60_000, NOW_MS + 1, STEP_MS)


@dataclass
class Site:
    """A jipyo by its name: its routes are served before its sources have addresses."""

    name: str
    url: str = ""
    source: Source | None = None

    def bind(self, *args: object, **more: object) -> Source:
        assert self.source is not None
        return self.source.bind(*args, **more)  # type: ignore[arg-type]

    def store(self) -> MemoryStore:
        """`up` of one target, and a metric of its own."""
        store = MemoryStore()
        for metric in ("up", f"only_{self.name}"):
            store.put(Labels.of({"__name__": metric, "job": self.name}), TIMES, [1.0] * len(TIMES))
        store.describe([MetricMetadata(f"only_{self.name}", MetricType.GAUGE, "Own.")])
        return store


@contextmanager
def running(lists: Mapping[str, tuple[str, ...]]) -> Iterator[dict[str, CombinedSource]]:
    """Sites by name with their sources, each behind HTTP."""
    sites = {name: Site(name) for name in lists}
    made: dict[str, CombinedSource] = {}
    with ExitStack() as stack:
        for site in sites.values():
            engine = Engine()
            features = engine.options.features
            routes = query.routes(site, lambda: NOW_MS, features, engine.lanes)  # type: ignore[arg-type]
            own = series.routes(site)  # type: ignore[arg-type]
            site.url = stack.enter_context(serving(*routes, *own)).base
        for site in sites.values():
            remotes = []
            for name in lists[site.name]:
                options = PrometheusOptions(name=name, url=sites[name].url, timeout_s=10)
                source = stack.enter_context(closing(PrometheusSource(options)))
                remotes.append(Remote(name, source, SteadyClock(NOW_MS)))
            local = Embedded(site.store(), Engine())
            made[site.name] = CombinedSource(local, tuple(remotes), own_id=(f"id-{site.name}",))
            site.source = made[site.name]
        yield made


def test_two_that_list_each_other_both_show_what_both_have() -> None:
    with running({"a": ("b",), "b": ("a",)}) as made:
        for name, other in (("a", "b"), ("b", "a")) * 2:
            source = made[name]
            result = source.instant("up", NOW_MS)
            assert [(one["job"], one.get("source")) for one in vector_of(result).series] == [
                (name, None),
                (other, other),
            ]
            assert result.missing == source.find_missing() == ()
            matrix = matrix_of(source.range("up", NOW_MS - 60_000, NOW_MS, STEP_MS))
            assert matrix.values.shape == (2, 5)
            assert source.metric_names(NOW_MS) == {"up", "only_a", "only_b"}
            assert source.label_values("job", [], TIMES[0], NOW_MS) == ["a", "b"]
            assert len(list(source.series(["up"], TIMES[0], NOW_MS))) == 2
            assert [
                row.metric for row in sorted(source.metadata(), key=lambda row: row.metric)
            ] == [
                *("only_a", "only_b"),
            ]


def test_of_three_in_a_circle_each_shows_what_all_have() -> None:
    with running({"a": ("b",), "b": ("c",), "c": ("a",)}) as made:
        for name in ("b", "a", "c", "b"):
            result = made[name].instant("up", NOW_MS)
            assert {one["job"] for one in vector_of(result).series} == {"a", "b", "c"}
            assert len(vector_of(result).series) == 3
            assert result.missing == ()
            assert made[name].metric_names(NOW_MS) == {"up", "only_a", "only_b", "only_c"}


def test_one_that_lists_itself_has_its_own_samples_and_the_mistake_in_words() -> None:
    with running({"a": ("a",)}) as made:
        result = made["a"].instant("up", NOW_MS)
        assert len(vector_of(result).series) == 1
        (error,) = result.missing
        for lang in LANGS:
            assert "listed among its own sources" in texts(lang).error(error)
        assert made["a"].label_values("job", [], TIMES[0], NOW_MS) == ["a"]
        assert made["a"].find_missing() == (error,)


def test_a_query_that_comes_round_has_an_empty_answer_of_any_kind() -> None:
    local = Embedded(Site("a").store(), Engine())
    source = CombinedSource(local, (), own_id=("me",))
    bound = source.bind(threading.Event(), via=("me", "other"))
    assert vector_of(bound.instant("up", NOW_MS)).series == ()
    assert matrix_of(bound.range("up", NOW_MS - 60_000, NOW_MS, STEP_MS)).series == ()
    assert bound.newest(["up"], NOW_MS).series == ()
    assert bound.label_names([], 0, NOW_MS) == []
    assert bound.cardinality(NOW_MS, 10).series == 0
    assert len(vector_of(source.bind(threading.Event(), via=("x",)).instant("up", NOW_MS)).series)
    with pytest.raises(QueryError) as error:
        source.bind(threading.Event(), via=("me",)).instant("up", NOW_MS)
    assert error.value.kind is QueryErrorKind.EXECUTION


def test_all_requests_name_the_way_that_a_query_came() -> None:
    def answer(request: ApiRequest) -> ApiResponse:
        del request
        return success(vector(({"__name__": "up"}, 1.0), t_s=NOW_MS / 1000))

    with api_server(answer) as server:
        source = PrometheusSource(PrometheusOptions(name="b", url=server.url))
        source.bind(threading.Event(), via=("x", "y")).instant("up", NOW_MS)
        assert {request.headers.get("X-Jipyo-Via") for request in server.requests} == {"x, y"}
        server.requests.clear()
        source.instant("up", NOW_MS)
        assert {request.headers.get("X-Jipyo-Via") for request in server.requests} == {None}
        source.close()
