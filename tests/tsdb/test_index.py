"""Selectors against the plain definition, and the index at size."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.errors import QueryError
from jipyo.model.matcher import Matcher, MatchOp, select_all
from jipyo.model.sample import Scrape, SeriesBlock
from jipyo.tsdb import Options, Reader, Store, index
from jipyo.tsdb.head import split_layouts
from jipyo.tsdb.options import DAY_MS
from tsdb.support import EVER, EVERYTHING, STEP, T0, Opened, one, scrape

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jipyo.model.labels import Labels

ALL = tuple(
    one(name, a=a, b=b, 한글=a)
    for name in ("up", "load", "cpu:rate")
    for a in ("", "1", "12", "x\ny", "é")
    for b in ("", "z")
)
names = st.sampled_from(["__name__", "a", "b", "none", "한글"])
values = st.sampled_from(["", "1", "12", "up", "x\ny", "z", "é"])
patterns = st.sampled_from(
    ["", ".*", ".+", "1", "1.*", "1|z", "up|load", "x.y", "[^u].*", "(?i)UP"]
)
matchers = st.one_of(
    st.builds(Matcher, names, st.sampled_from([MatchOp.EQ, MatchOp.NE]), values),
    st.builds(Matcher, names, st.sampled_from([MatchOp.RE, MatchOp.NRE]), patterns),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    opened = Opened(tmp_path_factory.mktemp("index") / "data")
    opened.store.append([Scrape(T0, ALL, np.ones(len(ALL)))])
    yield opened
    opened.store.close()


@given(selector=st.lists(matchers, max_size=4))
def test_a_selector_means_what_its_matchers_say(filled: Opened, selector: list[Matcher]) -> None:
    expected = sorted(labels for labels in ALL if select_all(selector, labels))
    assert sorted(filled.store.series([selector], *EVER)) == expected


@given(selector=st.lists(matchers, max_size=4))
@settings(max_examples=30)
def test_postings_and_labels_tell_series_apart_alike(
    filled: Opened, selector: list[Matcher]
) -> None:
    with filled.store.snapshot() as snapshot:
        by_labels = index.find_series(snapshot.db, index.LabelCache(), selector)
        by_postings = index.find_series(snapshot.db, index.LabelCache(), selector, few=-1)
    assert by_labels.tolist() == by_postings.tolist()


def test_a_bad_pattern_is_said_even_where_no_series_is(opened: Opened) -> None:
    with pytest.raises(QueryError, match="error parsing regexp"):
        opened.store.series([[Matcher("a", MatchOp.RE, "(")]], *EVER)
    with pytest.raises(QueryError, match="error parsing regexp"):
        list(opened.store.select([Matcher("a", MatchOp.NRE, "(")], *EVER))


def test_several_selectors_add_up_without_doubles(filled: Opened) -> None:
    found = filled.store.series(
        [[Matcher("a", MatchOp.EQ, "1")], [Matcher("a", MatchOp.RE, "1.?")]], *EVER
    )
    assert sorted(found) == sorted(labels for labels in ALL if labels.get("a") in {"1", "12"})
    assert filled.store.label_values("a", [[Matcher("b", MatchOp.EQ, "z")]], *EVER) == sorted(
        {"1", "12", "x\ny", "é"}
    )


def test_series_with_samples_only_around_a_range_are_not_in_it(opened: Opened) -> None:
    t_ms = np.array([T0 - DAY_MS + 1, T0 - 1])
    opened.store.load([SeriesBlock((one("gap"),), t_ms, np.ones((1, 2)))])
    assert sorted(opened.store.series([], T0 - DAY_MS + 2, T0 - 2)) == []
    assert sorted(opened.store.series([], T0 - DAY_MS + 2, T0 - 1)) == [one("gap")]
    assert sorted(opened.store.series([], T0 - DAY_MS, T0 - DAY_MS + 1)) == [one("gap")]


def test_series_with_the_same_hash_are_distinguished_by_their_labels(opened: Opened) -> None:
    opened.store.append([Scrape(T0, (one("a"), one("b")), np.ones(2))])
    opened.store.close()
    with closing(sqlite3.connect(opened.path / "samples.db", isolation_level=None)) as db:
        db.execute("UPDATE series SET hash = (SELECT max(hash) FROM series WHERE sid = 2)")
    opened.store = Store.open(opened.path, opened.options, now_ms=opened.clock)
    opened.store.append([scrape(T0 + STEP, (one("b"), 2.0))])
    (block,) = opened.store.select([Matcher("__name__", MatchOp.EQ, "b")], *EVER)
    assert (block.series, block.values.tolist()) == ((one("b"),), [[1.0, 2.0]])


def test_thousands_of_series_and_churn_stay_whole(opened: Opened) -> None:
    """Past the number up to which labels are compared; `make bench B=store` has 100,000."""
    many = [
        tuple(one(f"m{n % 100}", pod=str(n), host=str(host)) for n in range(800))
        for host in range(4)
    ]
    for n in range(4):
        opened.clock.t_ms = T0 + n * STEP
        for host, series in enumerate(many):
            new = one("churn", host=str(host), round=str(n))
            opened.store.append([Scrape(opened.clock.t_ms + host, (*series, new), np.ones(801))])
    for settle in (False, True):
        if settle:
            opened.store.compact_head()
            opened.again()
        store = opened.store
        assert len(list(store.series([[Matcher("host", MatchOp.EQ, "3")]], *EVER))) == 804
        assert len(store.label_values("pod", [], *EVER)) == 800
        assert store.label_values("round", [], T0, T0 + STEP - 1) == ["0"]
        assert store.label_names([EVERYTHING], *EVER) == ["__name__", "host", "pod", "round"]
        assert store.label_names([EVERYTHING], T0 + 5 * STEP, T0 + 6 * STEP) == []
        found = list(store.select([Matcher("pod", MatchOp.EQ, "7")], *EVER))
        assert sum(len(block.series) for block in found) == 4


@given(
    picked=st.sets(st.sampled_from(ALL)),
    name=names,
)
@settings(max_examples=30)
def test_values_by_postings_are_those_of_the_labels(
    filled: Opened, picked: set[Labels], name: str
) -> None:
    with filled.store.snapshot() as snapshot:
        sids = index.find_series(snapshot.db, index.LabelCache(), [])
        labels = snapshot.find_labels(sids)[1]
        chosen = sids[[one in picked for one in labels]]
        found = index.find_label_values(snapshot.db, name, chosen)
    assert found == {labels.get(name, "") for labels in picked} - {""}


def test_what_was_found_before_is_found_anew_when_series_come_and_go(opened: Opened) -> None:
    opened.options = Options(durable=False, retention_ms=2 * DAY_MS)
    opened.again()
    questions = [[], [Matcher("__name__", MatchOp.EQ, "m")], [Matcher("n", MatchOp.NE, "0")]]
    with Reader.open(opened.path) as beside:
        for n in range(6):
            opened.clock.t_ms = T0 + n * DAY_MS
            opened.store.append([scrape(opened.clock.t_ms, (one("m", n=str(n)), 1.0))])
            opened.store.compact_head()
            opened.settle()
            first = max(0, n - 2)
            for store in (opened.store, beside):
                for question in questions:
                    found = sorted(store.series([question], *EVER))
                    expected = [one("m", n=str(day)) for day in range(first, n + 1)]
                    skipped = question[-1:] == questions[2]
                    assert found == [each for each in expected if not skipped or each["n"] != "0"]


def test_answers_are_forgotten_when_they_take_too_much(filled: Opened) -> None:
    cache = index.SelectorCache(most_selectors=3, most_ids=40)
    with filled.store.snapshot() as snapshot:
        for _ in range(2):
            for name in ("up", "load", "cpu:rate", "none"):
                selector = (Matcher("__name__", MatchOp.EQ, name),)
                found = cache.find(snapshot.db, index.LabelCache(), selector)
                assert (
                    found.tolist()
                    == index.find_series(snapshot.db, index.LabelCache(), selector).tolist()
                )
                assert cache.ids <= 40


def test_scrapes_of_any_width_and_many_tuples_are_kept(opened: Opened) -> None:
    """Past the widest layout, and past the number of series whose plans are remembered."""
    many = tuple(one("wide", n=str(n)) for n in range(4000))
    scattered = tuple(labels for n, labels in enumerate(many, 1) if n % 997)
    opened.store.append([Scrape(T0, many, np.arange(4000.0))])
    for n in range(1, 20):
        values = np.full(len(scattered), float(n))
        opened.store.append([Scrape(T0 + n, tuple(scattered), values)])
    counts = {len(block.series): len(block.t_ms) for block in opened.store.select([], *EVER)}
    assert counts == {len(scattered): 20, 4: 1}


@pytest.mark.parametrize("width", [1, 127, 128, 255, 256, 996, 997, 1000, 1123, 1124, 1536, 5000])
def test_layouts_are_neither_too_wide_nor_needlessly_many(width: int) -> None:
    for start in (1, 870, 996, 997, 1000):
        sids = np.arange(start, start + width)
        edges = split_layouts(sids)
        assert [edge for edge, _ in edges] == [0, *(end for _, end in edges[:-1])]
        assert edges[-1][1] == width
        widths = [end - begin for begin, end in edges]
        assert max(widths) <= 1536
        assert len(widths) <= 1 + width // 128
        assert len(widths) == 1 or min(widths) >= 128
