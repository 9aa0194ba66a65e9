"""Queries and what they leave to be read; that they are true is what the contract tests."""

import pytest

from jipyo.logs.elasticsearch.mapping import FieldKind, IndexedField, Mappings
from jipyo.logs.elasticsearch.options import ElasticsearchOptions
from jipyo.logs.elasticsearch.translate import EVERYTHING, NOTHING, Translator
from jipyo.logs.query import (
    All,
    AnyOf,
    Between,
    Contains,
    Equals,
    Exists,
    HasTemplate,
    LogQuery,
    Matches,
    Not,
    StartsWith,
    list_fields,
)
from jipyo.logs.record import Level
from jipyo.model.errors import LogQueryError

FIELDS = {
    each.name: each
    for each in (
        IndexedField("message", FieldKind.TEXT, "message.keyword", 256),
        IndexedField("body", FieldKind.TEXT),
        IndexedField("log.level", FieldKind.KEYWORD, "log.level"),
        IndexedField("service.name", FieldKind.KEYWORD, "service.name"),
        IndexedField("k", FieldKind.KEYWORD, "k", 100),
        IndexedField("n", FieldKind.INTEGER, "n", largest=2**31 - 1),
        IndexedField("f", FieldKind.FLOAT, "f", largest=3.4e38),
        IndexedField("d", FieldKind.DOUBLE, "d"),
        IndexedField("b", FieldKind.BOOLEAN, "b"),
        IndexedField("labels.a", FieldKind.FLATTENED, "labels.a"),
        IndexedField("flat.a", FieldKind.FLAT_OBJECT, "flat.a"),
        IndexedField("odd", FieldKind.OPAQUE),
        IndexedField("kids.x", FieldKind.NESTED),
    )
}


def translate(where, *, has_unindexed=False, levels=frozenset(Level), **query):
    options = ElasticsearchOptions(
        name="logs",
        url="http://localhost",
        message_fields=("message",),
        level_fields=("log.level",),
        service_fields=("service.name",),
    )
    translator = Translator(options, Mappings(FIELDS, has_unindexed))
    times = {"start_ns": 0, "end_ns": 10**15, **query}
    return translator.translate(LogQuery(where=where, levels=levels, **times))


@pytest.mark.parametrize(
    "where",
    [
        All(),
        Equals("k", "x"),
        Equals("message", "short"),
        Not(AnyOf((Equals("k", "x"), Between("n", 1, 5)))),
        Between("d", 0.1, 0.2),
        Between("n", high=5),
        Equals("n", "5"),
        Equals("n", "text"),
        Equals("b", "true"),
        Equals("b", "yes"),
        Equals("labels.a", "x"),
        Equals("level", "error"),
        Contains("a", "level"),
        Equals("level", "unknown"),
        Equals("absent", "x"),
        Exists("absent"),
    ],
)
def test_the_server_alone_answers(where):
    assert translate(where).is_exact


@pytest.mark.parametrize(
    "where",
    [
        Contains("two words"),
        Contains("Word", exact_case=True),
        Contains("word"),  # only words longer than 255 are read
        Equals("body", "x"),
        Exists("body"),
        StartsWith("k", "x"),
        Equals("k", "x" * 101),
        Contains("x", "k"),
        Matches("x", "k"),
        Matches("x"),
        Equals("n", "5.0"),
        Equals("n", "05"),
        StartsWith("n", "5"),
        Equals("d", "0.5"),
        Between("f", 0.1, 0.2),
        Contains("x", "labels.a"),
        Exists("labels.a"),
        Equals("flat.a", "x"),
        Contains("x", "flat.a"),
        Equals("odd", "x"),
        HasTemplate("1"),
        Equals("service", "x"),
    ],
)
def test_some_documents_must_be_read(where):
    bounds = translate(where)
    if where == Equals("service", "x"):
        assert bounds.is_exact
    else:
        assert not bounds.is_exact
        assert bounds.unsure != NOTHING


@pytest.mark.parametrize(
    "where",
    [
        AnyOf(()),
        Equals("b", "maybe"),
        Equals("n", "9999999999"),
        Between("n", 1e300),
        Between("n", float("nan")),
        Between("n", high=float("-inf")),
        Equals("absent", "x"),
    ],
)
def test_nothing_can_hold(where):
    assert translate(where).possibly == NOTHING


def test_fields_may_be_in_documents_only():
    bounds = translate(Equals("absent", "x"), has_unindexed=True)
    assert not bounds.is_exact
    assert bounds.surely == NOTHING


def test_bounds_that_no_number_has_are_left_out():
    range_ = translate(Between("n", float("-inf"), 1e300)).possibly
    assert "exists" in str(range_)
    assert "inf" not in str(range_)


def test_narrow_numbers_are_compared_with_their_error():
    bounds = translate(Between("f", 1.0, 2.0))
    (surely,), (possibly,) = (
        [part["range"]["f"] for part in query["bool"]["filter"] if "f" in part.get("range", {})]
        for query in (bounds.surely, bounds.possibly)
    )
    assert possibly["gte"] < 1.0 < surely["gte"] < surely["lte"] < 2.0 < possibly["lte"]


def test_times_between_milliseconds_are_read():
    assert translate(All(), start_ns=1_000_000, end_ns=5_000_000).is_exact
    assert not translate(All(), start_ns=1_000_001, end_ns=5_000_000).is_exact
    assert translate(All(), start_ns=5, end_ns=6).surely == NOTHING
    assert translate(All(), start_ns=5_000_000, end_ns=5_000_000).possibly == NOTHING


def test_all_levels_are_no_condition():
    only = translate(All()).possibly
    assert list(only) == ["range"]
    known = translate(All(), levels=frozenset(Level) - {Level.UNKNOWN}).possibly
    assert "case_insensitive" in str(known)


def test_nested_fields_are_rejected():
    with pytest.raises(LogQueryError) as error:
        translate(Exists("kids.x"))
    assert error.value.key == "logs_elasticsearch.nested"


def test_fields_of_a_condition_are_listed():
    where = All((Not(Exists("a")), AnyOf((Contains("x"), Equals("b", "1"))), HasTemplate("t")))
    assert list_fields(where) == {"a", "b"}
    assert translate(All((All(), All()))).possibly != EVERYTHING
