"""Samples in and out of files: OpenMetrics text both ways, Parquet out.

An import goes piece by piece, and the store itself remembers how far it came: interrupted, it
continues there; run again, it finds nothing to do. A piece loaded twice does no harm.
"""

from __future__ import annotations

import hashlib
import importlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from jipyo.model.errors import StoreError
from jipyo.model.labels import METRIC_NAME, Labels
from jipyo.model.matcher import Matcher, MatchOp
from jipyo.model.progress import ignore_progress
from jipyo.model.sample import Appended, MetricMetadata, MetricType, SeriesBlock, is_stale
from jipyo.tsdb.format import make_full_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from typing import BinaryIO, TextIO

    from jipyo.model.progress import Progress
    from jipyo.model.sample import Reject, Times, Values
    from jipyo.model.store import Queryable, Selector
    from jipyo.tsdb.store import Store

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_PLAIN_METRIC = re.compile("[a-zA-Z_:][a-zA-Z0-9_:]*")
_PLAIN_LABEL = re.compile("[a-zA-Z_][a-zA-Z0-9_]*")
_END_BYTES = 4096
_EXCERPT = 120
_IDENTIFYING_BYTES = 1 << 20
"""How much of a file's beginning is hashed to recognise it."""


@dataclass(frozen=True, slots=True)
class TimedSamples:
    """Samples from a parser: sample i is `values[i]` of `series[i]` at `t_ms[i]`."""

    series: Sequence[Labels]
    t_ms: Times
    values: Values
    metadata: Sequence[MetricMetadata] = ()


ParseOpenMetrics = Callable[[str], TimedSamples]
"""Parses an OpenMetrics exposition with samples, `# EOF` at its end, all of them with times."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import stored; of one that continued, only what it did since."""

    samples: int
    rejected: dict[Reject, int]


def import_openmetrics(
    store: Store,
    file: Path,
    parse: ParseOpenMetrics,
    progress: Progress = ignore_progress,
    *,
    piece_bytes: int = 16 << 20,
) -> ImportResult:
    """Load an OpenMetrics file with times, as `promtool tsdb dump-openmetrics` writes it.

    Raises:
        StoreError: the file cannot be read.
        StoreFull: the disk is full; run it again to continue from there.
        CollectError: a line is not OpenMetrics (raised by `parse`).
    """
    samples, rejected = 0, dict[Any, int]()
    try:
        with file.open("rb") as reader:
            total = file.stat().st_size
            _check_end(reader, total)
            source = _identify(reader, total)
            reader.seek(store.get_import_position(source))
            for text, position in _read_pieces(reader, piece_bytes):
                appended = _load(store, parse(text)) if text else Appended(0)
                samples += appended.samples
                for reason, count in appended.rejected.items():
                    rejected[reason] = rejected.get(reason, 0) + count
                store.save_import_position(source, position)
                progress(position, total)
    except OSError as error:
        raise StoreError(
            "tsdb.import_unreadable", path=str(file), reason=error.strerror or str(error)
        ) from error
    return ImportResult(samples, rejected)


def _check_end(reader: BinaryIO, size: int) -> None:
    """Look for `# EOF` before anything is stored: a file without it may end inside a number.

    Raises:
        StoreError: its last line is another.
    """
    reader.seek(max(0, size - _END_BYTES))
    last = reader.read().rstrip(b"\n").rpartition(b"\n")[2]
    if last != b"# EOF":
        text = last[-_EXCERPT:].decode("utf-8", "replace")
        raise StoreError("wire.no_end", hint="wire.no_end.hint", text=text)


def _decode(piece: bytes, at: int) -> str:
    """The text of a piece that begins at this byte of the file.

    Raises:
        StoreError: it is not UTF-8.
    """
    try:
        return piece.decode()
    except UnicodeDecodeError as error:
        raise StoreError("wire.not_utf8", at=at + error.start) from error


def _identify(reader: BinaryIO, size: int) -> str:
    """A file is recognised by its size and the hash of its beginning."""
    reader.seek(0)
    digest = hashlib.blake2b(reader.read(_IDENTIFYING_BYTES), digest_size=16)
    return f"{size}:{digest.hexdigest()}"


