"""Names that go at once or at the end, info() across selectors, and functions seldom used."""

import math

import numpy as np
import pytest

from jipyo.model.errors import QueryError
from jipyo.model.labels import Labels
from jipyo.model.sample import STALE_BITS
from jipyo.promql import Engine, Feature, Options
from support.answers import matrix_of, number_of, raw_of, vector_of
from support.memory import MemoryStore

EARLY = Engine(Options(delayed_name_removal=False, features=frozenset(Feature)))
LATE = Engine(Options(features=frozenset(Feature)))
ENGINES = pytest.mark.parametrize("engine", [EARLY, LATE], ids=["at once", "at the end"])


def named(*names: str) -> MemoryStore:
    store = MemoryStore()
    for number, name in enumerate(names):
        store.put(
            Labels.of({"__name__": name, "job": "a"}),
            range(0, 600_001, 60_000),
            [float(10 * number + nth) for nth in range(11)],
        )
    return store


def answered(engine: Engine, store: MemoryStore, expr: str) -> list[str]:
    return [str(labels) for labels in vector_of(engine.instant(store, expr, 600_000)).series]


@ENGINES
@pytest.mark.parametrize(
    "expr",
    [
        "abs(x)",
        "rate(x[5m])",
        "-x",
        "x + 1",
        "x > bool 1",
        "timestamp(x)",
        "timestamp(abs(x))",
        "clamp_min(x, 0)",
        "clamp_max(x, 100)",
        "clamp(x, 0, 100)",
        "round(x, 5)",
        "hour(x)",
        "quantile_over_time(0.5, x[5m])",
        "min_over_time(x[5m:1m])",
        "x + x",
        "x == bool x",
        "sum without () (x)",
        "avg_over_time(abs(x)[5m:1m])",
        'label_join(abs(x), "__name__", "", "nobody")',
    ],
)
def test_what_changes_numbers_drops_the_name(engine: Engine, expr: str) -> None:
    assert answered(engine, named("x"), expr) == ['{job="a"}']


@ENGINES
@pytest.mark.parametrize(
    "expr",
    [
        "x",
        "+x",
        "x > 1",
        "x >= x",
        "last_over_time(x[5m])",
        "first_over_time(x[5m])",
        "x and x",
        "x or y",
        "clamp(x, 1, 0) or x",
        "topk(1, x)",
        "sort(x)",
        "limitk(1, x)",
        "x @ end()",
        'label_replace(abs(x), "__name__", "x", "job", ".*")',
    ],
)
def test_what_picks_numbers_keeps_the_name(engine: Engine, expr: str) -> None:
    assert answered(engine, named("x"), expr) == ['x{job="a"}']


def test_names_that_go_at_the_end_can_still_be_used() -> None:
    store = named("x", "y")
    expr = 'label_replace(rate({job="a"}[5m]), "__name__", "rate_$1", "__name__", "(.+)")'
    assert answered(LATE, store, expr) == ['rate_x{job="a"}', 'rate_y{job="a"}']
    with pytest.raises(QueryError, match="vector cannot contain metrics with the same labelset"):
        EARLY.instant(store, expr, 600_000)
    assert answered(LATE, store, 'sum(rate({job="a"}[5m]))') == ["{}"]


@ENGINES
@pytest.mark.parametrize("expr", ['rate({job="a"}[5m])', 'abs({job="a"})', '{job="a"} * 2'])
def test_series_that_become_one_are_refused(engine: Engine, expr: str) -> None:
    message = "vector cannot contain metrics with the same labelset"
    with pytest.raises(QueryError) as caught:
        engine.instant(named("x", "y"), expr, 600_000)
    assert caught.value.message == message
    with pytest.raises(QueryError) as caught:
        engine.range(named("x", "y"), expr, 0, 600_000, 60_000)
    assert caught.value.message == message


@ENGINES
def test_series_that_become_one_at_different_times_are_joined(engine: Engine) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [0], [1.0])
    store.put(Labels.of({"__name__": "y"}), [600_000], [2.0])
    value = matrix_of(engine.range(store, '{__name__=~"x|y"} + 0', 0, 600_000, 600_000))
    assert value.series == (Labels(()),)
    assert value.values.tolist() == [[1.0, 2.0]]
    assert value.present.all()


