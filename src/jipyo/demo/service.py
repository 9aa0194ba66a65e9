"""The service as its users meet it: a chat API, a portal, their probes, the proxy before them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.demo.day import DAY_MS, STEP_S, TargetDay, draw_histogram

if TYPE_CHECKING:
    from jipyo.demo.day import DemoDay
    from jipyo.model.sample import Values

CHAT_PEAK, PORTAL_PEAK = 34.0, 92.0
"""Requests a second at a usual peak."""
EDGES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 5, 10)
_HANDLERS = {
    "/v1/chat/completions": 0.42,
    "/v1/embeddings": 0.13,
    "/api/search": 0.25,
    "/api/history": 0.2,
}
FAILING = 0.58
"""Share of the requests that the service answers with an error while it is out of order."""
_USUAL_ERRORS = 3e-5


def share_of_errors(day: DemoDay) -> Values:
    """How many of the requests get a 5xx."""
    return np.where(day.during(day.story.outage), FAILING, _USUAL_ERRORS * day.load**2)


def slow_down(day: DemoDay) -> Values:
    """How many times longer than usual everything takes."""
    leak = np.clip((day.t_ms - day.story.deployed_ms) / 780_000, 0, 1)
    leak = np.where(day.t_ms < day.story.outage.end_ms, leak, 0.0)
    return 1 + 0.35 * day.load + 2.1 * leak**3 + 2.4 * day.during(day.story.outage)


def add_chat(target: TargetDay) -> None:
    """prometheus-fastapi-instrumentator, sessions, and how often the model is right."""
    day, rng = target.day, target.rng
    total = rng.poisson(STEP_S * CHAT_PEAK * day.load).astype(float)
    left = total.copy()
    errors = share_of_errors(day)
    for number, (handler, share) in enumerate(_HANDLERS.items(), 1):
        own = left if number == len(_HANDLERS) else np.minimum(np.round(total * share), left)
        left = left - own
        labels = {"handler": handler, "method": "POST"}
        failed = rng.binomial(own.astype(np.int64), errors).astype(float)
        wrong = rng.binomial((own - failed).astype(np.int64), 0.006).astype(float)
        by_status = {"2xx": own - failed - wrong, "4xx": wrong, "5xx": failed}
        for status, count in by_status.items():
            target.count("http_requests_total", count, status=status, **labels)
    counts, seconds = draw_histogram(rng, total, 0.24 * slow_down(day), 3.4, EDGES)
    target.histogram("http_request_duration_highr_seconds", EDGES, counts, seconds)
    target.gauge("jipyo_active_sessions", np.round(410 * day.load * target.jitter(0.03)))
    target.count("jipyo_sessions_started_total", rng.poisson(STEP_S * 0.55 * day.load))
    _add_accuracy(target)
    for backup in ("postgres", "models"):
        done = DAY_MS * np.floor((day.t_ms - 18.5 * 3_600_000) / DAY_MS) + 18.5 * 3_600_000
        name = "jipyo_backup_last_success_timestamp_seconds"
        target.gauge(name, done / 1000, backup=backup)
        target.gauge("jipyo_backup_last_result", 1.0, backup=backup)


def _add_accuracy(target: TargetDay) -> None:
    """People label a part of the answers in working hours."""
    day = target.day
    labelled = target.rng.poisson(STEP_S * 0.021 * day.load * day.between_hours(9, 19))
    days = np.clip((day.t_ms - day.story.drifts_ms) / DAY_MS, 0, None)
    drift = 1.1e-4 * np.minimum(days, 24) ** 2
    # Without chance: the figure of a day is to drift, not to dance about its threshold.
    right = np.cumsum(labelled * np.clip(0.942 - drift, 0.5, 1.0))
    correct = np.diff(np.floor(right), prepend=0.0)
    target.count("jipyo_predictions_labelled_total", labelled, model="qwen3-14b")
    target.count("jipyo_predictions_correct_total", correct, model="qwen3-14b")


def add_portal(target: TargetDay) -> None:
    """A Spring application: its requests, its JVM, its pools."""
    day, rng = target.day, target.rng
    total = rng.poisson(STEP_S * PORTAL_PEAK * day.load).astype(float)
    failed = rng.binomial(total.astype(np.int64), share_of_errors(day)).astype(float)
    labels = {"method": "GET", "uri": "/portal/{page}"}
    for status, requests in (("200", total - failed), ("503", failed)):
        counts, seconds = draw_histogram(rng, requests, 0.075 * slow_down(day), 3.2, EDGES)
        own = {**labels, "status": status}
        target.histogram("http_server_requests_seconds", EDGES, counts, seconds, **own)
    heap = 8 * 2**30 * (0.36 + 0.2 * day.load + 0.08 * (day.t_ms / 1000 % 1800) / 1800)
    target.gauge("jvm_memory_used_bytes", np.round(heap), area="heap", id="G1 Old Gen")
    target.gauge("jvm_memory_max_bytes", 8 * 2**30, area="heap", id="G1 Old Gen")
    pauses = STEP_S * (0.002 + 0.006 * day.load)
    target.count("jvm_gc_pause_seconds_sum", np.round(pauses, 4), action="end of minor GC")
    target.gauge("jvm_threads_live_threads", np.round(84 + 90 * day.load))
    out_of_order = day.during(day.story.outage)
    active = np.where(out_of_order, 40.0, np.round(3 + 17 * day.load * target.jitter(0.05)))
    pool = {"pool": "HikariPool-1"}
    target.gauge("hikaricp_connections_active", np.minimum(active, 40), **pool)
    target.gauge("hikaricp_connections_max", 40.0, **pool)
    target.gauge("hikaricp_connections_pending", np.where(out_of_order, 63.0, 0.0), **pool)
    threads = np.where(out_of_order, 198.0, np.round(8 + 70 * day.load))
    target.gauge("tomcat_threads_busy_threads", threads, name="http-nio-8080")
    target.gauge("tomcat_threads_config_max_threads", 200.0, name="http-nio-8080")
    target.gauge("tomcat_sessions_active_current_sessions", np.round(760 * day.load))


def add_probe(target: TargetDay) -> None:
    """What a probe from outside sees of the service."""
    day = target.day
    fails = day.during(day.story.outage) | day.during(day.story.maintenance)
    target.gauge("probe_success", np.where(fails, 0.0, 1.0))
    took = np.where(fails, 5.0, np.round(0.11 * slow_down(day) * target.jitter(0.06), 4))
    target.gauge("probe_duration_seconds", took)
    target.gauge("probe_http_status_code", np.where(fails, 503.0, 200.0))
    expires_s = day.story.month.end_ms / 1000 + 44 * 86_400
    target.gauge("probe_ssl_earliest_cert_expiry", expires_s)


def add_domain(target: TargetDay) -> None:
    """When the name of the service expires."""
    days = 241 - np.floor(target.day.month_days)
    target.gauge("domain_expiry_days", days, domain="example.go.kr")


def add_proxy(target: TargetDay) -> None:
    """The proxy before both: nginx."""
    day = target.day
    target.gauge("nginx_up", 1.0)
    target.gauge("nginx_connections_active", np.round(30 + 620 * day.load * target.jitter(0.03)))
    requests = target.rng.poisson(STEP_S * (CHAT_PEAK + PORTAL_PEAK) * day.load)
    target.count("nginx_http_requests_total", requests)
