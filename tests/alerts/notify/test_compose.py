"""Messages in both languages: their words, their pages, and hostile labels."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from jipyo.alerts.alert import AlertState
from jipyo.alerts.notify.compose import compose
from jipyo.alerts.notify.message import Message, MessageKind, Notification
from jipyo.alerts.notify.stored_notification import decode_notification, encode_notification
from jipyo.analysis.thresholds import Severity
from jipyo.i18n import Lang, texts
from jipyo.model.bilingual import Bilingual
from jipyo.model.labels import Labels
from support.notifications import DEAD, HOT, SITE, SLOW, T_MS, curve, notification, resolved


def write(
    *notifications: Notification, lang: Lang = "ko", chart: Any = None, late_ms: int = 1000
) -> Message:
    now_ms = notifications[-1].t_ms + late_ms
    return compose("k", notifications, texts(lang), SITE, lambda _: chart, now_ms)


@pytest.mark.parametrize(
    ("facts", "korean", "english"),
    [
        (
            notification(),
            "[위험] gpu-1 · GPU 온도 92.4°C (장애 #12)",
            "[Critical] gpu-1 · GPU temperature 92.4 °C (Incident #12)",
        ),
        (
            resolved(),
            "[복구] gpu-1 · GPU 온도 (장애 #12)",
            "[Resolved] gpu-1 · GPU temperature (Incident #12)",
        ),
        (
            notification(kind=MessageKind.CHANGED, severity=Severity.WARNING),
            "[주의·변경] gpu-1 · GPU 온도 92.4°C (장애 #12)",
            "[Warning, changed] gpu-1 · GPU temperature 92.4 °C (Incident #12)",
        ),
        (
            notification(kind=MessageKind.ESCALATED),
            "[위험·미접수] gpu-1 · GPU 온도 92.4°C (장애 #12)",
            "[Critical, unacknowledged] gpu-1 · GPU temperature 92.4 °C (Incident #12)",
        ),
        (
            notification(alerts=(DEAD,), target="db-1"),
            "[위험] db-1 · DB 무응답: 연결이 거부됨 (장애 #12)",
            "[Critical] db-1 · Database down: refused the connection (Incident #12)",
        ),
        (
            notification(alerts=(replace(HOT, state=AlertState.NO_DATA),)),
            "[위험] gpu-1 · GPU 온도: 데이터가 들어오지 않음 (장애 #12)",
            "[Critical] gpu-1 · GPU temperature: no data any more (Incident #12)",
        ),
        (
            notification(kind=MessageKind.TEST, incident=None, alerts=(), target="ops"),
            "[시험] gpu-1의 jipyo 알림 시험",
            "[Test] Alert test of jipyo on gpu-1",
        ),
    ],
)
def test_a_subject_says_it_all(facts: Notification, korean: str, english: str) -> None:
    assert write(facts).subject == korean
    assert write(facts, lang="en").subject == english


KOREAN = """\
gpu-1에서 장애가 발생했습니다.

GPU 온도 92.4°C
gpu-1 · GPU 2
측정값: 92.4°C
임계치: 90°C 이상
발생: 14:20
지속 시간: 5분
▁▁▁▁▁▁▁▁▁▁▁▁▂▂▂▂▃▃▄▄▅▆▇█  최저 66°C, 최고 92°C

먼저 확인할 것: `nvidia-smi`를 보십시오.
직전 이벤트: 14:17 모델 v2 배포 (3분 전)
당직: 김민수

함께 발생한 알림 1건
- llama: 추론 시간 1.42초
조치 절차: https://wiki.example.com/gpu

https://jipyo.example.com/incidents/12

gpu-1의 jipyo가 보냈습니다."""
ENGLISH = """\
The incident on gpu-1 is over.

GPU temperature
gpu-1 · GPU 2
Worst value: 92.4 °C
Threshold: 90 °C or more
Began: 14:20
Recovered: 14:39
Duration: 19 min
Just before: 14:17 Deployed model v2 (3 min earlier)
Acknowledged: 김민수
Sent late: Known since 14:40, sent 1 h later.

With it, 1 more alert
- llama: Inference time 1.42 s
Runbook: https://wiki.example.com/gpu

https://jipyo.example.com/incidents/12

