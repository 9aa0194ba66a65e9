"""A log query as two queries of the server, between which the answer lies; no I/O.

What a server answers about a field is often not what was asked: it knows words and not texts,
rounds numbers, or leaves long values out of its index. So every condition becomes `QueryBounds`:
what surely holds is counted there, and the documents for which it possibly holds are read and
checked here. Where both are the same query, nothing is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from jipyo.logs.elasticsearch.mapping import (
    FLOAT_ERROR,
    NUMBERS,
    FieldKind,
    IndexedField,
    list_parents,
)
from jipyo.logs.elasticsearch.words import (
    escape_wildcard,
    find_in_words,
    is_one_word,
    list_word_queries,
)
from jipyo.logs.evaluate import select
from jipyo.logs.levels import list_level_words
from jipyo.logs.query import (
    LEVEL,
    MESSAGE,
    SERVICE,
    All,
    AnyOf,
    Between,
    Contains,
    Equals,
    Exists,
    HasTemplate,
    Matches,
    Not,
    StartsWith,
)
from jipyo.logs.record import Level, LogBatch, TextColumn
from jipyo.model.errors import LogQueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.elasticsearch.mapping import Mappings
    from jipyo.logs.elasticsearch.options import ElasticsearchOptions
    from jipyo.logs.query import Condition, LogQuery

Query: TypeAlias = "dict[str, Any]"
Leaf: TypeAlias = Contains | Equals | StartsWith | Between | Matches | Exists

EVERYTHING: Query = {"match_all": {}}
NOTHING: Query = {"match_none": {}}
_NS_PER_MS = 1_000_000
_MAX_MS = (2**63 - 1) // _NS_PER_MS
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TINY = 1e-37


@dataclass(frozen=True, slots=True)
class QueryBounds:
    """Every document of `surely` is wanted, and every wanted one is in `possibly`."""

    surely: Query
    possibly: Query

    @property
    def is_exact(self) -> bool:
        """Whether the server's answer is the answer."""
        return self.surely == self.possibly

    @property
    def unsure(self) -> Query:
        """What must be read to know."""
        return intersect([self.possibly, negate(self.surely)])


def intersect(queries: Sequence[Query]) -> Query:
    """Documents of all of them."""
    parts = [query for query in queries if query != EVERYTHING]
    if NOTHING in parts:
        return NOTHING
    if len(parts) <= 1:
        return parts[0] if parts else EVERYTHING
    return {"bool": {"filter": parts}}


def unite(queries: Sequence[Query]) -> Query:
    """Documents of any of them."""
    parts = [query for query in queries if query != NOTHING]
    if EVERYTHING in parts:
        return EVERYTHING
    if len(parts) <= 1:
        return parts[0] if parts else NOTHING
    return {"bool": {"should": parts}}


def negate(query: Query) -> Query:
    """All other documents."""
    if query == EVERYTHING:
        return NOTHING
    return EVERYTHING if query == NOTHING else {"bool": {"must_not": [query]}}


