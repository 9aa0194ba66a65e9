"""The page of the Python API: its example runs, its names exist."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import examples.python_api as example
import pytest

from api.stores import build_store, build_workspace
from docs.tables import page_of
from jipyo import api
from jipyo.i18n import LANGS, Lang

if TYPE_CHECKING:
    from pathlib import Path


def test_the_example_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(example.main(build_workspace(build_store(), tmp_path)))
    printed = capsys.readouterr().out
    assert "CPU utilisation 40" in printed
    assert "critical Memory utilisation" in printed
    assert str(tmp_path) in printed


@pytest.mark.parametrize("lang", LANGS)
def test_every_name_of_the_specification_is_documented(lang: Lang) -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| `([\w.]+)` \|$",
        page_of("python-api", lang).read_text("utf-8"),
        re.MULTILINE,
    )
    names = {
        name: metric for group in api.SPECIFICATION_NAMES.values() for name, metric in group.items()
    }
    assert dict(rows) == names


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize(
    "name",
    [
        "MetricsCollector",
        "PerformanceAnalyzer",
        "DailyReportGenerator",
        "CurrentValue",
        "ActiveBreach",
    ],
)
def test_every_class_is_documented(name: str, lang: Lang) -> None:
    assert f"`{name}`" in page_of("python-api", lang).read_text("utf-8")
    assert hasattr(api, name)
