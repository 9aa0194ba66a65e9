"""Documents of a search answer <-> records and batches; no I/O.

A document's fields have the dotted names of their paths, whether it has objects or names with
dots. A field may have several values: a condition holds for it if it holds for any of them.
Numbers with decimals stay as they were written.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jipyo.logs.evaluate import select
from jipyo.logs.levels import list_level_words
from jipyo.logs.query import LEVEL, MESSAGE, SERVICE, All, AnyOf, HasTemplate, Not
from jipyo.logs.record import Level, LogBatch, LogRecord, NumberColumn, TextColumn, decode_text
from jipyo.model.errors import LogQueryError, MalformedBody

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from jipyo.logs.elasticsearch.options import ElasticsearchOptions
    from jipyo.logs.evaluate import ListTemplates
    from jipyo.logs.query import Condition, LogQuery
    from jipyo.logs.record import Column

_MAX_INT64 = 2**63
_MAX_DIGITS = 18
_VALUE = "value"


class WrittenNumber(str):
    """A number with decimals or an exponent, as the document has it."""

    __slots__ = ()


Value: TypeAlias = "str | bool | int | WrittenNumber"


@dataclass(frozen=True, slots=True, order=True)
class DocumentPlace:
    """Where a document stands among all: unique, and in the order of `LogSource.search`."""

    t_ns: int
    service: str
    """As the server sorts by it: empty where the record has none, or it cannot be sorted by."""
    number: int
    """In which its shard received it."""
    index: str
    id: str

    def encode(self) -> str:
        """As a text that a page's `next` and a record's id are."""
        parts = [self.t_ns, self.service, self.number, self.index, self.id]
        return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()

    @classmethod
    def decode(cls, text: str) -> DocumentPlace:
        """The place that a text names.

        Raises:
            ValueError: it names none.
        """
        parts = json.loads(base64.urlsafe_b64decode(text.encode()))
        if not isinstance(parts, list) or [type(part) for part in parts] != [
            int,
            str,
            int,
            str,
            str,
        ]:
            raise ValueError(text)
        return cls(*parts)


@dataclass(frozen=True, slots=True)
class Document:
    """A record as the server has it."""

    place: DocumentPlace
    service: str
    level: Level
    message: tuple[str, ...]
    fields: Mapping[str, tuple[Value, ...]]
    """All others that were read, by their paths."""

    def to_record(self, hidden: frozenset[str]) -> LogRecord:
        """As a person reads it, without the fields that its other parts come from."""
        return LogRecord(
            t_ns=self.place.t_ns,
            service=self.service,
            level=self.level,
            message=", ".join(decode_text(encode_value(text)) for text in self.message),
            fields={
                name: _show_values(values)
                for name, values in self.fields.items()
                if name not in hidden
            },
            id=self.place.encode(),
        )


def decode_answer(body: bytes) -> dict[str, Any]:
    """The object of a JSON answer.

    Raises:
        MalformedBody: it is none.
    """
    try:
        answer = json.loads(body, parse_float=WrittenNumber)
    except (ValueError, RecursionError) as error:
        raise MalformedBody("logs_elasticsearch.not_json", reason=str(error)) from error
    if not isinstance(answer, dict):
        raise MalformedBody("logs_elasticsearch.not_json", reason=type(answer).__name__)
    return answer


def flatten(source: Mapping[str, Any]) -> dict[str, tuple[Value, ...]]:
    """All values of a document by their paths; those of objects in arrays side by side.

    >>> flatten({"a": {"b": [1, "x"]}, "a.c": None, "d": [{"e": True}, {"e": False}]})
    {'a.b': (1, 'x'), 'd.e': (True, False)}
    """
    found: dict[str, list[Value]] = {}
    waiting: list[tuple[str, Any]] = [("", source)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict):
            prefix = f"{path}." if path else ""
            waiting.extend((prefix + name, each) for name, each in reversed(value.items()))
        elif isinstance(value, list):
            waiting.extend((path, each) for each in reversed(value))
        elif value is not None:
            found.setdefault(path, []).append(value)
    return {path: tuple(values) for path, values in found.items()}


def read_document(hit: Mapping[str, Any], options: ElasticsearchOptions) -> Document:
    """One hit of a search that was sorted by time, and by service where that is possible.

    Raises:
        MalformedBody: a part of it is missing.
    """
    try:
        fields = flatten(hit["_source"])
        place = _read_place(hit)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise MalformedBody("logs_elasticsearch.no_source", reason=str(error)) from error
    level_field = _find_first(fields, options.level_fields)
    service_field = _find_first(fields, options.service_fields)
    message_field = _find_first(fields, options.message_fields)
    return Document(
        place=place,
        service=_clean(write_value(fields[service_field][0])) if service_field else "",
        level=_read_level(level_field, fields) if level_field else Level.UNKNOWN,
        message=tuple(map(write_value, fields[message_field])) if message_field else (),
        fields=fields,
    )


def _read_place(hit: Mapping[str, Any]) -> DocumentPlace:
    sort = hit["sort"]
    service = sort[1] if len(sort) > 2 and isinstance(sort[1], str) else ""
    t_ns, number, index, name = int(sort[0]), int(hit["_seq_no"]), hit["_index"], hit["_id"]
    if not (-_MAX_INT64 <= t_ns < _MAX_INT64 and isinstance(index, str) and isinstance(name, str)):
        raise ValueError(f"{t_ns} {index!r} {name!r}")
    return DocumentPlace(t_ns, service, number, index, name)


def write_value(value: Value) -> str:
    """A value as the document has it, without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def encode_value(value: Value) -> bytes:
    """The same in UTF-8; halves of surrogate pairs, which JSON allows, as they are."""
    return write_value(value).encode("utf-8", "surrogatepass")