@dataclass(frozen=True, slots=True)
class Translator:
    """Translates for the indices of one source."""

    options: ElasticsearchOptions
    """With those fields only that the indices have."""
    mappings: Mappings

    def translate(self, query: LogQuery) -> QueryBounds:
        """The whole query.

        Raises:
            LogQueryError: a field is nested.
        """
        services = AnyOf(tuple(Equals(SERVICE, name) for name in query.services))
        parts = [
            self._translate_range(query.start_ns, query.end_ns),
            self.translate_levels(query.levels),
            self._translate(services if query.services else All()),
            self._translate(query.where),
        ]
        return _join(intersect, parts)

    def translate_levels(self, levels: frozenset[Level]) -> QueryBounds:
        """Records of these levels."""
        if Level.UNKNOWN in levels:
            known = self._translate_known_levels(frozenset(Level) - levels)
            return _negate_bounds(known)
        return self._translate_known_levels(levels)

    def exists(self, name: str) -> QueryBounds:
        """Documents with a field."""
        return self._translate_leaf(Exists(name))

    def _translate_range(self, start_ns: int, end_ns: int) -> QueryBounds:
        """Times of an index are whole milliseconds or nanoseconds; its words are milliseconds."""
        down, up = start_ns // _NS_PER_MS, -(-start_ns // _NS_PER_MS)
        end_down, end_up = end_ns // _NS_PER_MS, -(-end_ns // _NS_PER_MS)
        return QueryBounds(self._build_range(up, end_down), self._build_range(down, end_up))

    def _build_range(self, start_ms: int, end_ms: int) -> Query:
        start_ms, end_ms = (min(max(ms, 0), _MAX_MS) for ms in (start_ms, end_ms))
        if start_ms >= end_ms:
            return NOTHING
        limits = {"gte": start_ms, "lt": end_ms, "format": "epoch_millis"}
        return {"range": {self.options.time_field: limits}}

    def _translate(self, condition: Condition) -> QueryBounds:  # noqa: PLR0911 - a case a kind
        match condition:
            case All(conditions):
                return _join(intersect, [self._translate(each) for each in conditions])
            case AnyOf(conditions):
                return _join(unite, [self._translate(each) for each in conditions])
            case Not(inner):
                return _negate_bounds(self._translate(inner))
            case HasTemplate():
                return QueryBounds(NOTHING, EVERYTHING)
        if condition.field == LEVEL:
            levels = [each for each in Level if _holds(condition, each.name.lower().encode())]
            return self.translate_levels(frozenset(levels))
        if condition.field == SERVICE:
            names, absent = self.options.service_fields, _holds(condition, b"")
            return self._translate_first_of(condition, names, holds_without=absent)
        if condition.field == MESSAGE:
            names = self.options.message_fields
            return self._translate_first_of(condition, names, holds_without=False)
        return self._translate_leaf(condition)

    def _translate_known_levels(self, levels: frozenset[Level]) -> QueryBounds:
        """Records with a word of these levels, none of which is UNKNOWN."""
        found = []
        for name, others in self._list_alternatives(self.options.level_fields):
            meanings = list_level_words(name)
            words = [word for word, level in meanings.items() if level in levels]
            found.append(_join(intersect, [others, _translate_words(self._find(name), words)]))
        return _join(unite, found)

    def _translate_first_of(
        self, leaf: Leaf, names: Sequence[str], *, holds_without: bool
    ) -> QueryBounds:
        """A condition on the first of some fields that a record has."""
        alternatives = self._list_alternatives(names)
        found = [
            _join(intersect, [others, self._translate_leaf(replace(leaf, field=name))])
            for name, others in alternatives
        ]
        if holds_without:
            nothing = [_negate_bounds(self.exists(name)) for name, _ in alternatives]
            found.append(_join(intersect, nothing))
        return _join(unite, found)

    def _list_alternatives(self, names: Sequence[str]) -> list[tuple[str, QueryBounds]]:
        """The fields, and that a document has none of those before it."""
        lacks = [_negate_bounds(self.exists(name)) for name in names]
        return [(name, _join(intersect, lacks[:n])) for n, name in enumerate(names)]

    def _find(self, name: str) -> IndexedField:
        return self.mappings.find(name)

    def _translate_leaf(self, leaf: Leaf) -> QueryBounds:  # noqa: PLR0911 - a case a kind
        field = self._find(leaf.field)
        check_not_nested([field])
        match field.kind:
            case FieldKind.UNMAPPED | FieldKind.OBJECT:
                return QueryBounds(NOTHING, EVERYTHING if self.mappings.has_unindexed else NOTHING)
            case FieldKind.KEYWORD:
                return _translate_keyword(leaf, field)
            case FieldKind.TEXT:
                return _translate_text(leaf, field)
            case FieldKind.BOOLEAN:
                values = [text for text in ("true", "false") if _holds(leaf, text.encode())]
                return _same(unite([{"term": {field.name: text}} for text in values]))
            case FieldKind.FLATTENED:
                return _translate_flattened(leaf, field)
            case FieldKind.FLAT_OBJECT if isinstance(leaf, Equals):
                return QueryBounds(NOTHING, {"term": {field.name: {"value": leaf.value}}})
            case kind if kind in NUMBERS:
                return _translate_number(leaf, field)
        return QueryBounds(NOTHING, EVERYTHING)


