"""`/api/jipyo`: what the page shows, in the reader's language."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import orjson

from jipyo.analysis.coverage import MetricCoverage, examine_catalogue
from jipyo.analysis.health import assess_catalogue
from jipyo.i18n import Texts, texts
from jipyo.model.errors import JipyoError, QueryError, QueryErrorKind, SourceError
from jipyo.source.metric_data import read_metric
from jipyo.source.prune import MetricNames, find_metric_names
from jipyo.web.api import schemas as doc
from jipyo.web.api import views as shown
from jipyo.web.http import params
from jipyo.web.http.cache import TtlCache
from jipyo.web.http.endpoint import STATUS, Reply, lang_of
from jipyo.web.http.params import Form

if TYPE_CHECKING:
    from jipyo.analysis.health import Health
    from jipyo.web.services import Services

MAX_POINTS = 11_000
_SPAN_MS = 3_600_000

Answer = Callable[[Form, Texts, threading.Event], object]


class JipyoApi:
    """The endpoints over the rooms.

    States are computed when somebody asks, and one answer serves all who ask within
    `overview_ms`; it says of when it is.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        keep_ms = services.options.overview_ms
        self._health = TtlCache(self._survey, services.now_ms, keep_ms)
        self._findings = TtlCache(self._examine, services.now_ms, keep_ms)
        self._names = TtlCache(self._known, services.now_ms, keep_ms)

    def overview(self, form: Form, t: Texts, gone: threading.Event) -> doc.Overview:
        """Everything the first screen shows."""
        del form, gone
        services, health = self._services, self._health()
        return doc.Overview(
            t=health.t_ms / 1000,
            lang=t.lang,
            timezone=services.zone.key,
            instance=services.instance,
            version=services.version,
            verdict=shown.verdict(health, t),
            storage=shown.storage(services.storage(), t),
            topics=shown.topics(services.catalogue, t),
            metrics=tuple(
                shown.metric_now(one, t, services.zone, health.t_ms) for one in health.metrics
            ),
        )

    def metric(self, form: Form, t: Texts, gone: threading.Event) -> doc.MetricRange:
        """One metric over time."""
        metric = self._services.catalogue.get(form.path["id"])
        if metric is None:
            raise QueryError(QueryErrorKind.NOT_FOUND, t("web.no_such_metric", id=form.path["id"]))
        now_ms = self._services.now_ms()
        end_ms = params.optional_time(form, "end", now_ms)
        start_ms = params.optional_time(form, "start", end_ms - _SPAN_MS)
        step_ms = params.duration_ns(form.one("step") or "60") // 10**6
        if step_ms < 1 or end_ms < start_ms or (end_ms - start_ms) // step_ms > MAX_POINTS:
            raise QueryError.bad_data(t("web.bad_range", most=MAX_POINTS))
        source = self._services.ask(gone)
        measured = read_metric(source, metric, start_ms, end_ms, step_ms, self._names())
        return shown.metric_range(measured, t)

    def doctor(self, form: Form, t: Texts, gone: threading.Event) -> doc.Doctor:
        """Which metrics have data, and what to do for the others."""
        del form, gone
        t_ms, findings = self._findings()
        known = self._services.catalogue
        return doc.Doctor(t_ms / 1000, tuple(shown.found(one, known, t) for one in findings))

    def targets(self, form: Form, t: Texts, gone: threading.Event) -> doc.Targets:
        """Everything that is read."""
        del form, gone
        return doc.Targets(shown.targets(self._services.targets(), t))

    def status(self, form: Form, t: Texts, gone: threading.Event) -> doc.Status:
        """The verdict alone."""
        del form, gone
        services, health = self._services, self._health()
        return doc.Status(
            t=health.t_ms / 1000,
            version=services.version,
            instance=services.instance,
            started=services.started_ms / 1000,
            ready=services.ready(),
            verdict=shown.verdict(health, t),
            storage=shown.storage(services.storage(), t),
        )

    def _survey(self, now_ms: int) -> Health:
        return assess_catalogue(self._services.source, self._services.catalogue, now_ms)

    def _known(self, now_ms: int) -> MetricNames:
        return find_metric_names(self._services.source, now_ms)

    def _examine(self, now_ms: int) -> tuple[int, tuple[MetricCoverage, ...]]:
        return now_ms, examine_catalogue(self._services.source, self._services.catalogue, now_ms)


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint, and the shape of what it answers with."""

    path: str
    answer: Callable[[JipyoApi, Form, Texts, threading.Event], object]
    shape: type
    parameters: tuple[str, ...] = ("lang",)


ENDPOINTS = (
    Row("/overview", JipyoApi.overview, doc.Overview),
    Row("/metric/{id}", JipyoApi.metric, doc.MetricRange, ("id", "start", "end", "step", "lang")),
    Row("/doctor", JipyoApi.doctor, doc.Doctor),
    Row("/targets", JipyoApi.targets, doc.Targets),
    Row("/status", JipyoApi.status, doc.Status),
)
"""Every endpoint below `/api/jipyo`."""


def answerer(services: Services, answer: Answer) -> Callable[[Form, threading.Event], Reply]:
    """An endpoint's document as JSON, in the language asked for."""

    def give(form: Form, gone: threading.Event) -> Reply:
        t = texts(lang_of(form, services.lang))
        return Reply(orjson.dumps(answer(form, t, gone)))

    return give


def refuse(services: Services) -> Callable[[Exception, Form], Reply]:
    """The errors of this API: in the reader's language, with a hint where there is one."""

    def say(error: Exception, form: Form) -> Reply:
        t = texts(lang_of(form, services.lang))
        status, problem = _problem(error, t)
        return Reply(orjson.dumps(problem), status)

    return say


def _problem(error: Exception, t: Texts) -> tuple[int, doc.Problem]:
    if isinstance(error, QueryError):
        return STATUS[error.kind], doc.Problem("error", error.kind.value, error.message, "")
    if isinstance(error, JipyoError):
        text, _, hint = t.error(error).partition("\n")
        kind = "unavailable" if isinstance(error, SourceError) else "storage"
        return 503, doc.Problem("error", kind, text, hint)
    return 500, doc.Problem("error", "internal", t("web.internal"), t("web.internal.hint"))
