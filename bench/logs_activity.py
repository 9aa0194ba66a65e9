"""Sessions over 5 M access lines, and p95 latency by hour: CPU time, in one process."""

from __future__ import annotations

import os
import time

import numpy as np

from jipyo.logs.activity.latency import find_percentiles
from jipyo.logs.activity.sessions import SessionTracker
from jipyo.logs.record import Column, LogBatch, NumberColumn, TextColumn

LINES = 5_000_000
BATCH = 65_536
USERS = 40_000
ROUTES = 200
HOUR_NS = 3600 * 10**9


def make_batches() -> list[LogBatch]:
    random = np.random.default_rng(7)
    times = np.sort(random.integers(0, 7 * 24 * HOUR_NS, LINES))
    users = [b"u%d" % n for n in range(USERS)]
    routes = [b"/v1/route%d" % n for n in range(ROUTES)]
    batches = []
    for start in range(0, LINES, BATCH):
        n = min(BATCH, LINES - start)
        picked = np.minimum(random.zipf(1.2, n), USERS) - 1
        fields: dict[str, Column] = {
            "user.name": TextColumn([users[code] for code in picked]),
            "url.route": TextColumn([routes[code % ROUTES] for code in picked]),
            "http.response.status_code": NumberColumn(random.choice([200, 404, 500], n)),
            "event.duration": NumberColumn(random.lognormal(18, 1, n).astype(np.int64)),
        }
        level = np.full(n, 3, np.uint8)
        batches.append(LogBatch("web", times[start : start + n], level, fields))
    return batches


def main() -> None:
    batches = make_batches()
    print(f"load {os.getloadavg()[0]:.1f}")
    start = time.process_time()
    tracker = SessionTracker()
    for batch in batches:
        tracker.add(batch)
    sessions = tracker.build()
    spent = time.process_time() - start
    print(f"sessions: {len(sessions):,} of {LINES:,} lines in {spent:.2f} s CPU (goal 1 s)")
    start = time.process_time()
    groups = np.concatenate([batch.t_ns // HOUR_NS for batch in batches])
    columns = [batch.fields["event.duration"] for batch in batches]
    values = np.concatenate([c.values for c in columns if isinstance(c, NumberColumn)])
    found = find_percentiles(groups, values, (95,))
    spent = time.process_time() - start
    print(f"p95 by hour: {len(found.groups)} hours in {spent * 1000:.0f} ms CPU")


if __name__ == "__main__":
    main()