def _read_pieces(reader: BinaryIO, size: int) -> Iterator[tuple[str, int]]:
    """The file in pieces of whole lines, each as an exposition, and where it ends in the file.

    A piece begins with the comments of the family that the piece before ended in; one without
    samples is empty.
    """
    comments: list[str] = []
    at = reader.tell()
    while piece := reader.read(size):
        piece += reader.readline()
        lines = [line for line in _decode(piece, at).split("\n") if line not in {"", "# EOF"}]
        text = "\n".join([*comments, *lines, "# EOF\n"])
        has_samples = any(not line.startswith("#") for line in lines)
        comments = _find_open_comments(lines) or comments
        at = reader.tell()
        yield text if has_samples else "", at


def _find_open_comments(lines: Sequence[str]) -> list[str]:
    """The `# TYPE` and its companions that hold at the end of a piece."""
    comments: list[str] = []
    for line in reversed(lines):
        if line.startswith("#"):
            comments.append(line)
        elif comments:
            break
    return comments[::-1]


def _load(store: Store, samples: TimedSamples) -> Appended:
    if samples.metadata:
        store.describe(samples.metadata)
    return store.load(_build_blocks(samples))


def _build_blocks(samples: TimedSamples) -> Iterator[SeriesBlock]:
    """The samples by series, series with equal times together."""
    numbers: dict[Labels, int] = {}
    owner = np.fromiter(
        (numbers.setdefault(labels, len(numbers)) for labels in samples.series),
        np.int64,
        len(samples.series),
    )
    order = np.lexsort((samples.t_ms, owner))
    edges = np.flatnonzero(np.diff(owner[order], prepend=-1))
    by_times: dict[bytes, list[tuple[Labels, Values]]] = {}
    series = list(numbers)
    for number, rows in enumerate(np.split(order, edges[1:]) if len(edges) else []):
        for t_ms, values in _split_duplicates(samples.t_ms[rows], samples.values[rows]):
            by_times.setdefault(t_ms.tobytes(), []).append((series[number], values))
    for times, members in by_times.items():
        yield SeriesBlock(
            tuple(labels for labels, _ in members),
            np.frombuffer(times, np.int64),
            np.stack([values for _, values in members]),
        )


def _split_duplicates(t_ms: Times, values: Values) -> Iterator[tuple[Times, Values]]:
    """Ascending times once each; a moment that comes again is in a further round."""
    while len(t_ms):
        first = np.concatenate(([True], t_ms[1:] != t_ms[:-1]))
        yield t_ms[first], values[first]
        t_ms, values = t_ms[~first], values[~first]


# -- OpenMetrics out ------------------------------------------------------------------------


def export_openmetrics(
    store: Queryable,
    selector: Selector,
    span: tuple[int, int],
    out: TextIO,
    progress: Progress = ignore_progress,
) -> int:
    """Write matching samples within `span` (both ends included) as text; how many.

    The format has no stale markers, so those are left out.
    """
    written = 0
    described = {metadata.metric: metadata for metadata in store.metadata()}
    for block in _select_by_metric(store, selector, span):
        name = block.series[0].metric
        if (metadata := described.pop(name, None)) is not None:
            out.writelines(_format_metadata(metadata))
        for labels, row in zip(block.series, block.values, strict=True):
            head = _format_series(labels)
            keep = ~is_stale(row)
            lines = [
                f"{head} {_format_number(value)} {_format_seconds(t_ms)}\n"
                for t_ms, value in zip(block.t_ms[keep].tolist(), row[keep].tolist(), strict=True)
            ]
            out.writelines(lines)
            written += len(lines)
        progress(written, None)
    out.write("# EOF\n")
    return written


def _select_by_metric(
    store: Queryable, selector: Selector, span: tuple[int, int]
) -> Iterator[SeriesBlock]:
    for name in store.label_values(METRIC_NAME, [selector], *span):
        yield from store.select([Matcher(METRIC_NAME, MatchOp.EQ, name), *selector], *span)


