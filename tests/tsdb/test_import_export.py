"""Import and export: what goes out comes in again."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jipyo.model.errors import CollectError, StoreError, StoreFull
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.sample import (
    STALE_NAN,
    MetricMetadata,
    MetricType,
    Reject,
    Scrape,
    SeriesBlock,
)
from jipyo.tsdb import (
    TimedSamples,
    export_openmetrics,
    export_parquet,
    import_openmetrics,
)
from jipyo.tsdb.options import DAY_MS
from jipyo.wire.exposition import Format, Parser
from tsdb.support import EVER, EVERYTHING, STEP, T0, Opened, Samples, everything, one

if TYPE_CHECKING:
    from pathlib import Path

    from jipyo.model.labels import Labels
    from jipyo.model.store import Selector

NAMES = (
    one("jobs_total", job='a"b\\c\nd', host="x"),
    one("load1", host="x"),
    one("이름", **{"레이블 이름": "값"}),
)


def parse(text: str) -> TimedSamples:
    """As `app` hands the scraper's parser down."""
    reading = Parser().parse(text, Format.OPENMETRICS)
    assert reading.t_ms is not None
    return TimedSamples(reading.series, reading.t_ms, reading.values, reading.metadata)


def exported(opened: Opened, selector: Selector = EVERYTHING) -> str:
    out = io.StringIO()
    export_openmetrics(opened.store, selector, EVER, out)
    return out.getvalue()


@pytest.fixture
def filled(opened: Opened) -> Opened:
    t_ms = T0 - DAY_MS + STEP * np.arange(1, 2000)
    values = np.random.default_rng(8).normal(size=(3, len(t_ms)))
    values[1, :4] = [np.inf, -np.inf, np.nan, -0.0]
    opened.store.load([SeriesBlock(NAMES, t_ms, values)])
    opened.store.describe(
        [
            MetricMetadata("jobs_total", MetricType.COUNTER, 'Jobs "done".\nAll.'),
            MetricMetadata("load1", MetricType.GAUGE, "Load."),
            MetricMetadata("other", MetricType.GAUGE, "Not here."),
        ]
    )
    return opened


def test_text_that_goes_out_comes_in_again(filled: Opened, tmp_path: Path) -> None:
    text = exported(filled)
    assert text.endswith("# EOF\n")
    assert '# TYPE jobs counter\n# HELP jobs Jobs \\"done\\".\\nAll.\n' in text
    (tmp_path / "dump").write_text(text)
    other = Opened(tmp_path / "other")
    told: list[tuple[int, int | None]] = []
    answer = import_openmetrics(
        other.store, tmp_path / "dump", parse, lambda done, total: told.append((done, total))
    )
    assert answer.samples == 3 * 1999
    assert everything(other.store) == everything(filled.store)
    assert told[-1][0] == told[-1][1]
    other.store.close()


def test_stale_markers_have_no_text(opened: Opened) -> None:
    opened.store.append([Scrape(T0, NAMES[1:2], np.array([STALE_NAN]))])
    opened.store.append([Scrape(T0 + 1, NAMES[1:2], np.array([1.5]))])
    assert exported(opened) == f'load1{{host="x"}} 1.5 {T0 // 1000}.001\n# EOF\n'


@pytest.mark.parametrize(("t_ms", "text"), [(-1, "-0.001"), (0, "0.000"), (-1500, "-1.500")])
def test_times_before_1970_are_written_too(opened: Opened, t_ms: int, text: str) -> None:
    opened.store.load([SeriesBlock((one("up"),), np.array([t_ms]), np.ones((1, 1)))])
    assert exported(opened) == f"up 1.0 {text}\n# EOF\n"


def test_an_import_cut_short_goes_on_where_it_was_and_again_does_nothing(
    filled: Opened, tmp_path: Path
) -> None:
    (tmp_path / "dump").write_text(exported(filled))
    other = Opened(tmp_path / "other")
    pieces = 0

    def breaks(text: str) -> TimedSamples:
        nonlocal pieces
        pieces += 1
        if pieces == 6:
            raise CollectError("broken")
        return parse(text)

    with pytest.raises(CollectError):
        import_openmetrics(other.store, tmp_path / "dump", breaks, piece_bytes=20_000)
    part = sum(map(len, everything(other.store).values()))
    assert 0 < part < 3 * 1999
    other.again()
    rest = import_openmetrics(other.store, tmp_path / "dump", parse, piece_bytes=30_000)
    assert part + rest.samples == 3 * 1999
    assert everything(other.store) == everything(filled.store)
    assert import_openmetrics(other.store, tmp_path / "dump", parse).samples == 0
    assert other.store.metadata("load1") == filled.store.metadata("load1")
    other.store.close()


