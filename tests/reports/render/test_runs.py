"""Inline parts as runs of text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.analysis.thresholds import State
from jipyo.reports.document import Badge, Code, Inline, Joined, Quantity
from jipyo.reports.render.runs import Run, list_runs
from jipyo.reports.wording import Localizer
from reports.documents import PERIOD

LOCALIZER = Localizer.for_period(PERIOD, "ko")
WARNING, LIMIT, QUERY = Badge(State.WARNING), Quantity(80, "percent"), Code("up\n== 0")


@pytest.mark.parametrize(
    ("part", "runs"),
    [
        ("서울", [Run("서울")]),
        ("", []),
        (None, [Run("–")]),
        (WARNING, [Run("주의", WARNING)]),
        (Joined(("GPU 1", WARNING)), [Run("GPU 1 "), Run("주의", WARNING)]),
        (Joined((LIMIT, QUERY), ", "), [Run("80%", LIMIT), Run(", "), Run("up\n== 0", QUERY)]),
        ("\ue0000\ue001x\ue002", [Run("\ufffd0\ufffdx\ufffd")]),
    ],
)
def test_parts_are_runs(part: Inline, runs: list[Run]) -> None:
    assert list_runs(part, LOCALIZER) == runs


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Co"])) | st.just(WARNING)))
def test_runs_are_the_whole_text(parts: list[Inline]) -> None:
    part = Joined(tuple(parts))
    assert "".join(run.text for run in list_runs(part, LOCALIZER)) == LOCALIZER.format(part)