@pytest.mark.parametrize(
    ("expr", "value"),
    [
        ("min_of(2, 3)", 2.0),
        ("max_of(2, 3)", 3.0),
        ("max_of(NaN, Inf)", math.inf),
        ("min_of(NaN, -Inf)", -math.inf),
        ("scalar(x)", 10.0),
        ("-scalar(x)", -10.0),
        ("scalar(nobody)", math.nan),
        ("pi()", math.pi),
        ("time()", 600.0),
        ("scalar(x @ 0) + 1", 1.0),
    ],
)
def test_scalars(expr: str, value: float) -> None:
    got = number_of(LATE.instant(named("x"), expr, 600_000))
    assert got == value or (math.isnan(got) and math.isnan(value))
    over = matrix_of(LATE.range(named("x"), expr, 600_000, 660_000, 60_000))
    assert over.values.shape == (1, 2)


@pytest.mark.parametrize(
    "expr",
    ["histogram_count(x)", "histogram_avg(x)", "start_timestamp(x)", "absent(x)", "topk(0, x)"],
)
def test_functions_that_find_nothing_in_floats(expr: str) -> None:
    assert answered(LATE, named("x"), expr) == []


@pytest.mark.parametrize(
    ("expr", "labels"),
    [
        ('absent(y{job="b", path="/"})', '{job="b",path="/"}'),
        ('absent(y{job=~"b", path="/"})', '{path="/"}'),
        ('absent(y{job="b", job!="c"})', "{}"),
        ("absent(sum(y))", "{}"),
        ('absent_over_time(y{job="b"}[5m])', '{job="b"}'),
        ('absent(y{job="b"} @ 5)', '{job="b"}'),
        ("absent_over_time((y + y)[1m:])", "{}"),
        ("absent_over_time(y[1m:])", "{}"),
    ],
)
def test_what_is_absent_is_called_as_the_selector_says(expr: str, labels: str) -> None:
    assert answered(LATE, named("x"), expr) == [labels]


def described() -> MemoryStore:
    store = named("x")
    base = {"job": "a", "instance": "i"}
    for name in ("cpu", "memory"):
        store.put(Labels.of({"__name__": name, **base}), range(0, 600_001, 60_000), [1.0] * 11)
    store.put(Labels.of({"__name__": "lonely"}), range(0, 600_001, 60_000), [1.0] * 11)
    old, new = range(0, 300_001, 60_000), range(360_000, 600_001, 60_000)
    for version, times in (("1", old), ("2", new)):
        labels = {"__name__": "target_info", **base, "version": version, "__unit__": "u"}
        store.put(Labels.of(labels), times, [1.0] * len(times))
    store.put(
        Labels.of({"__name__": "build_info", **base, "branch": "main"}),
        range(0, 600_001, 60_000),
        [1.0] * 11,
    )
    return store


INFO = '{{instance="i",job="a"{}}}'


@pytest.mark.parametrize(
    ("expr", "series"),
    [
        ("info(cpu)", "cpu" + INFO.format(',version="2"')),
        ("info(cpu @ 60)", "cpu" + INFO.format(',version="1"')),
        ("info(cpu offset 5m)", "cpu" + INFO.format(',version="1"')),
        ("info(rate(cpu[1m] offset 5m))", ""),
        ("info(max_over_time(cpu[5m:1m] offset 5m))", INFO.format(',version="1"')),
        ("info(max_over_time((cpu @ 60)[5m:1m]))", INFO.format(',version="1"')),
        ("info(cpu + on (job) (memory offset 5m))", '{job="a"}'),
        ("info(cpu + ignoring () vector(1))", ""),
        ("info(cpu offset 5m + on () group_left () vector(1))", INFO.format(',version="2"')),
        ("info(clamp_max(cpu offset 5m, 9))", INFO.format(',version="1"')),
        ('info(cpu, {version="2"})', "cpu" + INFO.format(',version="2"')),
        ('info(cpu, {version="1"})', ""),
        ('info(cpu and (cpu @ 60), {version=~".+"} @ 60)', "cpu" + INFO.format(',version="2"')),
        ('info(cpu, {nobody=~".*"})', "cpu" + INFO.format("")),
        (
            'info(cpu, {branch=~".+", __name__="build_info"})',
            'cpu{branch="main",instance="i",job="a"}',
        ),
        (
            'info(cpu, {__name__=~".+_info"})',
            'cpu{branch="main",instance="i",job="a",version="2"}',
        ),
        ('info(cpu, {__name__!="build_info"})', "cpu" + INFO.format(',version="2"')),
        ("info(lonely)", "lonely"),
        ('info(lonely, {version=~".+"})', ""),
        ("info(target_info)", 'target_info{__unit__="u",instance="i",job="a",version="2"}'),
        ("info(info(cpu))", "cpu" + INFO.format(',version="2"')),
        ("info(sum by (instance, job) (cpu))", INFO.format(',version="2"')),
        ("info(vector(1))", "{}"),
    ],
)
def test_info_adds_the_labels_of_the_moment(expr: str, series: str) -> None:
    assert answered(LATE, described(), expr) == ([series] if series else [])


