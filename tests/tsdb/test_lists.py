"""Lists of series, names and values: a limit is a limit of work, and long lists leave nothing."""

from __future__ import annotations

import gc
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest

from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import Scrape
from jipyo.tsdb import index
from tsdb.support import EVER, STEP, T0, Opened, one

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.model.labels import Labels

TARGETS, WIDTH = 12, 300
EARLY = (T0, T0 + 100)
JOB = [Matcher("job", MatchOp.EQ, "a")]
SOME = [Matcher("n", MatchOp.RE, "1.*")]


def name_series(target: int) -> tuple[Labels, ...]:
    return tuple(
        one(
            f"m{n % 7}",
            job="ab"[target % 2],
            instance=str(target),
            n=f"{n:03d}",
            **{f"x{n % 3}": "1"},
        )
        for n in range(WIDTH)
    )


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """Targets that begin one after the other: the last half has nothing in the early range."""
    opened = Opened(tmp_path_factory.mktemp("lists") / "data")
    for target in range(TARGETS):
        t_ms = T0 + target + (STEP if target >= TARGETS // 2 else 0)
        opened.clock.t_ms = t_ms
        opened.store.append([Scrape(t_ms, name_series(target), np.zeros(WIDTH))])
        if target == 3:
            opened.store.compact_head()
    yield opened
    opened.store.close()


def find(selectors: list[list[Matcher]], early: bool) -> set[Labels]:
    series = [one for target in range(TARGETS // (1 + early)) for one in name_series(target)]
    return {
        labels
        for labels in series
        if not selectors
        or any(all(m.matches(labels.get(m.name, "")) for m in each) for each in selectors)
    }


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("limit", [None, 0, 1, 5, 250, 700, 100_000])
@pytest.mark.parametrize("selectors", [[], [JOB], [SOME], [SOME, JOB], [SOME, [*JOB, *SOME]]])
def test_a_limit_gives_the_first_names_and_values_and_any_series(
    filled: Opened, selectors: list[list[Matcher]], limit: int | None, early: bool
) -> None:
    span = EARLY if early else EVER
    expected = find(selectors, early)
    found = list(filled.store.series(selectors, *span, limit))
    assert len(found) == len(set(found)) == len(sorted(expected)[:limit])
    assert set(found) <= expected
    names = sorted({name for labels in expected for name in labels})
    assert filled.store.label_names(selectors, *span, limit) == names[:limit]
    for name in ("n", "instance", "x1", "none"):
        values = sorted({labels[name] for labels in expected if name in labels})
        assert filled.store.label_values(name, selectors, *span, limit) == values[:limit]


def count_statements(opened: Opened, ask: Callable[[], object]) -> int:
    """How many statements a question takes, by the connection that is taken next."""
    seen: list[str] = []
    with opened.store.snapshot() as snapshot:
        db = snapshot.db
    db.set_trace_callback(seen.append)
    ask()
    db.set_trace_callback(None)
    return len(seen)


def test_a_limited_list_looks_at_few_series(filled: Opened) -> None:
    """Fewer layouts are searched and fewer labels read than for all."""
    store = filled.store
    for few, every in (
        (lambda: list(store.series([JOB], *EVER, 10)), lambda: list(store.series([JOB], *EVER))),
        (
            lambda: store.label_values("n", [SOME], *EVER, 1),
            lambda: store.label_values("n", [SOME], *EVER, 1000),
        ),
    ):
        every()
        assert count_statements(filled, few) < count_statements(filled, every)


def test_a_long_list_takes_little_memory_and_leaves_none(filled: Opened) -> None:
    assert len(list(filled.store.series([], *EVER))) == TARGETS * WIDTH > 3 * index.FEW
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    count = sum(1 for _ in filled.store.series([], *EVER))
    gc.collect()
    after, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == TARGETS * WIDTH
    assert peak - before < 1000 * index.FEW
    assert after - before < 50_000


def test_a_series_that_is_dropped_while_a_list_is_read_is_left_out(opened: Opened) -> None:
    many = tuple(one("m", n=str(n)) for n in range(2 * index.FEW))
    opened.store.append([Scrape(T0, many, np.zeros(len(many)))])
    found = opened.store.series([], *EVER)
    first = next(found)
    opened.store.delete([Matcher("n", MatchOp.EQ, str(2 * index.FEW - 1))], *EVER)
    assert {first, *found} == set(many[:-1])