def check_not_nested(fields: Sequence[IndexedField]) -> None:
    """Reject fields of nested objects, of which a document has several at once.

    Raises:
        LogQueryError: a field is one.
    """
    for field in fields:
        if field.kind is FieldKind.NESTED:
            raise LogQueryError("logs_elasticsearch.nested", field=field.name)


def find_unlisted(field: IndexedField) -> Query:
    """Documents that have a value which is not in the path of the whole values."""
    ignored: Query = {"term": {"_ignored": field.exact}}
    if field.exact == field.name:
        return ignored
    # OpenSearch does not list what it ignores.
    lacks = negate({"exists": {"field": field.exact}})
    return unite([ignored, intersect([{"exists": {"field": field.name}}, lacks])])


def _translate_keyword(leaf: Leaf, field: IndexedField) -> QueryBounds:
    surely = _query_exact(leaf, field)
    if surely is None:
        return QueryBounds(NOTHING, unite([_exists(field), find_unlisted(field)]))
    if isinstance(leaf, Equals) and _count_units(leaf.value) <= field.length:
        return _same(surely)
    return QueryBounds(surely, unite([surely, find_unlisted(field)]))


def _translate_text(leaf: Leaf, field: IndexedField) -> QueryBounds:
    if isinstance(leaf, Exists):
        return _translate_text_exists(field)
    text = _find_text(leaf)
    words = intersect(list_word_queries(field.name, text))
    if isinstance(leaf, Contains) and is_one_word(text) and not _minds_case(leaf):
        return QueryBounds(find_in_words(field.name, text), words)
    surely = _query_exact(leaf, field) if field.exact else None
    if surely is None:
        return QueryBounds(NOTHING, words)
    if isinstance(leaf, Equals) and _count_units(text) <= field.length:
        return _same(surely)
    return QueryBounds(surely, unite([surely, intersect([words, find_unlisted(field)])]))


def _translate_text_exists(field: IndexedField) -> QueryBounds:
    """A text without any word may not count as one."""
    has_words: Query = {"exists": {"field": field.name}}
    if not field.exact:
        return QueryBounds(has_words, EVERYTHING)
    surely = unite([_exists(field), has_words])
    return QueryBounds(surely, unite([surely, {"term": {"_ignored": field.exact}}]))


def _find_text(leaf: Leaf) -> str:
    """What is looked for in a text; empty where that is not a text."""
    match leaf:
        case Contains(text) | Equals(value=text) | StartsWith(prefix=text):
            return text
    return ""


def _minds_case(leaf: Contains) -> bool:
    return leaf.exact_case and _has_case(leaf.text)


def _query_exact(leaf: Leaf, field: IndexedField) -> Query | None:
    """What finds exactly the whole values that a condition holds for; None where nothing does."""
    match leaf:
        case Equals(value=value):
            return {"term": {field.exact: {"value": value}}}
        case StartsWith(prefix=prefix):
            return {"prefix": {field.exact: {"value": prefix}}}
        case Contains(text):
            pattern = {"value": f"*{escape_wildcard(text)}*"}
            folds = {"case_insensitive": True} if not leaf.exact_case and _has_case(text) else {}
            return {"wildcard": {field.exact: pattern | folds}}
        case Exists():
            return _exists(field)
    return None


