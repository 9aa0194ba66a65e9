import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.elasticsearch.documents import (
    DocumentPlace,
    WrittenNumber,
    build_batches,
    check_page,
    decode_answer,
    flatten,
    read_document,
    select_documents,
    write_value,
)
from jipyo.logs.elasticsearch.options import ElasticsearchOptions
from jipyo.logs.evaluate import list_message_templates, list_texts
from jipyo.logs.query import AnyOf, Between, Contains, Equals, HasTemplate, LogQuery, Not
from jipyo.logs.record import Level, NumberColumn, TextColumn
from jipyo.model.errors import LogQueryError, MalformedBody

OPTIONS = ElasticsearchOptions(name="logs", url="http://localhost:9200")


def read(source: str, number: int = 1):
    hit = '{"_index":"i","_id":"1","_seq_no":%d,"sort":[5000000,"web",%d],"_source":%s}'
    return read_document(decode_answer((hit % (number, number, source)).encode()), OPTIONS)


def holds(source: str, where) -> bool:
    query = LogQuery(start_ns=0, end_ns=10**9, where=where)
    return bool(select_documents([read(source)], query, list_message_templates)[0])


def test_names_with_dots_and_objects_are_the_same_paths():
    expected = {"log.level": ("ERROR",), "a.b.c": (1, 2)}
    assert flatten({"log.level": "ERROR", "a": {"b": [{"c": 1}, {"c": 2}]}}) == expected
    assert flatten({"log": {"level": "ERROR"}, "a": {"b.c": [1, None, [2]]}}) == expected


@pytest.mark.parametrize(
    ("source", "level", "service", "message"),
    [
        ('{"message":"m","log.level":"WARNING","service":{"name":"web"}}', "WARN", "web", "m"),
        ('{"log":"m","level":40,"kubernetes.container.name":"c"}', "WARN", "c", "m"),
        ('{"msg":"m","severity":"err","service":"s"}', "ERROR", "s", "m"),
        ('{"body":"m","severity":2}', "FATAL", "", "m"),
        ('{"message":"m","level":"loud"}', "UNKNOWN", "", "m"),
        ('{"message":["a","b"],"level":null}', "UNKNOWN", "", "a, b"),
        ("{}", "UNKNOWN", "", ""),
    ],
)
def test_the_first_of_several_fields_counts(source, level, service, message):
    record = read(source).to_record(frozenset())
    assert (record.level, record.service, record.message) == (Level[level], service, message)


def test_a_person_reads_numbers_texts_and_lists():
    record = read('{"a":1,"b":0.50,"c":"x","d":true,"e":[1,"y"],"hidden":1}').to_record(
        frozenset({"hidden"})
    )
    assert record.fields == {"a": 1, "b": 0.5, "c": "x", "d": "true", "e": "1, y"}


@pytest.mark.parametrize(
    ("source", "where", "expected"),
    [
        ('{"took":0.250}', Equals("took", "0.250"), True),
        ('{"took":0.250}', Equals("took", "0.25"), False),
        ('{"took":1e2}', Between("took", 100, 100), True),
        ('{"tags":["a","b"]}', Equals("tags", "b"), True),
        ('{"tags":["a","b"]}', Not(Equals("tags", "b")), False),
        ('{"tags":["a","b"]}', Contains("a, b", "tags"), False),
        ("{}", Not(Equals("tags", "b")), True),
        ('{"message":"half \\ud800 a pair"}', Contains("a pair"), True),
        ('{"message":"m"}', HasTemplate("m"), True),
        ('{"message":"m"}', AnyOf(()), False),
        ('{"service":{"name":"웹"}}', Equals("service", "웹"), True),
        ('{"level":"info"}', Equals("level", "info"), True),
    ],
)
def test_conditions_hold_for_any_value_as_it_is_written(source, where, expected):
    assert holds(source, where) is expected


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (["1", "-2"], NumberColumn),
        (["0.50", "-1.25"], NumberColumn),
        (["0.50", "1.5"], TextColumn),
        (["-0.0"], TextColumn),
        (["1e3"], TextColumn),
        (["1", '"x"'], TextColumn),
        (["[1,2]"], TextColumn),
        (["123456789012345678901"], TextColumn),
        (["true"], TextColumn),
    ],
)
def test_columns_keep_what_was_written(values, column):
    documents = [read(f'{{"f":{value}}}') for value in values] + [read("{}")]
    (batch,) = build_batches(documents, ("f", "absent"))
    assert isinstance(batch.fields["f"], column)
    written = [value.strip('"[]').replace(",", ", ").encode() for value in values]
    assert list_texts(batch, "f") == [*written, None]
    assert "absent" not in batch.fields


@pytest.mark.parametrize(
    "hit",
    ["{}", '{"_source":{}}', '{"_source":{},"sort":[null],"_seq_no":1,"_index":"i","_id":"1"}'],
)
def test_a_hit_without_its_parts_is_malformed(hit):
    with pytest.raises(MalformedBody):
        read_document(json.loads(hit), OPTIONS)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"<html>", b"[" * 100_000])
def test_an_answer_that_is_no_object_is_malformed(body):
    with pytest.raises(MalformedBody):
        decode_answer(body)


@given(st.integers(0, 2**62), st.text(), st.integers(0, 2**40), st.text(), st.text())
def test_a_place_is_read_back_from_its_text(t_ns, service, number, index, name):
    place = DocumentPlace(t_ns, service, number, index, name)
    assert DocumentPlace.decode(place.encode()) == place
    assert check_page(place.encode()) == place


def test_a_page_must_be_a_place():
    assert check_page(None) is None
    for text in ("", "x", "W10=", "bnVsbA==", "한글"):
        with pytest.raises(LogQueryError):
            check_page(text)


def test_values_are_written_without_quotes():
    assert [write_value(each) for each in (True, False, 5, "x", WrittenNumber("0.10"))] == [
        "true",
        "false",
        "5",
        "x",
        "0.10",
    ]