def test_of_two_values_for_a_moment_the_first_stays(opened: Opened, tmp_path: Path) -> None:
    dump = tmp_path / "dump"
    dump.write_text("up 1 5\nup 2 5\nup 1 6\nup 3 4\n# EOF\n")
    page = TimedSamples(
        [one("up")] * 4, np.array([5, 5, 6, 4]) * 1000, np.array([1.0, 2.0, 1.0, 3.0])
    )
    answer = import_openmetrics(opened.store, dump, lambda _: page)
    assert (answer.samples, answer.rejected) == (3, {Reject.DUPLICATE: 1})
    assert [t for t, _ in everything(opened.store)[one("up")]] == [4000, 5000, 6000]


def test_an_empty_page_is_no_sample(opened: Opened, tmp_path: Path) -> None:
    (tmp_path / "dump").write_text("# EOF\n")
    empty = TimedSamples([], np.empty(0, np.int64), np.empty(0))
    assert import_openmetrics(opened.store, tmp_path / "dump", lambda _: empty).samples == 0


def test_a_file_that_cannot_be_read_is_said(opened: Opened, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"tsdb\.import_unreadable"):
        import_openmetrics(opened.store, tmp_path / "none", parse)


def test_a_selection_goes_out_alone(filled: Opened) -> None:
    text = exported(filled, [Matcher("__name__", MatchOp.EQ, "load1")])
    assert {line.split("{")[0] for line in text.splitlines()[2:-1]} == {"load1"}


def test_parquet_without_its_library_tells_the_remedy(
    filled: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(StoreError, match=r"tsdb\.no_parquet") as raised:
        export_parquet(filled.store, EVERYTHING, EVER, tmp_path / "x.parquet")
    assert raised.value.hint == "tsdb.no_parquet.hint"


def test_parquet_holds_every_sample(filled: Opened, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    file = tmp_path / "x.parquet"
    assert export_parquet(filled.store, EVERYTHING, EVER, file) == 3 * 1999
    table = parquet.read_table(file).to_pylist()
    found: dict[object, list[tuple[int, int]]] = {}
    for row in table:
        labels = one(row["metric"], **dict(row["labels"]))
        t_ms = int(row["t"].timestamp() * 1000 + 0.5)
        found.setdefault(labels, []).append((t_ms, int(np.float64(row["value"]).view(np.uint64))))
    assert found == everything(filled.store)
    with pytest.raises(StoreFull):
        export_parquet(filled.store, EVERYTHING, EVER, tmp_path / "none" / "x.parquet")


label_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=8)
sample_values = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=15, deadline=None)
@given(
    st.dictionaries(
        st.tuples(st.from_regex("[a-z_:가é. ]{1,6}", fullmatch=True), label_text),
        st.lists(sample_values, min_size=1, max_size=3),
        min_size=1,
        max_size=4,
    )
)
def test_any_names_labels_and_numbers_go_out_and_come_in_again(
    tmp_path_factory: pytest.TempPathFactory,
    written: dict[tuple[str, str], list[float]],
) -> None:
    folder = tmp_path_factory.mktemp("any")
    opened, other = Opened(folder / "a"), Opened(folder / "b")
    for (name, text), numbers in written.items():
        t_ms = T0 - STEP * np.arange(len(numbers), 0, -1)
        series = (one(name, **{"any text": text}),)
        opened.store.load([SeriesBlock(series, t_ms, np.array([numbers]))])
    (folder / "dump").write_text(exported(opened), "utf-8", newline="\n")
    import_openmetrics(other.store, folder / "dump", parse, piece_bytes=64)
    assert drop_nan_bits(everything(other.store)) == drop_nan_bits(everything(opened.store))
    opened.store.close()
    other.store.close()


def drop_nan_bits(samples: Samples) -> dict[Labels, list[tuple[int, str]]]:
    """Numbers as text: which NaN it was cannot be written in text."""
    return {
        labels: [(t, repr(np.uint64(number).view(np.float64))) for t, number in rows]
        for labels, rows in samples.items()
    }


