"""`/federate`: the newest samples, for another Prometheus to scrape (web/federate.go)."""

from __future__ import annotations

import itertools
from functools import partial
from typing import TYPE_CHECKING

from jipyo.model.errors import QueryError
from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricType
from jipyo.web.http.endpoint import Route
from jipyo.web.http.exposition import expose
from jipyo.web.http.message import PLAIN_TEXT, WebRequest, WebResponse
from jipyo.web.prometheus.route import format_error
from jipyo.wire import exposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jipyo.model.result import LatestSamples
    from jipyo.source import Source

_NO_INSTANCE = ("instance", "")


def routes(source: Source, now_ms: Callable[[], int]) -> list[Route]:
    """The route over a source."""
    return [Route("/federate", partial(federate, source, now_ms), format_error)]


def federate(source: Source, now_ms: Callable[[], int], request: WebRequest) -> WebResponse:
    """The newest sample of each matching series, with its time.

    A series that has ended is left out, for the text format has no stale markers. A series
    without an instance has an empty one, or the scraper would write its own.
    """
    try:
        samples = source.bind(request.cancelled).newest(request.values("match[]"), now_ms())
    except QueryError as error:
        return WebResponse(error.message.encode("utf-8", "replace"), 400, PLAIN_TEXT)
    return expose(_build_families(samples), exposition.Format.TEXT, request)


def _build_families(samples: LatestSamples) -> Iterator[Family]:
    rows = zip(samples.series, samples.values.tolist(), samples.t_ms.tolist(), strict=True)
    by_name = sorted(rows, key=lambda row: row[0].metric)  # stable: labels stay in order
    for name, group in itertools.groupby(by_name, key=lambda row: row[0].metric):
        if name:
            yield Family(
                name,
                MetricType.UNKNOWN,
                "",
                tuple(
                    FamilySample(
                        labels if "instance" in labels else Labels((*labels.pairs, _NO_INSTANCE)),
                        value,
                        t_ms,
                    )
                    for labels, value, t_ms in group
                ),
            )
