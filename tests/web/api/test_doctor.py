"""`/api/jipyo/doctor` and `/api/jipyo/targets`: what has data, what is collected."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from jipyo.analysis.coverage import MetricCoverage
from jipyo.i18n import texts
from jipyo.web.api.doctor import build_availability
from support.web import Client

if TYPE_CHECKING:
    from jipyo.catalogue import Catalogue

Serve = Callable[..., Client]
CPU = "system.cpu.utilization"


def test_the_doctor_names_who_gives_a_metric_or_what_to_do(client: Client) -> None:
    metrics = {one["id"]: one for one in client.get("/api/jipyo/doctor", lang="en").json["metrics"]}
    assert metrics[CPU] == metrics[CPU] | {
        "state": "found",
        "exporter": "node_exporter",
        "series": 1,
        "remedy": None,
    }
    assert metrics["ai.model.accuracy"]["state"] == "missing"
    assert metrics["ai.model.accuracy"]["remedy"]


def test_a_rejected_query_is_the_remedy(known: Catalogue) -> None:
    finding = MetricCoverage(known.metrics[0], (), "query was refused")
    availability = build_availability(finding, known, texts("en"))
    assert (availability.state, availability.remedy) == ("missing", "query was refused")
    assert (availability.exporter, availability.series) == (None, 0)