def _format_metadata(metadata: MetricMetadata) -> Iterable[str]:
    """Comments of a metric that is a family by itself; of others the family's name is unknown."""
    suffix = "_total" if metadata.type is MetricType.COUNTER else ""
    if metadata.type not in {MetricType.COUNTER, MetricType.GAUGE} or not metadata.metric.endswith(
        suffix
    ):
        return
    family = metadata.metric.removesuffix(suffix)
    yield f"# TYPE {family} {metadata.type.value}\n"
    if metadata.help:
        yield f"# HELP {family} {metadata.help.translate(_ESCAPES)}\n"


def _format_series(labels: Labels) -> str:
    """The series at the begin of a line; names in other letters in quotes, as in Prometheus 3."""
    pairs = [
        (_format_label_name(name), value) for name, value in labels.pairs if name != METRIC_NAME
    ]
    inside = [f'{name}="{value.translate(_ESCAPES)}"' for name, value in pairs]
    if _PLAIN_METRIC.fullmatch(labels.metric):
        return f"{labels.metric}{{{','.join(inside)}}}" if inside else labels.metric
    return f"{{{','.join([_quote(labels.metric), *inside])}}}"


def _format_label_name(name: str) -> str:
    return name if _PLAIN_LABEL.fullmatch(name) else _quote(name)


def _quote(name: str) -> str:
    return f'"{name.translate(_ESCAPES)}"'


def _format_number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)


def _format_seconds(t_ms: int) -> str:
    whole, rest = divmod(abs(t_ms), 1000)
    return f"{'-' if t_ms < 0 else ''}{whole}.{rest:03d}"


# -- Parquet out ----------------------------------------------------------------------------


def export_parquet(
    store: Queryable,
    selector: Selector,
    span: tuple[int, int],
    file: Path,
    progress: Progress = ignore_progress,
) -> int:
    """Write matching samples as Parquet: metric, labels (a map), t (ms UTC), value.

    Needs pyarrow, which jipyo does not: the extra `parquet` brings it.

    Raises:
        StoreError: pyarrow is not installed; the hint tells how to get it.
        StoreFull: the file cannot be written.
    """
    try:
        arrow, parquet = (importlib.import_module(name) for name in ("pyarrow", "pyarrow.parquet"))
    except ImportError as error:
        raise StoreError("tsdb.no_parquet", hint="tsdb.no_parquet.hint") from error
    written = 0
    unfinished = file.with_name(f".{file.name}.unfinished")
    schema = _build_schema(arrow)
    try:
        with parquet.ParquetWriter(unfinished, schema, compression="zstd") as out:
            for block in _select_by_metric(store, selector, span):
                for labels, row in zip(block.series, block.values, strict=True):
                    out.write_table(_build_table(arrow, schema, labels, block.t_ms, row))
                    written += len(row)
                progress(written, None)
        unfinished.replace(file)
    except OSError as error:
        raise make_full_error(file, error) from error
    finally:
        unfinished.unlink(missing_ok=True)
    return written


def _build_schema(arrow: Any) -> Any:
    return arrow.schema(
        [
            ("metric", arrow.dictionary(arrow.int32(), arrow.string())),
            ("labels", arrow.map_(arrow.string(), arrow.string())),
            ("t", arrow.timestamp("ms", tz="UTC")),
            ("value", arrow.float64()),
        ]
    )


def _build_table(arrow: Any, schema: Any, labels: Labels, t_ms: Times, values: Values) -> Any:
    rest = [pair for pair in labels.pairs if pair[0] != METRIC_NAME]
    zeros = arrow.array(np.zeros(len(t_ms), np.int32))
    columns = [
        arrow.DictionaryArray.from_arrays(zeros, [labels.metric]),
        arrow.array([rest], schema.field("labels").type).take(zeros),
        arrow.array(t_ms).cast(schema.field("t").type),
        arrow.array(values),
    ]
    return arrow.Table.from_arrays(columns, schema=schema)