def select_documents(
    documents: Sequence[Document], query: LogQuery, list_templates: ListTemplates
) -> NDArray[np.bool_]:
    """Of every document whether it is a record that the query wants."""
    inside = [
        query.start_ns <= document.place.t_ns < query.end_ns
        and (not query.services or document.service in query.services)
        and document.level in query.levels
        for document in documents
    ]
    return np.array(inside, np.bool_) & _select(documents, query.where, list_templates)


def build_batches(documents: Sequence[Document], fields: Sequence[str]) -> list[LogBatch]:
    """The documents by service, in their order, with these fields and the message."""
    services = dict.fromkeys(document.service for document in documents)
    return [
        _build_batch(service, [each for each in documents if each.service == service], fields)
        for service in services
    ]


def _build_batch(service: str, documents: Sequence[Document], fields: Sequence[str]) -> LogBatch:
    columns = {
        name: _build_column([each.fields.get(name) for each in documents]) for name in fields
    }
    return LogBatch(
        service=service,
        t_ns=np.array([each.place.t_ns for each in documents], np.int64),
        level=np.array([each.level for each in documents], np.uint8),
        fields={name: column for name, column in columns.items() if column is not None},
        messages=[b", ".join(map(encode_value, each.message)) for each in documents],
    )


def _build_column(values: Sequence[tuple[Value, ...] | None]) -> Column | None:
    """Numbers where all are written with the same decimals, else texts; None without any."""
    present = np.array([each is not None for each in values], np.bool_)
    if not present.any():
        return None
    texts = [b", ".join(map(encode_value, each or ())) for each in values]
    decimals = {_count_decimals(each) for each in values if each is not None}
    if len(decimals) == 1 and (count := decimals.pop()) is not None:
        digits = [int(text.replace(b".", b"") or b"0") for text in texts]
        return NumberColumn(np.array(digits, np.int64), count, present)
    return TextColumn(texts, present)


