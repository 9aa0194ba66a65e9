"""A change of anything that a report rests on is found when it is computed again."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from jipyo.model.plain import to_plain
from jipyo.reports.render import FORMATS
from jipyo.reports.render.json import read_report, to_json
from jipyo.reports.verify.rendered import compare_files
from jipyo.reports.verify.verification import compare_with_recomputed
from reports.days import DAY, Day, Site, blocks
from reports.verify.injections import (
    FEW,
    build,
    change_figure,
    change_file,
    change_query,
    change_sample,
    change_threshold,
)

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.model.sample import SeriesBlock
    from jipyo.reports.document import Report

INJECTED = 6


@pytest.fixture(scope="module")
def samples() -> list[SeriesBlock]:
    return list(blocks(Site(cores=2, gpus=1), (Day(DAY),)))


@pytest.fixture(scope="module")
def printed(samples: list[SeriesBlock], tmp_path_factory: pytest.TempPathFactory) -> Report:
    report = build(tmp_path_factory.mktemp("printed"), samples)
    return read_report(to_json(report))


def test_a_report_computed_again_is_equal(
    printed: Report, samples: list[SeriesBlock], tmp_path: Path
) -> None:
    found = compare_with_recomputed(printed, build(tmp_path, samples))
    assert (found.differences, found.reasons) == ((), ())
    assert found.checked > 300


@pytest.mark.parametrize("seed", range(INJECTED))
def test_one_changed_sample_is_found(
    printed: Report, samples: list[SeriesBlock], tmp_path: Path, seed: int
) -> None:
    changed = change_sample(samples, random.Random(seed))
    found = compare_with_recomputed(printed, build(tmp_path, changed))
    assert found.differences
    assert any(one.expr for one in found.differences)


@pytest.mark.parametrize("seed", range(INJECTED))
@pytest.mark.parametrize("change_one", [change_threshold, change_query])
def test_a_changed_threshold_or_query_of_the_catalogue_is_found(
    printed: Report, samples: list[SeriesBlock], tmp_path: Path, change_one: Any, seed: int
) -> None:
    again = build(tmp_path, samples, change_one(FEW, random.Random(seed)))
    # Even where nobody compares the hash of the catalogue.
    found = compare_with_recomputed(printed, replace(again, catalogue=printed.catalogue))
    assert found.differences


@pytest.mark.parametrize("name", FORMATS)
def test_a_changed_digit_of_a_file_is_found(printed: Report, name: str) -> None:
    content = FORMATS[name].render(printed, "ko")
    assert compare_files(content, content, name) == ()
    for seed in range(INJECTED):
        assert compare_files(content, change_file(content, random.Random(seed)), name), seed


def test_200_changes_of_the_report_itself_are_found(printed: Report) -> None:
    # Without the points of charts, of which most of the text consists.
    small = [block for block in printed.blocks if len(orjson.dumps(to_plain(block))) < 20_000]
    printed = replace(printed, blocks=tuple(small))
    content, draw = to_json(printed), random.Random(18)
    for _ in range(200):
        tampered = read_report(change_figure(content, draw))
        assert compare_with_recomputed(tampered, printed).differences
