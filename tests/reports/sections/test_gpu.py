"""GPUs: a small chart each on one scale, and a row each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.analysis.thresholds import State
from jipyo.i18n import LANGS
from jipyo.reports.document import Badge, Chart, Charts, Quantity
from jipyo.reports.sections.gpu import build_gpu, build_gpu_table, list_gpus
from jipyo.reports.wording import Localizer
from reports.chapter_data import build_entry, build_inputs
from reports.chapter_months import MONTH
from reports.quoting import check_section, find_tables, list_leaves, write_table

if TYPE_CHECKING:
    from jipyo.reports.inputs import ReportInputs

USE, MEMORY, POWER = (
    f"system.gpu.{name}" for name in ("utilization", "memory.utilization", "power")
)
FLAT = MONTH.line(30, 30)


def build(count: int, *hot: int) -> ReportInputs:
    """So many GPUs, each a point busier than the one before; the hot ones for 40 minutes."""
    use = {
        f"GPU {at}": MONTH.with_outage(FLAT + at, 95.0) if at in hot else FLAT + at
        for at in range(count)
    }
    power = {name: values * 2 for name, values in use.items()}
    return build_inputs(MONTH, build_entry(MONTH, USE, use), build_entry(MONTH, POWER, power))


def test_four_gpus_have_four_charts_on_one_scale_in_the_order_of_their_names() -> None:
    leaves = list(list_leaves(build_gpu(build(4, 2))))
    charts = next(block for block in leaves if isinstance(block, Charts))
    titles = [chart.title for chart in charts.items]
    for lang in LANGS:
        word = {"ko": "사용률", "en": "utilisation"}[lang]
        localizer = Localizer.for_period(MONTH.period, lang)
        assert [localizer.format(one) for one in titles] == [f"GPU {n} {word}" for n in range(4)]
    assert charts.one_scale
    assert charts.columns == 2
    for chart in charts.items:
        assert isinstance(chart, Chart)
        assert len(chart.lines) == 1
        assert chart.others is None
    check_section(leaves, MONTH.period)


def test_each_gpu_has_a_row_and_all_together_a_mean_and_a_total() -> None:
    table = find_tables(build_gpu(build(4, 2)))[1]
    assert [row[0] for row in table.rows] == ["GPU 0", "GPU 1", "GPU 2", "GPU 3"]
    states = [row[-1] for row in table.rows]
    assert states == [Badge(state) for state in (State.OK, State.OK, State.CRITICAL, State.OK)]
    gpus = list_gpus(build(4, 2).data)
    means = [gpu.series[USE].stats.average for gpu in gpus]
    powers = [gpu.series[POWER].stats.average for gpu in gpus]
    assert table.totals[1] == Quantity(sum(means) / 4, "percent")
    assert Quantity(sum(powers), "watt") in table.totals


def test_of_many_gpus_the_gravest_have_rows_and_the_rest_are_counted() -> None:
    table = build_gpu_table(list_gpus(build(20, 11, 17).data))
    text = write_table(table, Localizer.for_period(MONTH.period, "ko"))
    assert len(table.rows) == 9
    assert "GPU 11" in text
    assert "GPU 17" in text
    assert "외 GPU 12개" in text


def test_one_gpu_needs_no_second_table_and_keeps_the_metrics_name() -> None:
    entry = build_entry(MONTH, USE, FLAT)
    leaves = list(list_leaves(build_gpu(build_inputs(MONTH, entry))))
    assert [table.id for table in find_tables(leaves)] == ["gpu"]
    charts = next(block for block in leaves if isinstance(block, Charts))
    assert [chart.title for chart in charts.items] == [entry.metric.name]


def test_a_gpu_without_any_judged_series_is_unknown() -> None:
    power = build_entry(MONTH, POWER, {"GPU 0": FLAT, "GPU 1": FLAT})
    gpus = list_gpus(build_inputs(MONTH, power).data)
    assert [gpu.state for gpu in gpus] == [State.UNKNOWN] * 2
    table = build_gpu_table(gpus)
    assert [column.title.key for column in table.columns][1:] == [
        "reports.column.gpu_power",
        "reports.column.state",
    ]


def test_a_gpu_that_gives_no_memory_has_a_dash_there() -> None:
    use = build_entry(MONTH, USE, {"GPU 0": FLAT, "GPU 1": FLAT})
    memory = build_entry(MONTH, MEMORY, {"GPU 0": FLAT, "GPU 1": np.full(len(FLAT), np.nan)})
    table = find_tables(build_gpu(build_inputs(MONTH, use, memory)))[1]
    at = [column.title.key for column in table.columns].index("reports.column.gpu_memory")
    assert table.rows[0][at] is not None
    assert table.rows[1][at] is None