def test_info_changes_labels_step_by_step() -> None:
    value = matrix_of(LATE.range(described(), "info(cpu)", 240_000, 480_000, 60_000))
    assert [labels["version"] for labels in value.series] == ["1", "2"]
    assert value.present.tolist() == [
        [True, True, False, False, False],
        [False, False, True, True, True],
    ]


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({"__name__": "target_info", "version": "3"}, "found duplicate series for info metric"),
        ({"__name__": "other_info", "version": "3"}, "conflicting label: version"),
    ],
)
def test_info_series_that_contradict_one_another_are_refused(
    extra: dict[str, str], message: str
) -> None:
    store = described()
    store.put(Labels.of({**extra, "job": "a", "instance": "i"}), [600_000], [1.0])
    with pytest.raises(QueryError, match=message):
        LATE.instant(store, 'info(cpu, {__name__=~"target_info|other_info"})', 600_000)


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        ("rate(x[5m] smoothed) + sum_over_time(x[5m] smoothed)", "smoothed modifier can only be"),
        ("changes(x[5m] smoothed)", "with: delta, increase, rate - not with changes"),
        ("last_over_time(x[5m] anchored)", "anchored modifier can only be used with: changes, "),
        ("double_exponential_smoothing(x[5m], 0, 0.5)", "invalid smoothing factor. Expected: 0 <"),
        ("double_exponential_smoothing(x[5m], 0.5, 2)", "0 < tf < 1, got: 2.000000"),
    ],
)
def test_impossible_windows_are_refused(expr: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        LATE.instant(named("x"), expr, 600_000)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("window", "points"),
    [
        ("x[2m] anchored", [(450_000, 7.0), (480_000, 8.0), (540_000, 9.0), (570_000, 9.0)]),
        ("x[2m] smoothed", [(450_000, 7.5), (480_000, 8.0), (540_000, 9.0), (570_000, 9.5)]),
        ("nobody[2m] anchored", []),
        ("x[1s] anchored offset 20m", []),
        ("x[1s] anchored", []),
    ],
)
def test_extended_windows_show_their_edges(window: str, points: list[tuple[int, float]]) -> None:
    blocks = raw_of(LATE.instant(named("x"), window, 570_000)).blocks
    got = [
        (t_ms, value)
        for block in blocks
        for t_ms, value in zip(block.t_ms.tolist(), block.values[0].tolist(), strict=True)
    ]
    assert got == points


@pytest.mark.parametrize(
    ("expr", "message"),
    [
        (
            "x + on () group_left () {job='a'}",
            "found duplicate series for the match group {} on the right hand-side of the "
            'operation: [{__name__="x", job="a"}, {__name__="y", job="a"}];'
            "many-to-many matching not allowed: "
            "matching labels must be unique on one side",
        ),
        (
            "{job='a'} + on () group_right () x",
            "found duplicate series for the match group {} on the left hand-side of the "
            'operation: [{__name__="x", job="a"}, {__name__="y", job="a"}];'
            "many-to-many matching not allowed: "
            "matching labels must be unique on one side",
        ),
        (
            "{job='a'} + on () x",
            "multiple matches for labels: many-to-one matching must be explicit "
            "(group_left/group_right)",
        ),
        (
            "{job='a'} + on () group_left () x",
            "multiple matches for labels: grouping labels must ensure unique matches",
        ),
    ],
)
def test_impossible_matching_is_refused_as_prometheus_says_it(expr: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        LATE.instant(named("x", "y"), expr, 600_000)
    assert caught.value.message == message


def test_matching_is_judged_only_where_series_meet() -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "one"}), [0], [1.0])
    store.put(Labels.of({"__name__": "many", "i": "1"}), [600_000], [1.0])
    store.put(Labels.of({"__name__": "many", "i": "2"}), [600_000], [2.0])
    assert not matrix_of(LATE.range(store, "one + on () many", 0, 600_000, 600_000)).series


@pytest.mark.parametrize("step_ms", [1_000, 30_000, 100_000])
def test_a_gauge_that_falls_often_counts_as_many_resets(step_ms: int) -> None:
    store = MemoryStore()
    values = [float(nth % 2) for nth in range(400)]
    store.put(Labels.of({"__name__": "x_total"}), range(0, 400_000, 1_000), values)
    value = matrix_of(LATE.range(store, "increase(x_total[100s])", 99_000, 399_000, step_ms))
    assert value.values[0].tolist() == pytest.approx([50] * value.values.shape[1], rel=0.02)


