"""Notifications for tests, all of one small story: a GPU that gets hot, and what it brings."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.alerts.alert import AlertState
from jipyo.alerts.notify.curve import Curve
from jipyo.alerts.notify.message import (
    Message,
    MessageKind,
    Notification,
    NotifiedAlert,
    NotifiedEvent,
    NotifiedFile,
    NotifiedReport,
)
from jipyo.alerts.notify.wording import Site
from jipyo.analysis.thresholds import Severity
from jipyo.model.bilingual import Bilingual
from jipyo.model.failure import FailureReason
from jipyo.model.labels import Labels

if TYPE_CHECKING:
    from pathlib import Path

T_MS = 1_795_757_100_000
"""Fri 27 November 2026 14:25 in Seoul."""
SITE = Site(instance="gpu-1", zone=ZoneInfo("Asia/Seoul"), external_url="https://jipyo.example.com")
HOT = NotifiedAlert(
    rule="system.gpu.temperature",
    name=Bilingual("GPU 온도", "GPU temperature"),
    labels=Labels.of({"instance": "gpu-1", "gpu": "2"}),
    state=AlertState.FIRING,
    severity=Severity.CRITICAL,
    started_ms=T_MS - 300_000,
    value=92.4,
    threshold=90.0,
    unit="celsius",
    runbook="https://wiki.example.com/gpu",
)
SLOW = NotifiedAlert(
    rule="ai.inference.time",
    name=Bilingual("추론 시간", "Inference time"),
    labels=Labels.of({"model": "llama"}),
    state=AlertState.FIRING,
    severity=Severity.WARNING,
    started_ms=T_MS - 200_000,
    value=1.42,
    threshold=1.0,
    unit="seconds",
)
DEAD = NotifiedAlert(
    rule="db.down",
    name=Bilingual("DB 무응답", "Database down"),
    labels=Labels.of({"instance": "db-1:5432"}),
    state=AlertState.FIRING,
    severity=Severity.CRITICAL,
    started_ms=T_MS - 30_000,
    value=2.0,
    threshold=2.0,
    reason=FailureReason.CONNECTION_REFUSED,
)


def notification(key: str = "12/opened", **changes: Any) -> Notification:
    values: dict[str, Any] = {
        "key": key,
        "kind": MessageKind.OPENED,
        "t_ms": T_MS,
        "severity": Severity.CRITICAL,
        "target": "gpu-1",
        "incident": 12,
        "began_ms": T_MS - 300_000,
        "alerts": (HOT, SLOW),
        "event": NotifiedEvent(
            t_ms=T_MS - 480_000, text=Bilingual("모델 v2 배포", "Deployed model v2")
        ),
        "first_look": Bilingual("`nvidia-smi`를 보십시오.", "Look at `nvidia-smi`."),
    }
    return Notification(**{**values, **changes})


def resolved(key: str = "12/resolved", **changes: Any) -> Notification:
    values: dict[str, Any] = {
        "kind": MessageKind.RESOLVED,
        "t_ms": T_MS + 900_000,
        "ended_ms": T_MS + 840_000,
    }
    return notification(key, **{**values, **changes})


def message(*notifications: Notification, **changes: Any) -> Message:
    """A message that was written already, of a notification or two."""
    facts = notifications or (notification(),)
    values: dict[str, Any] = {
        "key": facts[0].key,
        "kind": facts[0].kind,
        "severity": facts[0].severity,
        "t_ms": facts[0].t_ms,
        "subject": "[위험] gpu-1 · GPU 온도 92.4°C",
        "text": "GPU 온도 92.4°C",
        "html": "<p>GPU 온도 92.4°C</p>",
        "incident": facts[0].incident,
        "notifications": facts,
    }
    return Message(**{**values, **changes})


def curve(values: Any = None, threshold: float | None = 90.0) -> Curve:
    """An hour of a GPU that gets hot."""
    seen = 66 + 26 * np.linspace(0, 1, 240) ** 4 if values is None else np.array(values, float)
    t_ms = T_MS - 3_600_000 + np.arange(len(seen)) * (3_600_000 // max(len(seen), 1))
    return Curve(t_ms, seen, threshold, "celsius")


SUMMARY = """\
**월간 운영 보고서 · 2026년 10월**
IT-2026-10
**위험** 응답시간이 목표를 2\\*2시간 넘었습니다.
1. 장애 1건 <b>
"""


def reported(folder: Path, key: str = "report/month/1", **changes: Any) -> Notification:
    """A report with a PDF and a page, which are written into the folder."""
    contents = {
        "월간.pdf": ("application/pdf", b"%PDF-1.7 x"),
        "month.html": ("text/html", b"<p>x</p>"),
    }
    for name, (_, content) in contents.items():
        (folder / name).write_bytes(content)
    report = NotifiedReport(
        number="IT-2026-10",
        issue=2,
        kind="monthly",
        title=Bilingual("월간 운영 보고서 2026년 10월", "Monthly report October 2026"),
        summary=Bilingual(SUMMARY, "**Monthly report**\nall is well"),
        files=tuple(
            NotifiedFile(
                path=str(folder / name),
                name=name,
                media_type=media_type,
                size_bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
            for name, (media_type, content) in contents.items()
        ),
    )
    values: dict[str, Any] = {
        "kind": MessageKind.REPORT,
        "t_ms": T_MS,
        "severity": Severity.OK,
        "report": report,
    }
    return Notification(key=key, **{**values, **changes})
