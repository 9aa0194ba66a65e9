"""What other machines read: `/metrics`, `/federate`, `/-/healthy`, `/-/ready`."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from jipyo import promql
from jipyo.i18n import texts
from jipyo.model.errors import QueryError
from jipyo.model.family import Family, FamilySample
from jipyo.model.sample import MetricType, SeriesBlock, is_stale
from jipyo.web.http.endpoint import Reply
from jipyo.wire import exposition

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Sequence

    from jipyo.model.labels import Labels
    from jipyo.model.matcher import Matcher
    from jipyo.web.http.params import Form
    from jipyo.web.prometheus.query import Handler
    from jipyo.web.services import Services

_PLAIN = "text/plain; charset=utf-8"


def table() -> tuple[tuple[str, Handler], ...]:
    """The paths and who answers them."""
    return (
        ("/metrics", metrics),
        ("/federate", federate),
        ("/-/healthy", healthy),
        ("/-/ready", ready),
    )


def metrics(services: Services, form: Form, gone: threading.Event) -> Reply:
    """What was collected, under the exporters' names, and what we count about ourselves."""
    del gone
    kind = exposition.negotiate(form.headers.get("accept", ""))
    families = [*services.collected(), *services.own()]
    names = {family.name for family in families}
    families += [family for family in services.meter.families() if family.name not in names]
    return Reply(exposition.write(families, kind), media_type=kind.value)


def healthy(services: Services, form: Form, gone: threading.Event) -> Reply:
    """We answer."""
    del services, form, gone
    return Reply(b"jipyo is Healthy.\n", media_type=_PLAIN)


def ready(services: Services, form: Form, gone: threading.Event) -> Reply:
    """The first scrape has been stored, so questions have answers."""
    del form, gone
    if services.ready():
        return Reply(b"jipyo is Ready.\n", media_type=_PLAIN)
    return Reply((texts("en")("web.not_ready") + "\n").encode(), 503, _PLAIN)


def federate(services: Services, form: Form, gone: threading.Event) -> Reply:
    """The newest sample of each matching series, with its time (web/federate.go)."""
    try:
        selectors = [promql.parse_selector(text) for text in form.many("match[]")]
    except QueryError as error:
        return Reply(error.message.encode("utf-8", "replace"), 400, _PLAIN)
    newest = _newest(services, selectors, gone)
    families = [
        Family(name, MetricType.UNKNOWN, "", tuple(newest[labels] for labels in same))
        for name, same in itertools.groupby(sorted(newest), key=lambda labels: labels.metric)
        if name
    ]
    return Reply(exposition.write(families), media_type=exposition.Format.TEXT.value)


def _newest(
    services: Services, selectors: Sequence[Sequence[Matcher]], gone: threading.Event
) -> dict[Labels, FamilySample]:
    """By series; one that has ended stays away, since the format has no stale markers."""
    end_ms = services.now_ms()
    start_ms = end_ms - services.lookback_ms
    return {
        sample.labels: sample
        for selector in selectors
        for block in services.queryable.select(selector, start_ms, end_ms)
        for sample in _last(block)
        if not gone.is_set()
    }


def _last(block: SeriesBlock) -> Iterator[FamilySample]:
    if not len(block.t_ms):
        return
    last = block.values[:, -1]
    t_ms = int(block.t_ms[-1])
    for labels, value, stale in zip(block.series, last.tolist(), is_stale(last), strict=True):
        if not stale:
            yield FamilySample(labels, value, t_ms)
