"""Text exposition from senders, with or without timestamps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jipyo.collect.receive.batch import ReceivedBatch, Rows, build_scrapes
from jipyo.model.errors import UnsupportedMediaType
from jipyo.model.reading import NO_TIME
from jipyo.wire.exposition import Format, Parser, decode_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jipyo.model.reading import TargetReading
    from jipyo.wire.elements import WorkLimit

_PROTOBUF = "application/vnd.google.protobuf"


def parse_exposition(
    body: bytes,
    extra: Mapping[str, str],
    form: Format = Format.TEXT,
    work_limit: WorkLimit | None = None,
) -> TargetReading:
    """The samples of an exposition, with `extra` labels set over those of its series.

    Raises:
        MalformedBody: it is not UTF-8, or a line is not what the format allows.
        TooLarge: it has more lines or labels than allowed.
    """
    parser = Parser(lambda labels: labels.put(extra), work_limit=work_limit)
    return parser.parse(decode_text(body), form)


def find_format(content_type: str) -> Format:
    """The format of an exposition by its Content-Type; text by default.

    Raises:
        UnsupportedMediaType: it is protobuf.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == _PROTOBUF:
        known = ", ".join(form.value for form in Format)
        raise UnsupportedMediaType("receive.content_type", type=kind, known=known)
    openmetrics = kind == Format.OPENMETRICS.value.partition(";")[0]
    return Format.OPENMETRICS if openmetrics else Format.TEXT


def parse_text_body(
    body: bytes,
    extra: Mapping[str, str],
    now_ms: int,
    form: Format = Format.TEXT,
    work_limit: WorkLimit | None = None,
) -> ReceivedBatch:
    """The samples of an exposition; those without a timestamp are of `now_ms`.

    Raises:
        MalformedBody: it is not UTF-8, or a line is not what the format allows.
        TooLarge: it has more lines or labels than allowed.
    """
    reading = parse_exposition(body, extra, form, work_limit)
    own_t_ms = reading.t_ms
    t_ms = np.full(len(reading.series), now_ms, np.int64)
    if own_t_ms is not None:
        t_ms = np.where(own_t_ms == NO_TIME, now_ms, own_t_ms)
    scrapes = build_scrapes(reading.series, t_ms, reading.values, Rows())
    return ReceivedBatch(scrapes, reading.metadata)
