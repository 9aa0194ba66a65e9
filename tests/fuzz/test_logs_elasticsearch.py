"""Answers of search servers, which may be anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fuzz.driver import Surface, assert_short_form
from jipyo.logs.elasticsearch.documents import (
    build_batches,
    check_page,
    decode_answer,
    read_document,
    select_documents,
)
from jipyo.logs.elasticsearch.options import ElasticsearchOptions
from jipyo.logs.evaluate import list_message_templates, list_texts
from jipyo.logs.query import All, Between, Contains, Equals, LogQuery, Not

if TYPE_CHECKING:
    from random import Random

OPTIONS = ElasticsearchOptions(name="logs", url="http://localhost")
WHERE = All((Not(Contains("x")), Not(Equals("service", "y")), Not(Between("n", 1, 2))))
QUERY = LogQuery(start_ns=0, end_ns=2**63 - 1, where=WHERE)
_VALUES: tuple[Any, ...] = (
    *(0, 1, -1, 1.5, -0.0, "1", "error", "\ud800", "한글", 1e400, True, None, 10**30, [], {}),
    *([1, "a"], {"name": "x"}, [{"n": 1}, {"n": [2.50]}], "", "x" * 300),
)
_NAMES = ("message", "log.level", "level", "service", "service.name", "n", "a.b", "", ".", "\ud800")


def build_hit(random: Random) -> bytes:
    """A hit of which every value may be anything."""

    def either(plain: Any) -> Any:
        return plain if random.random() < 0.9 else random.choice(_VALUES)

    source = {random.choice(_NAMES): random.choice(_VALUES) for _ in range(random.randrange(6))}
    hit = {
        "_index": either("logs"),
        "_id": either("1"),
        "_seq_no": either(5),
        "sort": either([either(1_795_878_000_000_000_000), either("web"), either(5)]),
        "_source": either(source),
    }
    return json.dumps(hit).encode()


def read_hit(body: bytes) -> None:
    """As all pages are read, checked and shown."""
    document = read_document(decode_answer(body), OPTIONS)
    document.to_record(frozenset({"n"}))
    select_documents([document, document], QUERY, list_message_templates)
    (batch,) = build_batches([document, document], tuple(document.fields))
    for name in (*batch.fields, "message", "service"):
        assert len(list_texts(batch, name)) == 2, "BUG"
    assert min(document.place, document.place).encode(), "BUG"


SURFACES = [
    Surface(
        name="elasticsearch-hit",
        feed=read_hit,
        tokens=(b'"_source":{', b'"sort":[', b"null", b"1e999", b'"\\ud800"', b"NaN", b"-", b"[["),
        generate=build_hit,
        s_per_byte=50e-6,
    ),
    Surface(
        name="elasticsearch-page",
        feed=lambda body: check_page(body.decode("utf-8", "surrogateescape")),
        seeds=(b"WzEsICJhIiwgMSwgImEiLCAiYiJd",),
        tokens=(b"W10=", b"bnVsbA==", b"=", b"-_"),
    ),
]


@pytest.mark.parametrize("surface", SURFACES, ids=lambda surface: surface.name)
def test_an_answer_is_read_or_refused(surface: Surface) -> None:
    assert_short_form(surface)
