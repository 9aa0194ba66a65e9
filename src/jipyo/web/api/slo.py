"""`/api/jipyo/slo`: the service level objectives, as of the last evaluation."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003 - the OpenAPI document reads the schemas
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from jipyo.analysis.slo import wording
from jipyo.web.api.operation import Operation, json_route

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from zoneinfo import ZoneInfo

    from jipyo.analysis.slo.result import SloResult
    from jipyo.i18n import Lang, Texts
    from jipyo.web.http.endpoint import Route
    from jipyo.web.http.message import WebRequest


@dataclass(frozen=True, slots=True)
class SloBurn:
    """How fast the budget was spent over a window."""

    window: str
    rate: float | None
    """1 is just the budget at the end of the period; null where nothing was counted."""
    good: float
    bad: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SloFigures:
    """An objective over its period, of one target. Times are Unix seconds."""

    slo: str
    title: str
    name: str
    """What tells the target from others of the objective."""
    labels: Mapping[str, str]
    target: float
    promise: str
    period: str
    start: float
    end: float
    counted_to: float
    basis: Literal["requests", "time"]
    """What is counted: requests, or minutes."""
    good: float
    bad: float
    missing_minutes: float
    compliance: float | None
    budget: float
    """How many may be bad: of the requests so far, or of the minutes of the whole period."""
    budget_left: float | None
    """1: untouched, 0: spent, below: overspent."""
    result: Literal["met", "missed", "unknown"]
    burn_rates: tuple[SloBurn, ...]
    budget_ends: float | None
    """At the pace of the last day, if within the period."""
    coverage: float
    estimated: bool
    exporter: str
    expressions: Mapping[str, str]
    """PromQL: as instant queries at `counted_to` they give the counts again."""
    problem: str
    """Why there are no figures, or an empty text."""
    text: str
    """The counts and the budget in words."""


@dataclass(frozen=True, slots=True)
class SloList:
    """All objectives."""

    objectives: tuple[SloFigures, ...]


OPERATION = Operation("/slo", SloList, "The service level objectives.", ("lang",))


def routes(
    list_results: Callable[[WebRequest], Sequence[SloResult]], zone: ZoneInfo, lang: Lang
) -> list[Route]:
    """The route."""

    def build(request: WebRequest, t: Texts) -> SloList:
        return SloList(tuple(build_result(one, t, zone) for one in list_results(request)))

    return [json_route(OPERATION, build, lang)]


def build_result(result: SloResult, t: Texts, zone: ZoneInfo) -> SloFigures:
    """The document of one result."""
    objective, refusal = result.objective, result.refusal
    sentences = [wording.describe_counts(result, t), wording.describe_budget(result, t)]
    sentences.append(wording.describe_end(result, t, zone))
    return SloFigures(
        slo=objective.id,
        title=objective.name(t.lang),
        name=result.name,
        labels=dict(result.labels.pairs),
        target=float(objective.target),
        promise=wording.describe_promise(objective, t),
        period=str(objective.period),
        start=result.period.start_ms / 1000,
        end=result.period.end_ms / 1000,
        counted_to=result.cut_ms / 1000,
        basis="requests" if objective.basis.value == "requests" else "time",
        good=result.tally.good,
        bad=result.tally.bad,
        missing_minutes=result.tally.missing,
        compliance=result.compliance,
        budget=result.budget,
        budget_left=result.budget_left,
        result=_name_result(result),
        burn_rates=tuple(
            SloBurn(wording.name_window(one.window_ms), one.rate, one.tally.good, one.tally.bad)
            for one in result.burn_rates
        ),
        budget_ends=None if result.exhausted_ms is None else result.exhausted_ms / 1000,
        coverage=max(math.floor(result.coverage * 1e6) / 1e6, 0.0),
        estimated=result.estimated,
        exporter=result.exporter,
        expressions=dict(result.expressions),
        problem="" if refusal is None else wording.describe_refusal(result, refusal, t),
        text="" if refusal else ". ".join(one for one in sentences if one),
    )


def _name_result(result: SloResult) -> Literal["met", "missed", "unknown"]:
    value = result.result.value
    return "met" if value == "met" else "missed" if value == "missed" else "unknown"
