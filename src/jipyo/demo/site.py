"""The files of the made-up site: configuration, contract, and what its people typed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import yaml

from jipyo.demo.models import TENANT_NAMES
from jipyo.files import atomic_write
from jipyo.model.calendar import local_time

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.demo.story import Story

OPERATOR, REVIEWER, HEAD = "김서연", "이도윤", "박지훈"
"""People of the made-up site."""
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
    return {
        "timezone": story.month.zone,
        "organisation": "가상시청 AI데이터과",
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
                "approvers": [REVIEWER, HEAD],
            }
        ],
        "inspection": {"holidays": "KR", "items": "inspection-items.yaml"},
        "reports": {
            "document_number": "AI-{year}-{month}",
            "approval": [
                {"step": "drafted", "name": OPERATOR},
                {"step": "reviewed", "name": REVIEWER},
                {"step": "approved", "name": HEAD},
            ],
            "recipients": ["가상시청 정보화담당관"],
            "prices": {"currency": "KRW", "kwh": 165, "gpu_hour": 2400},
            "tenants": {
                "label": "team_alias",
                "model_label": "model",
                "requests": "litellm_proxy_total_requests_metric_total",
                "prompt_tokens": "litellm_input_tokens_metric_total",
                "generation_tokens": "litellm_output_tokens_metric_total",
                "names": TENANT_NAMES,
            },
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
    return {
        "entered": {"satisfaction": {"value": 92.5, "note": "설문 312건", "by": OPERATOR}},
        "attribution": {},
    }


def _write_earlier_work(story: Story) -> dict[str, Any]:
    due = story.month.first_day + timedelta(days=20)
    return {
        "plan": [
            {"title": "벡터 인덱스 보존 기간 검토", "by": OPERATOR, "due": due},
            {"title": "portal v2.4 배포", "by": REVIEWER, "due": story.month.first_day},
        ]
    }


def _write_work(story: Story) -> dict[str, Any]:
    def day(t_ms: int) -> Any:
        return local_time(t_ms, story.zone).date()

    following = story.month.next_day
    return {
        "done": [
            {
                "day": day(story.deployed_ms),
                "title": "portal v2.4.1 배포",
                "by": REVIEWER,
                "result": "장애로 v2.4.0으로 되돌림",
            },
            {
                "day": day(story.hot.end_ms),
                "title": "GPU 2 냉각 팬 교체",
                "by": OPERATOR,
                "result": "온도 정상 확인",
            },
            {
                "day": day(story.maintenance.start_ms),
                "title": "정기 점검(OS 보안 패치)",
                "by": OPERATOR,
                "result": "완료",
            },
            {
                "day": day(story.restart.start_ms),
                "title": "vLLM(qwen3-14b) 재시작",
                "by": OPERATOR,
                "result": "설정 반영 확인",
            },
        ],
        "actions": [
            {"title": "벡터 인덱스 보존 기간 검토", "result": "ongoing", "note": "기준안 작성 중"},
            {"title": "portal v2.4 배포", "result": "done"},
        ],
        "plan": [
            {
                "title": "/data 증설(7.68TB → 15.36TB)",
                "by": OPERATOR,
                "due": following + timedelta(days=9),
            },
            {"title": "모델 정확도 재평가와 재학습 검토", "by": REVIEWER},
        ],
        "remarks": ["추석 연휴 뒤 이용량이 연휴 전 수준으로 돌아왔습니다."]
        if story.month.first_day.month == 10
        else [],
    }


def _write_inspections(story: Story) -> list[dict[str, Any]]:
    first = story.month.first_day
    return [
        {
            "item": "room",
            "day": first + timedelta(days=12),
            "result": "normal",
            "by": OPERATOR,
            "note": "22.4℃, 46%",
        },
        {
            "item": "restore",
            "day": first + timedelta(days=20),
            "result": "normal",
            "by": OPERATOR,
            "note": "service DB, 38분",
        },
        {
            "item": "errors",
            "day": local_time(story.outage.start_ms, story.zone).date(),
            "by": OPERATOR,
            "note": "v2.4.1 배포 장애, 장애보고서 참조",
        },
    ]
