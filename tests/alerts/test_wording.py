"""Every kind and state has a text in both languages; an alert is called by its metric or rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo import catalogue
from jipyo.alerts import wording
from jipyo.alerts.alert import AlertKey, AlertState
from jipyo.alerts.events.event import EventKind
from jipyo.alerts.incident.incident import CauseClass, EntryKind, EvidenceKind, IncidentState
from jipyo.i18n import LANGS, texts
from jipyo.model.attribution import Attribution
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import Enum

    from jipyo.i18n import Lang, Texts

CPU = AlertKey("system.cpu.utilization", Labels.of({"instance": "gpu-1", "job": "node"}))
DEAD = AlertKey("system.collection.failed", Labels.of({"instance": "10.0.0.5:8000", "job": "vllm"}))
FILE = AlertKey("site.yaml/web/TooSlow", Labels.of({"job": "web"}))


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    ("kinds", "name"),
    [
        (AlertState, wording.name_alert_state),
        (IncidentState, wording.name_incident_state),
        (EntryKind, wording.name_entry),
        (EvidenceKind, wording.name_evidence),
        (CauseClass, wording.name_cause_class),
        (Attribution, wording.name_attribution),
        (EventKind, wording.name_event_kind),
    ],
)
def test_every_kind_has_a_word_of_its_own(
    kinds: type[Enum], name: Callable[[Enum, Texts], str], lang: Lang
) -> None:
    words = [name(kind, texts(lang)) for kind in kinds]
    assert all(words)
    assert len(set(words)) == len(words)


@pytest.mark.parametrize(
    ("key", "lang", "title", "unit"),
    [
        (CPU, "en", "CPU utilisation · gpu-1", "percent"),
        (CPU, "ko", "CPU 전체 사용률 · gpu-1", "percent"),
        (DEAD, "ko", "vllm 10.0.0.5:8000 응답 없음", "count"),
        (FILE, "en", "TooSlow · web", "count"),
        (AlertKey("a/b/Up", Labels.of({})), "ko", "Up", "count"),
    ],
)
def test_an_alert_is_called_by_its_metric_or_rule(
    key: AlertKey, lang: Lang, title: str, unit: str
) -> None:
    words = wording.describe_alert(key, catalogue.load(), texts(lang))
    assert (words.title, words.unit) == (title, unit)
    assert words.is_metric is (key in {CPU, DEAD})


def test_what_nobody_has_set_has_no_word() -> None:
    assert wording.name_cause_class(None, texts("ko")) == ""
    assert wording.name_attribution(None, texts("ko")) == ""
