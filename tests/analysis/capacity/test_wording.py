"""The capacity answer as sentences, in both languages."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from jipyo.analysis.capacity.answer import judge_target
from jipyo.analysis.capacity.find import find_capacity
from jipyo.analysis.capacity.history import CapacityObjective
from jipyo.analysis.capacity.wording import describe_capacity, describe_target
from jipyo.i18n import LANGS, Lang, texts
from support.queues import make_history

OBJECTIVE = CapacityObjective(2.0)
SEOUL = ZoneInfo("Asia/Seoul")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("peak", [2.5, 8.0, 9.7])
@pytest.mark.parametrize("busy", ["true", "none", "curved", "noise"])
def test_every_answer_can_be_read(lang: Lang, peak: float, busy: str) -> None:
    capacity = find_capacity(make_history(10.0, peak, busy=busy), OBJECTIVE)
    t = texts(lang)
    lines = describe_capacity(capacity, t, SEOUL)
    lines += tuple(describe_target(judge_target(capacity, rate), t) for rate in (1.0, 8.5, 100.0))
    assert all(line and "{" not in line for line in lines)
