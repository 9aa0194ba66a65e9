"""`/api/v1/targets` and `/api/v1/status/*`: who is scraped, and how this server stands."""

from __future__ import annotations

import gc
import os
import platform
import sys
import threading
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jipyo.collect.target import TargetState, TargetStatus
from jipyo.i18n import texts
from jipyo.model.errors import QueryError
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.web.http.endpoint import Reply
from jipyo.web.http.params import Form, whole_number
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.web.services import Services

_MAX_ROWS = 10_000


def rfc3339(t_ms: int | None) -> str:
    """A moment as Go writes it; one that never was is its zero time."""
    if t_ms is None:
        return "0001-01-01T00:00:00Z"
    seconds, rest = divmod(t_ms, 1000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{rest:03}Z" if rest else f"{text}Z"


def targets(services: Services, form: Form, gone: threading.Event) -> Reply:
    """Who is scraped; a target that has nothing here is not listed."""
    del gone
    state = form.one("state").lower()
    listed = [] if state == "dropped" else services.targets()
    active = [_target(one) for one in listed if one.state is not TargetState.ABSENT]
    return Reply(
        encode.data({"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": {}})
    )


def _target(one: TargetStatus) -> dict[str, object]:
    interval = f"{one.interval_ms / 1000:g}s"
    return {
        "discoveredLabels": {},
        "labels": dict(one.labels.pairs),
        "scrapePool": one.labels.get("job", ""),
        "scrapeUrl": one.url,
        "globalUrl": one.url,
        "lastError": "" if one.error is None else texts("en").error(one.error),
        "lastScrape": rfc3339(one.last_ms),
        "lastScrapeDuration": one.duration_s,
        "health": one.state.value,
        "scrapeInterval": interval,
        "scrapeTimeout": interval,
    }


def buildinfo(services: Services, form: Form, gone: threading.Event) -> Reply:
    """What is running. Without a `features` map, which Grafana takes for Mimir's."""
    del form, gone
    return Reply(
        encode.data(
            {
                "version": services.version,
                "revision": "",
                "branch": "",
                "buildUser": "",
                "buildDate": "",
                "goVersion": f"python{platform.python_version()}",
            }
        )
    )


def config(services: Services, form: Form, gone: threading.Event) -> Reply:
    """The configuration in force."""
    del form, gone
    return Reply(encode.data({"yaml": services.config_text()}))


def flags(services: Services, form: Form, gone: threading.Event) -> Reply:
    """The command's options."""
    del form, gone
    return Reply(encode.data(dict(services.flags)))


def runtimeinfo(services: Services, form: Form, gone: threading.Event) -> Reply:
    """How the process stands."""
    del form, gone
    return Reply(
        encode.data(
            {
                "startTime": rfc3339(services.started_ms),
                "CWD": str(Path.cwd()),
                "hostname": platform.node(),
                "serverTime": rfc3339(services.now_ms()),
                "reloadConfigSuccess": True,
                "lastConfigTime": rfc3339(services.started_ms),
                "corruptionCount": 0,
                "goroutineCount": threading.active_count(),
                "GOMAXPROCS": os.cpu_count() or 1,
                "GOMEMLIMIT": sys.maxsize,
                "GOGC": ",".join(map(str, gc.get_threshold())),
                "GODEBUG": "",
                "storageRetention": services.flags.get("store.retention", ""),
            }
        )
    )


def tsdb(services: Services, form: Form, gone: threading.Event) -> Reply:
    """How many series there are, and what makes them many."""
    del gone
    limit = whole_number(form.one("limit") or "10")
    if limit is None or limit < 1:
        raise QueryError.bad_data("limit must be a positive number")
    if limit > _MAX_ROWS:
        raise QueryError.bad_data(f"limit must not exceed {_MAX_ROWS}")
    head = services.head()
    every = [Matcher(METRIC_NAME, MatchOp.NE, "")]
    now_ms = services.now_ms()
    known = services.queryable.series([every], now_ms - services.lookback_ms, now_ms)
    return Reply(
        encode.data(
            _cardinality(known, limit)
            | {
                "headStats": {
                    "numSeries": head.series,
                    "numLabelPairs": len({pair for labels in known for pair in labels.pairs}),
                    "chunkCount": head.chunks,
                    "minTime": head.min_ms,
                    "maxTime": head.max_ms,
                },
            }
        )
    )


def _cardinality(known: Iterable[Labels], limit: int) -> dict[str, object]:
    """Of the series with samples in the last minutes: the names and pairs with the most."""
    metrics: Counter[str] = Counter()
    pairs: Counter[tuple[str, str]] = Counter()
    for labels in known:
        metrics[labels.metric] += 1
        pairs.update(labels.pairs)
    values = Counter(name for name, _ in pairs)
    sizes: Counter[str] = Counter()
    for name, value in pairs:
        sizes[name] += len(value.encode("utf-8", "surrogateescape"))
    return {
        "seriesCountByMetricName": _top(metrics, limit),
        "labelValueCountByLabelName": _top(values, limit),
        "memoryInBytesByLabelName": _top(sizes, limit),
        "seriesCountByLabelValuePair": _top(
            Counter({f"{name}={value}": n for (name, value), n in pairs.items()}), limit
        ),
    }


def _top(counts: Counter[str], limit: int) -> list[dict[str, object]]:
    return [{"name": name, "value": count} for name, count in counts.most_common(limit)]
