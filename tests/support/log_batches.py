"""Log batches written down, and random ones with random conditions over them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from jipyo.logs.query import (
    LEVEL,
    MESSAGE,
    SERVICE,
    All,
    AnyOf,
    Between,
    Condition,
    Contains,
    Equals,
    Exists,
    Matches,
    Not,
    StartsWith,
)
from jipyo.logs.record import (
    Column,
    FieldPart,
    Level,
    LineLayout,
    LogBatch,
    NumberColumn,
    TextColumn,
    TimePart,
)

SECOND = 1_000_000_000
START_NS = 1_790_000_000 * SECOND
NGINX = LineLayout(
    "nginx",
    (b"", b" - ", b" [", b'] "', b" ", b'" ', b" ", b""),
    (
        FieldPart("client.address"),
        FieldPart("user.name"),
        TimePart("%d/%b/%Y:%H:%M:%S %z", 9 * 3600),
        FieldPart("http.request.method"),
        FieldPart("url.path"),
        FieldPart("http.response.status_code"),
        FieldPart("event.duration"),
    ),
)
"""A layout like that of nginx, with the duration as seconds of three decimals."""


def make_batch(
    service: str,
    rows: list[dict[str, object]],
    layout: LineLayout | None = None,
    decimals: dict[str, int] | None = None,
) -> LogBatch:
    """A batch of rows with `t` (seconds after START_NS), `level`, `message` and fields.

    A field is text or a whole number, in which `decimals` has the point; None is absent.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    fields = [name for name in names if name not in ("t", "level", "message")]
    return LogBatch(
        service=service,
        t_ns=np.array([START_NS + round(float(str(row["t"])) * SECOND) for row in rows], np.int64),
        level=np.array([Level[str(row.get("level", "INFO"))] for row in rows], np.uint8),
        fields={
            name: make_column([row.get(name) for row in rows], (decimals or {}).get(name, 0))
            for name in fields
        },
        messages=None if layout else [to_bytes(row.get("message", "")) for row in rows],
        layout=layout,
    )


def make_column(values: list[object], decimals: int = 0) -> Column:
    present = np.array([value is not None for value in values], np.bool_)
    mask = None if present.all() else present
    if all(isinstance(value, int) for value in values if value is not None):
        numbers = [value if isinstance(value, int) else 0 for value in values]
        return NumberColumn(np.array(numbers, np.int64), decimals, mask)
    return TextColumn([to_bytes(value) for value in values], mask)


def to_bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value or "").encode()


WORDS = (
    "error",
    "Timeout",
    "timeout",
    "user",
    "요청",
    "실패",
    "도를 초과",
    "7",
    "42",
    "a",
    "-",
    " ",
)
_WORDS = st.sampled_from(WORDS)
TEXTS = st.lists(_WORDS, max_size=6).map(" ".join) | st.text(max_size=6)
"""Short texts that often share words."""
LINES = TEXTS.map(str.encode) | st.binary(max_size=8)
NAMES = ("host.name", "user.name", "trace.id", "event.duration", "http.response.status_code")
NUMBERS = st.integers(-50, 1050) | st.integers(-(2**62), 2**62)


@st.composite
def columns(draw: st.DrawFn, size: int) -> Column:
    present = None
    if draw(st.booleans()):
        present = np.array(draw(st.lists(st.booleans(), min_size=size, max_size=size)), np.bool_)
    if draw(st.booleans()):
        texts = draw(st.lists(LINES | NUMBERS.map(lambda n: str(n).encode()),
                              min_size=size, max_size=size))  # fmt: skip
        return TextColumn(texts, present)
    numbers = draw(st.lists(NUMBERS, min_size=size, max_size=size))
    return NumberColumn(np.array(numbers, np.int64), draw(st.sampled_from((0, 1, 3))), present)


@st.composite
def batches(
    draw: st.DrawFn, most_rows: int = 12, services: tuple[str, ...] = ("a", "b")
) -> LogBatch:
    """A batch with messages or with a layout, in order of arrival, many with equal times."""
    size = draw(st.integers(0, most_rows))
    layout = NGINX if draw(st.integers(0, 3)) == 0 else None
    seconds = draw(st.lists(st.integers(0, 5), min_size=size, max_size=size))
    levels = draw(st.lists(st.sampled_from(Level), min_size=size, max_size=size))
    names = draw(st.sets(st.sampled_from(NAMES)))
    return LogBatch(
        service=draw(st.sampled_from(services)),
        t_ns=START_NS + np.array(seconds, np.int64) * SECOND,
        level=np.array(levels, np.uint8),
        fields={name: draw(columns(size)) for name in sorted(names)},
        messages=None if layout else draw(st.lists(LINES, min_size=size, max_size=size)),
        layout=layout,
    )


def conditions() -> st.SearchStrategy[Condition]:
    """Conditions of every kind, over fields that batches have, or hardly ever have."""
    field = st.sampled_from((*NAMES, MESSAGE, SERVICE, LEVEL, "no.such"))
    number = st.none() | st.sampled_from((-1.0, 0.0, 7.0, 42.0, 200.0, 0.5)) | st.floats(-1e6, 1e6)
    value = TEXTS | st.sampled_from(("a", "b", "info", "error", "200", "7", "0.7"))
    simple = (
        st.builds(Contains, TEXTS, field, st.booleans())
        | st.builds(Equals, field, value)
        | st.builds(StartsWith, field, value)
        | st.builds(Between, field, number, number, st.booleans(), st.booleans())
        | st.builds(Matches, st.sampled_from(("time.*t", "[0-9]{2}", "^e", "요청|실패", "")), field)
        | st.builds(Exists, field)
    )
    return st.recursive(
        simple,
        lambda inner: (
            st.lists(inner, max_size=3).map(lambda some: All(tuple(some)))
            | st.lists(inner, max_size=3).map(lambda some: AnyOf(tuple(some)))
            | st.builds(Not, inner)
        ),
        max_leaves=6,
    )
