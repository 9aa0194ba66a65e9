"""The store against a dictionary: whatever is done to it, in whatever order."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import Reject, Scrape, SeriesBlock
from jipyo.tsdb import Options, Store, check
from jipyo.tsdb.options import DAY_MS, HOUR_MS
from tsdb.support import T0, Clock, everything, one

if TYPE_CHECKING:
    from jipyo.model.labels import Labels

NAMES = tuple(one("metric", n=str(n)) for n in range(6))
times = st.one_of(
    st.integers(T0 - 3 * HOUR_MS, T0 + 2 * HOUR_MS),
    st.integers(0, 500).map(lambda n: T0 + n * 60_000),
    st.sampled_from([T0, T0 + 1, T0 - DAY_MS, T0 - DAY_MS + 1, 0, 1, -1, T0 + HOUR_MS]),
)
bits = st.one_of(
    st.integers(0, (1 << 64) - 1),
    st.sampled_from([0, 1 << 63, 0x7FF0000000000002, 0x7FF8000000000000]),
    st.integers(0, 3).map(lambda n: int(np.float64(n).view(np.uint64))),
)
scrapes = st.tuples(times, st.dictionaries(st.sampled_from(NAMES), bits, min_size=1))


def values(some: list[int]) -> np.ndarray:
    return np.array(some, np.uint64).view(np.float64)


class StoreAgainstModel(RuleBasedStateMachine):
    """Every answer and every sample must be what the dictionary says."""

    @initialize(window=st.sampled_from([0, 30 * 60_000, 3 * HOUR_MS, None]))
    def begin(self, window: int | None) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="tsdb-model-"))
        self.window = window
        self.clock = Clock()
        self.samples: dict[Labels, dict[int, int]] = {}
        self.max_ms: int | None = None
        self.open()

    def open(self) -> None:
        options = Options(durable=False, out_of_order_ms=self.window, retention_ms=None, threads=1)
        self.store = Store.open(self.path, options, now_ms=self.clock)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            assert check(self.path).problems == ()
            shutil.rmtree(self.path)

    # -- what is done -------------------------------------------------------------------

    @rule(batch=st.lists(scrapes, min_size=1, max_size=4))
    def append(self, batch: list[tuple[int, dict[Labels, int]]]) -> None:
        expected: dict[Reject, int] = {}
        kept = 0
        max_ms = self.max_ms
        for t_ms, found in batch:
            for labels, value in found.items():
                reason = self.refusal(labels, t_ms, value, max_ms)
                if reason is None:
                    self.samples.setdefault(labels, {})[t_ms] = value
                    self.max_ms = t_ms if self.max_ms is None else max(self.max_ms, t_ms)
                    kept += 1
                else:
                    expected[reason] = expected.get(reason, 0) + 1
        answer = self.store.append(
            [Scrape(t, tuple(found), values(list(found.values()))) for t, found in batch]
        )
        assert (answer.samples, dict(answer.rejected)) == (kept, expected)

    def refusal(self, labels: Labels, t_ms: int, value: int, max_ms: int | None) -> Reject | None:
        mine = self.samples.get(labels, {})
        if t_ms > self.clock() + 600_000:
            return Reject.TOO_FAR_IN_FUTURE
        newer = not mine or t_ms > max(mine)
        if max_ms is not None and self.window is not None:
            newest_again = bool(mine) and t_ms == max(mine)
            if not newer and not newest_again and t_ms < max_ms - self.window:
                return Reject.TOO_OLD if self.window else Reject.OUT_OF_ORDER
        if t_ms in mine:
            return None if mine[t_ms] == value else Reject.DUPLICATE
        return None

    @rule(
        names=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True),
        at=st.lists(times, min_size=1, max_size=5, unique=True),
        value=bits,
    )
    def load(self, names: list[Labels], at: list[int], value: int) -> None:
        at = sorted(at)
        block = np.tile(values([value]), (len(names), len(at)))
        answer = self.store.load([SeriesBlock(tuple(names), np.array(at), block)])
        kept = 0
        for labels in names:
            mine = self.samples.setdefault(labels, {})
            for t_ms in at:
                if t_ms <= self.clock() + 600_000:
                    kept += mine.setdefault(t_ms, value) == value
                    self.max_ms = t_ms if self.max_ms is None else max(self.max_ms, t_ms)
        self.samples = {labels: mine for labels, mine in self.samples.items() if mine}
        assert answer.samples == kept
        assert answer.samples + sum(answer.rejected.values()) == len(names) * len(at)

    @rule(n=st.integers(0, 5), start=times, length=st.integers(0, 2 * DAY_MS))
    def delete(self, n: int, start: int, length: int) -> None:
        matcher = Matcher("n", MatchOp.EQ, str(n))
        deleted = self.store.delete([matcher], start, start + length)
        mine = self.samples.pop(NAMES[n], {})
        left = {t: b for t, b in mine.items() if not start <= t <= start + length}
        assert deleted == len(mine) - len(left)
        if left:
            self.samples[NAMES[n]] = left

    @rule()
    def compact(self) -> None:
        self.store.compact_head()

    @rule(slices=st.integers(1, 4))
    def maintain(self, slices: int) -> None:
        for _ in range(slices):
            self.store.maintain()

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.open()
        self.max_ms = max((t for mine in self.samples.values() for t in mine), default=None)

    @rule(ms=st.integers(0, HOUR_MS))
    def wait(self, ms: int) -> None:
        self.clock.t_ms += ms

    # -- what must hold -----------------------------------------------------------------

    @invariant()
    def everything_is_there(self) -> None:
        assert everything(self.store) == {
            labels: sorted(mine.items()) for labels, mine in self.samples.items()
        }

    @rule(start=times, length=st.integers(0, 2 * DAY_MS))
    def a_range_is_cut_out_exactly(self, start: int, length: int) -> None:
        end = start + length
        expected = {
            labels: [(t, b) for t, b in sorted(mine.items()) if start <= t <= end]
            for labels, mine in self.samples.items()
        }
        expected = {labels: found for labels, found in expected.items() if found}
        assert everything(self.store, start, end) == expected
        assert sorted(self.store.series([], start, end)) == sorted(expected)


TestStoreAgainstModel = StoreAgainstModel.TestCase
TestStoreAgainstModel.settings = settings(
    max_examples=int(os.environ.get("JIPYO_MODEL_EXAMPLES", "40")),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
