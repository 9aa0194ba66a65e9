"""`/api/v1/targets`: what is scraped."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from jipyo.collect.target import TargetState, TargetStatus
from jipyo.i18n import texts
from jipyo.model.secret import redact_url
from jipyo.web.http.message import WebRequest, WebResponse
from jipyo.web.prometheus.route import prometheus_route
from jipyo.web.prometheus.status import format_time
from jipyo.wire.prometheus_json import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jipyo.web.http.endpoint import Route


def routes(targets: Callable[[], Sequence[TargetStatus]]) -> list[Route]:
    """The route over the targets at the time of the request."""
    return [prometheus_route("/targets", partial(list_targets, targets))]


def list_targets(targets: Callable[[], Sequence[TargetStatus]], request: WebRequest) -> WebResponse:
    """The targets; a collector that has nothing to measure here is left out."""
    is_dropped_wanted = request.first("state").lower() == "dropped"
    shown = [] if is_dropped_wanted else targets()
    active = [_build_target(target) for target in shown if target.state is not TargetState.ABSENT]
    return WebResponse(
        encode.data({"activeTargets": active, "droppedTargets": [], "droppedTargetCounts": {}})
    )


def _find_scrape_health(target: TargetStatus) -> str:
    """As Prometheus sees it: a probe that failed was scraped."""
    is_failed_probe = target.failure is not None and target.error is None
    return TargetState.UP.value if is_failed_probe else target.state.value


def _build_target(target: TargetStatus) -> dict[str, object]:
    interval = f"{target.interval_ms / 1000:g}s"
    return {
        "discoveredLabels": {},
        "labels": dict(target.labels.pairs),
        "scrapePool": target.labels.get("job", ""),
        "scrapeUrl": redact_url(target.url),
        "globalUrl": redact_url(target.url),
        "lastError": "" if target.error is None else texts("en").error(target.error),
        "lastScrape": format_time(target.last_ms),
        "lastScrapeDuration": target.duration_s,
        "health": _find_scrape_health(target),
        "scrapeInterval": interval,
        "scrapeTimeout": interval,
    }
