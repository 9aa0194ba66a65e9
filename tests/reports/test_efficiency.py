"""Who used what of the accelerators: read from real samples, and shown so that rows add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from demo.test_write import MONTH, STORY
from jipyo.catalogue import load
from jipyo.demo import write_month
from jipyo.demo.day import DAY_MS
from jipyo.demo.models import TENANT_NAMES
from jipyo.i18n import LANGS
from jipyo.model.bilingual import Bilingual
from jipyo.model.errors import QueryError
from jipyo.model.result import Vector
from jipyo.promql import Engine
from jipyo.reports.document import BlockGroup, Charts, Finding, NamedBars, Quantity, Table, phrase
from jipyo.reports.efficiency_data import HOUR_MS, gather_efficiency
from jipyo.reports.options import PriceOptions, ReportsOptions, TenantOptions
from jipyo.reports.sections.actions import select_actions
from jipyo.reports.sections.efficiency import build_efficiency
from jipyo.reports.sections.findings import select_findings
from jipyo.reports.wording import Localizer
from jipyo.source import Embedded
from jipyo.tsdb import Reader
from reports.chapter_data import build_inputs
from reports.chapter_months import MONTH as CHAPTERS

TENANTS = TenantOptions(
    label="team_alias",
    requests="litellm_proxy_total_requests_metric_total",
    prompt_tokens="litellm_input_tokens_metric_total",
    generation_tokens="litellm_output_tokens_metric_total",
    names={name: Bilingual(**text) for name, text in TENANT_NAMES.items()},
)
START_MS = STORY.restart.start_ms // DAY_MS * DAY_MS
END_MS = START_MS + 12 * HOUR_MS


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("efficiency")
    write_month(folder, MONTH, days_before=-(START_MS - MONTH.start_ms) // DAY_MS, until_ms=END_MS)
    with Reader.open(folder) as reader:
        yield Embedded(reader, Engine())


@pytest.fixture(scope="module")
def data(source):
    found = gather_efficiency(source, load(), START_MS, END_MS, TENANTS)
    assert found is not None
    return found


def ask(source: Embedded, query: str) -> float:
    answer = source.instant(query, END_MS).value
    assert isinstance(answer, Vector)
    return float(answer.values[0])


def list_tables(blocks) -> dict[str, Table]:
    found = {}
    for block in blocks:
        for one in block.blocks if isinstance(block, BlockGroup) else (block,):
            if isinstance(one, Table):
                found[one.id] = one
    return found


def read_number(cell) -> float:
    if isinstance(cell, Quantity):
        return round(cell.value, cell.decimals)
    return cell or 0


def test_models_idle_time_and_what_is_unknown_add_up_to_the_meter(data):
    for kind, idle in (("kwh", data.idle_kwh), ("gpu_hours", data.idle_gpu_hours)):
        unknown = getattr(data, f"unknown_{kind}")
        parts = [getattr(one, kind) for one in data.models]
        assert np.sum(parts, axis=0) + idle + unknown == pytest.approx(getattr(data, kind))
    assert data.gpu_hours.sum() == 4 * 12
    assert {one.name for one in data.models} == {"qwen3-14b", "exaone-4-32b", "bge-m3"}
    assert data.idle_kwh.sum() > 0


def test_the_restart_of_an_engine_loses_no_token_and_no_request(source, data):
    model = next(one for one in data.models if one.name == "qwen3-14b")
    gateway = 'sum(increase(litellm_output_tokens_metric_total{model="qwen3-14b"}[12h] anchored))'
    assert model.generated_tokens.sum() == ask(source, gateway) > 1e6
    assert data.untold.generated_tokens.sum() == 0
    assert ask(source, "sum(resets(vllm:generation_tokens_total[12h]))") == 1


def test_tenants_share_the_energy_of_the_models_that_they_asked(data):
    told = sum(one.kwh.sum() for one in data.tenants)
    counted = sum(one.kwh.sum() for one in data.models if one.tokens is not None)
    assert told == pytest.approx(counted)
    assert data.untold.kwh.sum() == pytest.approx(
        next(one for one in data.models if one.name == "bge-m3").kwh.sum()
    )


@pytest.mark.parametrize("prices", [PriceOptions(), PriceOptions(currency="USD", kwh=0.13)])
def test_printed_rows_add_up_to_the_printed_total(data, prices):
    options = ReportsOptions(prices=prices, tenants=TENANTS)
    tables = list_tables(build_efficiency(data, options))
    assert set(tables) == {"efficiency-tenants", "efficiency-models"}
    for table in tables.values():
        for column, head in enumerate(table.columns):
            if not head.numeric or "each" in head.title.key:
                continue
            parts = [read_number(row[column]) for row in table.rows]
            assert round(sum(parts), 6) == round(read_number(table.totals[column]), 6)
    has_cost = any("cost" in head.title.key for head in tables["efficiency-models"].columns)
    assert has_cost == (prices.kwh is not None)


@pytest.mark.parametrize("lang", LANGS)
def test_every_text_can_be_shown_in_both_languages(data, lang):
    localizer = Localizer.for_period(MONTH, lang)
    options = ReportsOptions(prices=PriceOptions(kwh=165, gpu_hour=2400), tenants=TENANTS)
    tables = list_tables(build_efficiency(data, options))
    names = [localizer.format(row[0]) for row in tables["efficiency-tenants"].rows]
    assert TENANT_NAMES["civil"][lang] in names
    for table in tables.values():
        for row in (*table.rows, table.totals):
            assert all(localizer.format(cell) for cell in row)


def test_without_tenants_the_models_are_drawn(data):
    blocks = list(build_efficiency(replace(data, tenants=(), untold=None), ReportsOptions()))
    assert set(list_tables(blocks)) == {"efficiency-models"}
    drawn = [
        item
        for block in blocks
        if isinstance(block, BlockGroup) and isinstance(block.blocks[0], Charts)
        for item in block.blocks[0].items
        if isinstance(item, NamedBars)
    ]
    assert [bar.idle for bar in drawn[0].bars][-1]


def test_without_a_meter_there_is_no_section(source):
    empty = gather_efficiency(source, load(), START_MS - 40 * DAY_MS, START_MS - 39 * DAY_MS)
    assert empty is None
    assert list(build_efficiency(None, ReportsOptions())) == []


def test_less_than_an_hour_is_not_read(source):
    assert gather_efficiency(source, load(), START_MS, START_MS + HOUR_MS - 1) is None


def test_a_selector_that_is_none_is_an_error(source):
    wrong = replace(TENANTS, requests="sum(")
    with pytest.raises(QueryError):
        gather_efficiency(source, load(), START_MS, END_MS, wrong)


def test_many_tenants_become_rows_that_still_add_up(data):
    many = tuple(
        replace(data.tenants[0], name=f"t{at}", kwh=data.tenants[0].kwh / 50) for at in range(50)
    )
    options = ReportsOptions(tenants=TENANTS)
    table = list_tables(build_efficiency(replace(data, tenants=many), options))[
        "efficiency-tenants"
    ]
    assert len(table.rows) < 26
    assert table.rows[20][0] == phrase("reports.efficiency.others", n=30)


def test_energy_that_went_mostly_while_idle_is_a_finding_and_an_action(data) -> None:
    idle = replace(data, idle_kwh=data.kwh * 0.6)
    busy = replace(data, idle_kwh=data.kwh * 0.4)
    inputs = build_inputs(CHAPTERS, efficiency=idle)
    (finding,) = select_findings(inputs)
    assert finding.text in [
        one.text for one in build_efficiency(idle, ReportsOptions()) if isinstance(one, Finding)
    ]
    (action,) = select_actions(inputs)
    localizer = Localizer.for_period(CHAPTERS.period, "en")
    assert localizer.format(action.basis) == "60.0% of the energy used while idle"
    for other in (busy, replace(idle, knows_idle=False)):
        assert select_findings(replace(inputs, efficiency=other)) == ()
        assert select_actions(replace(inputs, efficiency=other)) == ()