Sent by jipyo on gpu-1."""


def test_the_whole_text_in_both_languages() -> None:
    assert write(notification(recipients=("김민수",)), chart=curve()).text == KOREAN
    over = resolved(acknowledged_by="김민수", first_look=None)
    assert write(over, lang="en", late_ms=3_600_000).text == ENGLISH


def test_the_page_shows_what_the_text_says() -> None:
    for lang in ("ko", "en"):
        message = write(notification(recipients=("김민수",)), lang=lang, chart=curve())
        seen = read_page(message.html)
        for line in message.text.splitlines():
            for part in re.split(r": |^- | {2}|`", line):
                assert part in seen or part[:1] == "▁", part
        assert message.chart.startswith(b"\x89PNG")
        assert 'src="cid:chart"' in message.html


def test_many_alerts_are_counted_and_a_few_named() -> None:
    others = [replace(SLOW, labels=Labels.of({"model": f"m{n}"})) for n in range(250)]
    stored = decode_notification(encode_notification(notification(alerts=(HOT, *others))))
    text = write(stored).text
    assert "함께 발생한 알림 250건" in text
    assert "- m4: 추론 시간 1.42초\n- 외 245건" in text


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_combined_message_names_each_of_its_messages(lang: Lang) -> None:
    facts = [notification(f"{n}", incident=n) for n in range(1, 61)] + [resolved(incident=61)]
    message = write(*facts, lang=lang)
    assert (message.kind, message.severity) == (MessageKind.COMBINED, Severity.CRITICAL)
    assert "61" in message.subject
    assert message.text.count("#") == 40
    assert {"ko": "외 21건", "en": "and 21 more"}[lang] in message.text
    assert "#40" in read_page(message.html)


def test_a_combined_message_of_what_is_over_is_no_alarm() -> None:
    facts = [resolved(f"{n}", incident=n) for n in range(2)]
    assert write(*facts).subject.startswith("[복구] 알림 2건: gpu-1")
    assert write(*facts, notification()).subject.startswith("[위험] 알림 3건: gpu-1")


# --- hostile labels

HTML = "<img src=x onerror=alert(1)><script>alert(2)</script>\"'&"


@pytest.mark.parametrize("lang", ["ko", "en"])
@pytest.mark.parametrize("kind", [MessageKind.OPENED, MessageKind.RESOLVED])
def test_a_label_with_html_or_a_megabyte_harms_nothing(lang: Lang, kind: MessageKind) -> None:
    evil = replace(
        HOT,
        name=Bilingual(HTML, HTML),
        labels=Labels.of({"path": HTML + "가" * 1_000_000, "gpu": f"0\r\nBcc: x@y.z{HTML}"}),
        runbook="javascript:alert(3)",
    )
    facts = notification(
        kind=kind, target=f"a\nb{HTML}", alerts=(evil,) * 9, first_look=Bilingual(HTML, HTML)
    )
    stored = encode_notification(facts)
    assert len(stored) < 60_000
    for one in (write(decode_notification(stored), lang=lang), write(facts, facts, lang=lang)):
        assert len(one.html) < 40_000
        assert len(one.text) < 10_000
        assert "\n" not in one.subject
        assert "\r" not in one.subject
        page = Page()
        page.feed(one.html)
        assert not {"script", "img"} & page.tags
        assert not page.handlers
        assert all(link.startswith("https://jipyo.example.com") for link in page.links)


class Page(HTMLParser):
    """The tags, links and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.handlers: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on")]
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.text += data


def read_page(html: str) -> str:
    page = Page()
    page.feed(html)
    return f"{page.text} {' '.join(page.links)}"


def test_what_is_no_character_becomes_a_question_mark() -> None:
    odd = replace(HOT, rule="\ud800", labels=Labels.of({"a\ud800": "b\ud800"}), runbook="\ud800")
    stored = decode_notification(encode_notification(notification(target="\ud800", alerts=(odd,))))
    assert (stored.target, stored.alerts[0].rule, stored.alerts[0].runbook) == ("?", "?", "?")
    assert dict(stored.alerts[0].labels) == {"a?": "b?"}


def test_what_is_stored_comes_back() -> None:
    for facts in (
        notification(),
        notification(alerts=(DEAD,), event=None, first_look=None, recipients=("a", "b")),
        resolved(origin=Bilingual("먼저", "first"), acknowledged_by="김"),
        notification(alerts=(replace(HOT, summary=Bilingual("요약", "sum"), ended_ms=T_MS),)),
    ):
        assert decode_notification(encode_notification(facts)) == facts