def _translate_flattened(leaf: Leaf, field: IndexedField) -> QueryBounds:
    parent = {"terms": {"_ignored": list_parents(field.name)}}
    match leaf:
        case Equals(value=value) if _count_units(value) <= field.length:
            return _same({"term": {field.name: {"value": value}}})
        case Exists():
            return QueryBounds(_exists(field), unite([_exists(field), parent]))
    return QueryBounds(NOTHING, unite([_exists(field), parent]))


def _translate_number(leaf: Leaf, field: IndexedField) -> QueryBounds:
    present = unite([_exists(field), {"term": {"_ignored": field.name}}])
    match leaf:
        case Exists():
            return QueryBounds(_exists(field), present)
        case Between():
            error = 1 if field.kind is FieldKind.FLOAT else 0
            narrow, wide = (_build_limits(field, leaf, sign) for sign in (-error, error))
            return QueryBounds(narrow, wide)
        case Equals(value=value) if field.kind is FieldKind.INTEGER and _INTEGER.fullmatch(value):
            is_possible = -field.largest <= int(value) <= field.largest
            return _same({"term": {field.name: value}} if is_possible else NOTHING)
        case Equals(value=value) if _NUMBER.fullmatch(value):
            low = high = float(value)
            return QueryBounds(NOTHING, _build_limits(field, Between(field.name, low, high), 1))
        case Equals():
            return _same(NOTHING)
    return QueryBounds(NOTHING, present)


def _build_limits(field: IndexedField, leaf: Between, sign: int) -> Query:
    """A range, wider by the error of the field's numbers with sign 1, narrower with -1."""
    limits: dict[str, float] = {}
    for bound, is_in, operator, way in (
        (leaf.low, leaf.include_low, "gt", -1),
        (leaf.high, leaf.include_high, "lt", 1),
    ):
        if bound is None:
            continue
        if not bound * way >= -field.largest:
            return NOTHING
        if bound * way <= field.largest:
            error = sign * way * (abs(bound) * FLOAT_ERROR + _TINY)
            limits[f"{operator}e" if is_in else operator] = bound + error
    return {"range": {field.name: limits}} if limits else _exists(field)


def _translate_words(field: IndexedField, words: Sequence[str]) -> QueryBounds:
    """Any of these words in either case, or numbers, as the whole value."""
    numbers = [word for word in words if word.isdigit()]
    match field.kind:
        case FieldKind.KEYWORD:
            return _same(unite([_fold(field.exact, word) for word in words]))
        case FieldKind.INTEGER:
            return _same({"terms": {field.name: numbers}} if numbers else NOTHING)
        case FieldKind.TEXT if field.exact:
            return _same(unite([_fold(field.exact, word) for word in words]))
        case FieldKind.TEXT:
            return QueryBounds(NOTHING, {"terms": {field.name: list(words)}} if words else NOTHING)
        case FieldKind.BOOLEAN:
            return _same(NOTHING)
    return QueryBounds(NOTHING, EVERYTHING if words else NOTHING)


def _fold(path: str, word: str) -> Query:
    return {"term": {path: {"value": word, "case_insensitive": True}}}


def _exists(field: IndexedField) -> Query:
    return {"exists": {"field": field.exact or field.name}}


def _same(query: Query) -> QueryBounds:
    return QueryBounds(query, query)


def _join(combine: Any, parts: Sequence[QueryBounds]) -> QueryBounds:
    return QueryBounds(
        combine([part.surely for part in parts]), combine([part.possibly for part in parts])
    )


def _negate_bounds(bounds: QueryBounds) -> QueryBounds:
    return QueryBounds(negate(bounds.possibly), negate(bounds.surely))


def _holds(leaf: Leaf, text: bytes) -> bool:
    """Whether a condition holds for a value."""
    row = LogBatch("", np.zeros(1, np.int64), np.zeros(1, np.uint8), {"value": TextColumn([text])})
    return bool(select(row, replace(leaf, field="value"))[0])


def _has_case(text: str) -> bool:
    return text.lower() != text or text.upper() != text


def _count_units(text: str) -> int:
    """The length as Java has it."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