def _count_decimals(values: tuple[Value, ...]) -> int | None:
    """How many decimals the only value has; None where it is no such number."""
    value = values[0]
    if len(values) > 1 or isinstance(value, bool):
        return None
    if isinstance(value, int):
        return 0 if -_MAX_INT64 <= value < _MAX_INT64 else None
    if not isinstance(value, WrittenNumber):
        return None
    whole, _, decimals = value.partition(".")
    is_short = decimals.isdigit() and len(whole) + len(decimals) <= _MAX_DIGITS
    # Zero has no sign as an integer.
    return len(decimals) if is_short and not whole.startswith("-0") else None


def _show_values(values: tuple[Value, ...]) -> str | int | float:
    value = values[0]
    if len(values) > 1 or isinstance(value, bool):
        return ", ".join(map(write_value, values))
    return float(value) if isinstance(value, WrittenNumber) else value


def _clean(text: str) -> str:
    """Without halves of surrogate pairs, which are no text."""
    return text if text.isprintable() else text.encode("utf-8", "replace").decode()


def _find_first(fields: Mapping[str, tuple[Value, ...]], names: Sequence[str]) -> str:
    return next((name for name in names if name in fields), "")


def _read_level(field: str, fields: Mapping[str, tuple[Value, ...]]) -> Level:
    word = write_value(fields[field][0]).lower()
    return list_level_words(field).get(word, Level.UNKNOWN)


def _select(
    documents: Sequence[Document], condition: Condition, list_templates: ListTemplates
) -> NDArray[np.bool_]:
    match condition:
        case All(conditions):
            masks = [_select(documents, each, list_templates) for each in conditions]
            return _merge(np.logical_and, [np.ones(len(documents), np.bool_), *masks])
        case AnyOf(conditions):
            masks = [_select(documents, each, list_templates) for each in conditions]
            return _merge(np.logical_or, [np.zeros(len(documents), np.bool_), *masks])
        case Not(inner):
            return ~_select(documents, inner, list_templates)
        case HasTemplate(template):
            return np.array(
                [name == template for name, _ in name_templates(documents, list_templates)],
                np.bool_,
            )
    rows, texts = _list_values(documents, condition.field)
    values = LogBatch(
        "",
        np.zeros(len(rows), np.int64),
        np.zeros(len(rows), np.uint8),
        {_VALUE: TextColumn(texts)},
    )
    holds = select(values, replace(condition, field=_VALUE), list_templates)
    mask = np.zeros(len(documents), np.bool_)
    mask[np.array(rows, np.intp)[holds]] = True
    return mask


def _merge(operation: np.ufunc, masks: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    merged: NDArray[np.bool_] = operation.reduce(masks)
    return merged


def _list_values(documents: Sequence[Document], field: str) -> tuple[list[int], list[bytes]]:
    """Every value of a field, and the number of its document."""
    pairs = [
        (row, encode_value(value))
        for row, document in enumerate(documents)
        for value in list_values(document, field)
    ]
    return [row for row, _ in pairs], [text for _, text in pairs]


def list_values(document: Document, field: str) -> tuple[Value, ...]:
    """The values of a field, which may be the service, the level or the message."""
    if field == SERVICE:
        return (document.service,)
    if field == LEVEL:
        return (document.level.name.lower(),)
    if field == MESSAGE:
        return document.message
    return document.fields.get(field, ())


def name_templates(
    documents: Sequence[Document], list_templates: ListTemplates
) -> list[tuple[str, str]]:
    """Of every document the id and the text of its template."""
    named: list[tuple[str, str]] = [("", "")] * len(documents)
    rows: dict[str, list[int]] = {}
    for row, document in enumerate(documents):
        rows.setdefault(document.service, []).append(row)
    for batch, places in zip(build_batches(documents, ()), rows.values(), strict=True):
        for place, template in zip(places, list_templates(batch), strict=True):
            named[place] = template
    return named


def check_page(text: str | None) -> DocumentPlace | None:
    """Where a search goes on.

    Raises:
        LogQueryError: no page of a search is named so.
    """
    try:
        return None if text is None else DocumentPlace.decode(text)
    except (ValueError, UnicodeError) as error:
        shown = str(text)[:100].encode("utf-8", "backslashreplace").decode()
        raise LogQueryError("logs_query.bad_page", page=shown) from error