def test_series_that_become_one_stand_beside_others() -> None:
    store = MemoryStore()
    for name, labels, t_ms in (("x", "a", 0), ("y", "a", 600_000), ("z", "b", 0)):
        store.put(Labels.of({"__name__": name, "job": labels}), [t_ms], [1.0])
    value = matrix_of(LATE.range(store, '{__name__=~"x|y|z"} + 0', 0, 600_000, 600_000))
    assert [labels["job"] for labels in value.series] == ["a", "b"]
    assert value.present.tolist() == [[True, True], [True, False]]


def test_a_series_without_samples_near_any_step_is_not_there() -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "x"}), [1_000_000], [1.0])
    assert matrix_of(LATE.range(store, "x", 0, 3_600_000, 3_600_000)).series == ()


def test_a_series_of_ends_only_has_no_windows() -> None:
    store = MemoryStore()
    for i, bits in enumerate((STALE_BITS, 0)):
        values = np.array([bits], np.uint64).view(np.float64)
        store.put(Labels.of({"__name__": "x", "i": str(i)}), [0], values)
    value = vector_of(LATE.instant(store, "count_over_time(x[1m])", 0))
    assert [labels["i"] for labels in value.series] == ["1"]


@pytest.mark.parametrize(("fill", "values"), [("fill_left(5)", [7.0]), ("fill_right(5)", [6.0])])
def test_one_side_may_be_filled(fill: str, values: list[float]) -> None:
    store = MemoryStore()
    store.put(Labels.of({"__name__": "left", "i": "1"}), [0], [1.0])
    store.put(Labels.of({"__name__": "right", "i": "2"}), [0], [2.0])
    assert vector_of(LATE.instant(store, f"left + {fill} right", 0)).values.tolist() == values


def test_labels_that_do_not_decide_are_followed_by_the_others() -> None:
    store = MemoryStore()
    for a, b in (("1", "2"), ("1", "1"), ("1", "10")):
        store.put(Labels.of({"__name__": "x", "a": a, "b": b}), [0], [1.0])
    series = vector_of(LATE.instant(store, 'sort_by_label(x, "a")', 0)).series
    assert [labels["b"] for labels in series] == ["1", "10", "2"]
    series = vector_of(LATE.instant(store, 'sort_by_label(x, "a", "b")', 0)).series
    assert [labels["b"] for labels in series] == ["1", "2", "10"]


def test_infinities_between_many_resets_spoil_their_own_windows_only() -> None:
    store = MemoryStore()
    values = [float(nth % 2) for nth in range(400)]
    values[100] = math.inf
    store.put(Labels.of({"__name__": "x_total"}), range(0, 400_000, 1_000), values)
    value = matrix_of(LATE.range(store, "increase(x_total[50s])", 49_000, 399_000, 50_000))
    assert value.values[0, [0, 1]].tolist() == pytest.approx([25, 25], rel=0.03)
    assert math.isnan(value.values[0, 2])
    assert value.values[0, 3:].tolist() == pytest.approx([25] * 5, rel=0.03)


def test_info_that_is_asked_for_and_ends_takes_its_series_along() -> None:
    store = described()
    store.put(Labels.of({"__name__": "late", "job": "a", "instance": "i"}), [540_000], [1.0])
    labels = {"__name__": "start_info", "job": "a", "instance": "i", "phase": "0"}
    store.put(Labels.of(labels), [0], [1.0])
    start = 'info(cpu, {__name__="start_info", phase="0"})'
    value = matrix_of(LATE.range(store, start, 0, 600_000, 300_000))
    assert value.present.tolist() == [[True, False, False]]
    value = matrix_of(LATE.range(store, "info(late)", 240_000, 600_000, 60_000))
    assert [labels["version"] for labels in value.series] == ["2"]


def test_a_subquery_without_steps_is_empty() -> None:
    assert answered(LATE, named("x"), "count_over_time(x[1s:1h])") == []
    assert vector_of(LATE.instant(named("x"), "count_over_time(x[1m:5m])", 540_000)).series == ()


@pytest.mark.parametrize("by", ["", "by () ", "by (job) "])
def test_groups_that_are_present_at_no_step_have_no_quantile(by: str) -> None:
    assert answered(LATE, named("x"), f"quantile {by}(0.5, clamp(x, 1, 0))") == []


@pytest.mark.parametrize(
    "expr",
    [
        'label_join(sum by (job) (x), "job", "-", "nobody")',
        'label_replace(sum by (job) (x), "job", "", "job", ".*")',
    ],
)
def test_the_last_label_may_be_taken_away(expr: str) -> None:
    assert answered(LATE, named("x"), expr) == ["{}"]
