"""The files of the made-up site: configuration, contract, and what its people typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import yaml

from jipyo.demo.models import TENANT_NAMES
from jipyo.files import atomic_write
from jipyo.i18n import texts
from jipyo.model.calendar import local_time

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.demo.story import Story
    from jipyo.i18n import Texts

SYSTEM = "ai-service"
_NOTE = "# Made up by `jipyo demo`. 시연용으로 만든 파일입니다.\n"


@dataclass(frozen=True, slots=True)
class SiteFile:
    """A file by its path within the folder, and what is in it."""

    path: str
    content: Any


def write_site(folder: Path, story: Story) -> None:
    """Write the files that are not there; those that a person has changed stay.

    Raises:
        OSError: a file cannot be written.
    """
    for one in list_files(story):
        path = folder / one.path
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            text = yaml.safe_dump(one.content, allow_unicode=True, sort_keys=False, width=100)
            with atomic_write(path) as file:
                file.write((_NOTE + text).encode())


def list_files(story: Story) -> list[SiteFile]:
    """All files of the site."""
    month = f"{story.month.first_day:%Y-%m}"
    earlier = f"{story.month.previous().first_day:%Y-%m}"
    return [
        SiteFile("jipyo.yaml", _write_settings(story)),
        SiteFile("contract.yaml", _CONTRACT),
        SiteFile(f"sla/{SYSTEM}/{month}.yaml", _write_typed_month(story)),
        SiteFile(f"work/{earlier}.yaml", _write_earlier_work(story)),
        SiteFile(f"work/{month}.yaml", _write_work(story)),
        SiteFile(f"inspections/{month}.yaml", _write_inspections(story)),
        SiteFile("inspection-items.yaml", _ITEMS),
    ]


def _write_settings(story: Story) -> dict[str, Any]:
    t = texts(story.lang)
    return {
        "language": story.lang,
        "timezone": story.month.zone,
        "organisation": t("demo.site.organisation"),
        "data": ".",
        "collect": {"host": False, "process": False, "gpu": False},
        "alerts": {
            "interval": "1m",
            "join": "10m",
            "dependencies": [
                {"match": 'job=~"portal|chat-api|front"', "needs": 'instance="db-1:5432"'},
                {"match": 'instance="portal:8080"', "needs": 'instance="db-1:5432"'},
                {"match": 'job="front"', "needs": 'job=~"portal|chat-api"'},
            ],
        },
        "catalogue": {
            # The cards are kept for a service whose nights are quiet: that is on purpose.
            "metrics": {"system.efficiency.gpu_idle_held": {"thresholds": None}}
        },
        "systems": [
            {
                "name": SYSTEM,
                "title": {"ko": "AI 민원상담 서비스", "en": "AI service desk"},
                "targets": 'job="front"',
                "profile": "contract.yaml",
                "fee": 18_000_000,
                "approvers": [t("demo.site.reviewer"), t("demo.site.head")],
            }
        ],
        "inspection": {"holidays": "KR", "items": "inspection-items.yaml"},
        "reports": _write_report_settings(t),
    }


def _write_report_settings(t: Texts) -> dict[str, Any]:
    return {
        "document_number": "AI-{year}-{month}",
        "approval": [
            {"step": "drafted", "name": t("demo.site.operator")},
            {"step": "reviewed", "name": t("demo.site.reviewer")},
            {"step": "approved", "name": t("demo.site.head")},
        ],
        "recipients": [t("demo.site.recipient")],
        "prices": {"currency": "KRW", "kwh": 165, "gpu_hour": 2400},
        "tenants": {
            "label": "team_alias",
            "model_label": "model",
            "requests": "litellm_proxy_total_requests_metric_total",
            "prompt_tokens": "litellm_input_tokens_metric_total",
            "generation_tokens": "litellm_output_tokens_metric_total",
            "names": TENANT_NAMES,
        },
    }


_CONTRACT: dict[str, Any] = {
    "base": "korea-public-press-2025-grade2",
    "name": {"ko": "AI 민원상담 서비스 SLA(예시)", "en": "SLA of the AI service desk (example)"},
}
_ITEMS: dict[str, Any] = {
    "version": 1,
    "items": [
        {"id": one, "name": {"ko": ko, "en": en}, "metrics": [metric]}
        for one, ko, en, metric in (
            ("cpu", "CPU 사용률", "CPU utilisation", "system.cpu.utilization"),
            ("memory", "메모리 사용률", "Memory utilisation", "system.memory.utilization"),
            ("disk", "디스크 사용률", "Disk utilisation", "system.disk.utilization"),
            ("gpu-heat", "GPU 온도", "GPU temperature", "system.gpu.temperature"),
            ("front", "첫 화면 응답", "Front page", "app.probe.down"),
            ("front-time", "첫 화면 응답 시간", "Front page time", "app.probe.time"),
            ("errors", "API 에러율", "API error rate", "app.error_rate"),
            ("inference", "AI 추론 시간", "Inference time", "ai.inference.time"),
            ("accuracy", "모델 정확도", "Model accuracy", "ai.model.accuracy"),
            ("database", "DB 커넥션", "Database connections", "db.connections"),
            ("backup", "백업", "Backups", "app.backup.age"),
            ("certificate", "인증서 만료", "Certificate", "app.probe.certificate"),
            ("clock", "시각 동기화", "Clock", "system.clock.offset"),
        )
    ],
    "manual": [
        {
            "id": "room",
            "name": {"ko": "전산실 항온항습", "en": "Climate of the server room"},
            "cycle": "monthly",
        },
        {
            "id": "restore",
            "name": {"ko": "백업 복구 시험", "en": "Test of restoring a backup"},
            "cycle": "monthly",
        },
        {
            "id": "failover",
            "name": {"ko": "이중화 전환 시험", "en": "Failover test"},
            "cycle": "quarterly",
        },
    ],
}


def _write_typed_month(story: Story) -> dict[str, Any]:
    t = texts(story.lang)
    return {
        "entered": {
            "satisfaction": {
                "value": 92.5,
                "note": t("demo.site.survey"),
                "by": t("demo.site.operator"),
            }
        },
        "attribution": {},
    }


def _write_earlier_work(story: Story) -> dict[str, Any]:
    t = texts(story.lang)
    due = story.month.first_day + timedelta(days=20)
    return {
        "plan": [
            {"title": t("demo.site.review_index"), "by": t("demo.site.operator"), "due": due},
            {
                "title": t("demo.site.deploy"),
                "by": t("demo.site.reviewer"),
                "due": story.month.first_day,
            },
        ]
    }


def _write_done(story: Story) -> list[dict[str, Any]]:
    t = texts(story.lang)

    def day(t_ms: int) -> Any:
        return local_time(t_ms, story.zone).date()

    return [
        {
            "day": day(story.deployed_ms),
            "title": t("demo.site.deployed"),
            "by": t("demo.site.reviewer"),
            "result": t("demo.site.rolled_back"),
        },
        {
            "day": day(story.hot.end_ms),
            "title": t("demo.site.fan"),
            "by": t("demo.site.operator"),
            "result": t("demo.site.fan_result"),
        },
        {
            "day": day(story.maintenance.start_ms),
            "title": t("demo.site.patches"),
            "by": t("demo.site.operator"),
            "result": t("demo.site.done"),
        },
        {
            "day": day(story.restart.start_ms),
            "title": t("demo.site.restarted"),
            "by": t("demo.site.operator"),
            "result": t("demo.site.restart_result"),
        },
    ]


def _write_work(story: Story) -> dict[str, Any]:
    t = texts(story.lang)

    following = story.month.next_day
    return {
        "done": _write_done(story),
        "actions": [
            {
                "title": t("demo.site.review_index"),
                "result": "ongoing",
                "note": t("demo.site.review_note"),
            },
            {"title": t("demo.site.deploy"), "result": "done"},
        ],
        "plan": [
            {
                "title": t("demo.site.grow_disk"),
                "by": t("demo.site.operator"),
                "due": following + timedelta(days=9),
            },
            {"title": t("demo.site.retrain"), "by": t("demo.site.reviewer")},
        ],
        "remarks": [t("demo.site.remark")] if story.month.first_day.month == 10 else [],
    }


def _write_inspections(story: Story) -> list[dict[str, Any]]:
    t = texts(story.lang)
    first = story.month.first_day
    return [
        {
            "item": "room",
            "day": first + timedelta(days=12),
            "result": "normal",
            "by": t("demo.site.operator"),
            "note": "22.4℃, 46%",
        },
        {
            "item": "restore",
            "day": first + timedelta(days=20),
            "result": "normal",
            "by": t("demo.site.operator"),
            "note": t("demo.site.restore"),
        },
        {
            "item": "errors",
            "day": local_time(story.outage.start_ms, story.zone).date(),
            "by": t("demo.site.operator"),
            "note": t("demo.site.errors_note"),
        },
    ]
