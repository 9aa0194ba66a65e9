"""The numbers in messages of a template, place by place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.logs.activity.template_values import (
    compile_template,
    convert_units,
    read_template_values,
)
from jipyo.logs.record import LogBatch


def batch(*messages: str) -> LogBatch:
    n = len(messages)
    encoded = [message.encode() for message in messages]
    return LogBatch("app", np.arange(n), np.zeros(n, np.uint8), messages=encoded)


def test_each_place_has_its_numbers_and_unit() -> None:
    found = read_template_values(
        "request <*> done in <*>, status <*>",
        [
            batch("request a-1 done in 12.5ms, status 200"),
            batch("request b done in 7ms, status ok"),
        ],
    )
    first, second, third = found.places
    assert (found.records, found.unread) == (2, 0)
    assert (len(first.values), first.texts, first.examples) == (0, 2, ("a-1", "b"))
    assert (second.unit, second.values.tolist()) == ("ms", [12.5, 7.0])
    assert (third.values.tolist(), third.texts) == ([200.0], 1)
    assert found.find_numeric() is second


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("a <*>", "a 5"),
        ("a   <*> b", "a 5 \t b"),
        ("<*>님이 로그인", "kim님이 로그인"),
        ("모델 <*>은(는) 없음", "모델 x는 없음"),
        ("모델 <*>은(는) 없음", "모델 김은 없음"),
        ("서버 <*>(으)로 전송", "서버 a로 전송"),
        ("서버 <*>(으)로 전송", "서버 집으로 전송"),
        ("f(<*>) [<*>] $<*>", "f(1) [2] $3"),
        ("failed: <*>", "failed: a\n  at b"),
    ],
)
def test_messages_fit_their_template(template: str, message: str) -> None:
    assert compile_template(template).fullmatch(message.encode())


def test_a_message_that_is_written_differently_is_counted() -> None:
    found = read_template_values("took <*>", [batch("took 5", "it took 5")])
    assert (found.records, found.unread) == (2, 1)


@pytest.mark.parametrize(
    ("rows", "converted"),
    [
        ([], ("", [])),
        ([(1, 900.0, "ms"), (2, 1.5, "s")], ("s", [(1, 0.9), (2, 1.5)])),
        ([(1, 1.0, "KiB"), (2, 2.0, "MiB")], ("B", [(1, 1024.0), (2, 2.0 * 1024**2)])),
        ([(1, 5.0, "ms"), (2, 6.0, "ms")], ("ms", [(1, 5.0), (2, 6.0)])),
        ([(1, 5.0, ""), (2, 6.0, ""), (3, 7.0, "%")], ("", [(1, 5.0), (2, 6.0)])),
        ([(1, 5.0, "req"), (2, 6.0, "req"), (3, 7.0, "s")], ("req", [(1, 5.0), (2, 6.0)])),
    ],
)
def test_numbers_of_several_units_become_numbers_of_one(
    rows: list[tuple[int, float, str]], converted: tuple[str, list[tuple[int, float]]]
) -> None:
    assert convert_units(rows) == converted


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.binary(max_size=80))
def test_any_template_reads_any_message(text: str, message: bytes) -> None:
    only = LogBatch("a", np.zeros(1, np.int64), np.zeros(1, np.uint8), messages=[message])
    found = read_template_values(text + "<*>", [only])
    assert found.records == 1
    assert sum(len(place.values) + place.texts for place in found.places) in (0, len(found.places))
