"""What the requests of OTLP share, whatever they carry: protobuf or JSON, and attributes."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from jipyo.model.errors import MalformedBody
from jipyo.wire.elements import PACKED, LightSchema, Schema, WorkLimit

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue

_M = TypeVar("_M", bound=Message)
PrepareObject = Callable[[dict[str, Any]], dict[str, Any]]
"""Changes an object of JSON, innermost first, before the library reads it."""
_WRITTEN_SMALL, _WRITTEN_LARGE = 1e-6, 1e21
"""Between them JSON writes numbers without an exponent (ECMAScript, and Go after it)."""
_ATTRIBUTES = "opentelemetry.proto.common.v1."
"""The package of keys and values; a point has as many as its series has labels."""


def build_schema(descriptor: Any, known: dict[str, Schema] | None = None) -> Schema:
    """The messages and packed numbers of a message, for counting; messages may hold themselves."""
    known = {} if known is None else known
    if descriptor.full_name not in known:
        is_light = descriptor.full_name.startswith(_ATTRIBUTES)
        fields: dict[int, Schema | None] = LightSchema() if is_light else {}
        known[descriptor.full_name] = fields
        for about in descriptor.fields:
            if about.message_type is not None:
                fields[about.number] = build_schema(about.message_type, known)
            elif about.is_packed:
                fields[about.number] = PACKED
    return known[descriptor.full_name]


def parse_message(
    body: bytes,
    empty: _M,
    schema: Schema,
    prepare: PrepareObject | None,
    work_limit: WorkLimit,
) -> _M:
    """Parse a body into an empty message: as JSON where `prepare` is given, else as protobuf.

    Raises:
        MalformedBody: the body holds no such message.
        TooLarge: it has more elements than allowed.
    """
    if prepare:
        work_limit.check_json(body)
    else:
        work_limit.check_protobuf(body, schema)
    work_limit.check_waiting()
    try:
        if prepare:
            content = json.loads(body, object_hook=lambda item: prepare(_check_texts(item)))
            if not isinstance(content, dict):
                raise MalformedBody("wire.damaged", reason="no JSON object")
            json_format.ParseDict(content, empty, ignore_unknown_fields=True)
        else:
            empty.ParseFromString(body)
    except (
        DecodeError,
        json_format.ParseError,
        ValueError,
        OverflowError,  # Infinity where a whole number must be
        RecursionError,
    ) as error:
        # The library quotes what it refuses, lone surrogates too.
        reason = str(error)[:200].encode("utf-8", "replace").decode()
        raise MalformedBody("wire.damaged", reason=reason) from error
    return empty


def _check_texts(item: dict[str, Any]) -> dict[str, Any]:
    # A lone surrogate would be a SystemError of the library; here it is a ValueError.
    "".join([*item, *(value for value in item.values() if isinstance(value, str))]).encode()
    return item


def format_value(value: AnyValue) -> str:
    """An attribute as a text; what is not plain is written as JSON."""
    plain = to_plain(value)
    if isinstance(plain, str):
        return plain
    return "" if plain is None else format_json(plain)


def to_plain(value: AnyValue) -> Any:
    """An attribute as Python has it; bytes as base64, numbers that are not finite as words."""
    kind = value.WhichOneof("value")
    plain = getattr(value, kind) if kind else None
    if kind == "array_value":
        plain = [to_plain(item) for item in value.array_value.values]
    elif kind == "kvlist_value":
        plain = {pair.key: to_plain(pair.value) for pair in value.kvlist_value.values}
    elif kind == "bytes_value":
        plain = base64.b64encode(value.bytes_value).decode()
    elif isinstance(plain, float) and not math.isfinite(plain):
        plain = format_non_finite(plain)
    return plain


def format_json(plain: Any) -> str:
    """JSON as Go writes it: keys sorted, numbers by their shortest digits."""
    if isinstance(plain, dict):
        pairs = (f"{format_json(key)}:{format_json(plain[key])}" for key in sorted(plain))
        return f"{{{','.join(pairs)}}}"
    if isinstance(plain, list):
        return f"[{','.join(map(format_json, plain))}]"
    if isinstance(plain, float):
        if plain == 0 or _WRITTEN_SMALL <= abs(plain) < _WRITTEN_LARGE:
            return np.format_float_positional(plain, trim="-")
        return np.format_float_scientific(plain, trim="-", exp_digits=1)
    return json.dumps(plain, ensure_ascii=False)


def format_non_finite(value: float) -> str:
    """As Go writes it."""
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"