@pytest.mark.parametrize(
    ("labels", "line"),
    [
        (one("up"), "up"),
        (one("up", job="a"), 'up{job="a"}'),
        (one("up", b="2", a="1"), 'up{a="1",b="2"}'),
        (one("요청 수"), '{"요청 수"}'),
        (one("요청 수", a="1"), '{"요청 수",a="1"}'),
        (one("up", **{"my label": 'a"b\\c\n'}), 'up{"my label"="a\\"b\\\\c\\n"}'),
    ],
)
def test_a_series_is_written_as_prometheus_writes_it(
    opened: Opened, labels: Labels, line: str
) -> None:
    opened.store.load([SeriesBlock((labels,), np.array([T0]), np.ones((1, 1)))])
    assert exported(opened) == f"{line} 1.0 {T0 // 1000}.000\n# EOF\n"


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.0, "1.0"), (0.1, "0.1"), (1e300, "1e+300"), (-0.0, "-0.0"), (5e-324, "5e-324"),
     (float("nan"), "NaN"), (float("inf"), "+Inf"), (float("-inf"), "-Inf")],
)  # fmt: skip
def test_a_number_is_written_so_that_it_can_be_read_back(
    opened: Opened, number: float, text: str
) -> None:
    opened.store.load([SeriesBlock((one("up"),), np.array([T0]), np.array([[number]]))])
    assert exported(opened).startswith(f"up {text} ")


@pytest.mark.parametrize(
    ("metadata", "comments"),
    [
        (MetricMetadata("up", MetricType.GAUGE, "Up."), ["# TYPE up gauge", "# HELP up Up."]),
        (MetricMetadata("up", MetricType.GAUGE, ""), ["# TYPE up gauge"]),
        (MetricMetadata("up", MetricType.COUNTER, "Up."), []),  # a counter ends in _total
        (MetricMetadata("up", MetricType.HISTOGRAM, "Up."), []),
        (MetricMetadata("up", MetricType.UNKNOWN, "Up."), []),
    ],
)
def test_only_a_metric_that_is_a_family_by_itself_has_comments(
    opened: Opened, metadata: MetricMetadata, comments: list[str]
) -> None:
    opened.store.load([SeriesBlock((one("up"),), np.array([T0]), np.ones((1, 1)))])
    opened.store.describe([metadata])
    assert exported(opened).splitlines()[:-2] == comments


def test_types_hold_over_the_pieces_of_an_import(opened: Opened, tmp_path: Path) -> None:
    """A family may be longer than a piece; the comments at its begin hold for all of it."""
    lines = "".join(f'jobs_total{{n="{n}"}} {n} {T0 // 1000}\n' for n in range(50))
    (tmp_path / "dump").write_text(f"# TYPE jobs counter\n# HELP jobs Jobs.\n{lines}# EOF\n")
    pages: list[str] = []

    def record(text: str) -> TimedSamples:
        pages.append(text)
        return parse(text)

    import_openmetrics(opened.store, tmp_path / "dump", record, piece_bytes=200)
    assert len(pages) > 5
    assert all(page.startswith("# TYPE jobs counter\n# HELP jobs Jobs.\n") for page in pages)
    assert all(page.endswith("\n# EOF\n") for page in pages)
    assert len(everything(opened.store)) == 50


@pytest.mark.parametrize("piece_bytes", [1, 20, 21, 22, 1000])
def test_a_piece_without_samples_is_passed_over(
    opened: Opened, tmp_path: Path, piece_bytes: int
) -> None:
    """The end mark, or the comments of a family, may lie in a piece of their own."""
    text = f"# TYPE up gauge\n# HELP up Up.\nup 1 {T0 // 1000}\n# HELP late Late.\n# EOF\n"
    (tmp_path / "dump").write_text(text)
    answer = import_openmetrics(opened.store, tmp_path / "dump", parse, piece_bytes=piece_bytes)
    assert answer.samples == 1
    assert opened.store.get_import_position("none") == 0
    assert import_openmetrics(opened.store, tmp_path / "dump", parse).samples == 0


@pytest.mark.parametrize(
    "end", ["", "# EO", f"up 1 {T0 // 1000}\nup 2 17", "# EOF\nup 1", "#EOF", "x# EOF\n"]
)
@pytest.mark.parametrize("piece_bytes", [10, 1000])
def test_a_file_that_is_cut_is_refused_before_anything_is_stored(
    opened: Opened, tmp_path: Path, end: str, piece_bytes: int
) -> None:
    (tmp_path / "dump").write_text(f"up 1 {T0 // 1000 - 60}\n{end}")
    with pytest.raises(StoreError, match=r"wire\.no_end"):
        import_openmetrics(opened.store, tmp_path / "dump", parse, piece_bytes=piece_bytes)
    assert everything(opened.store) == {}


def test_a_file_that_is_not_utf8_is_refused_with_the_place(opened: Opened, tmp_path: Path) -> None:
    text = f"up 1 {T0 // 1000}\n".encode() + b"# HELP up \xff\n# EOF\n"
    (tmp_path / "dump").write_bytes(text)
    for piece_bytes in (5, 1000):
        with pytest.raises(StoreError, match=rf"wire\.not_utf8\(at={text.index(0xFF)}\)"):
            import_openmetrics(opened.store, tmp_path / "dump", parse, piece_bytes=piece_bytes)
