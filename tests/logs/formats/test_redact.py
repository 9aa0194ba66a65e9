"""What must not be stored is replaced, and what only looks like it is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n import texts
from jipyo.logs.formats.redact import (
    RedactionOptions,
    Redactor,
    is_card_number,
    is_resident_number,
)
from jipyo.model.errors import ConfigError

REDACTOR = Redactor()


@pytest.mark.parametrize(
    ("line", "redacted"),
    [
        (
            "Received x: prompt: '환불 it\\'s', params: S",
            "Received x: prompt: '[prompt]', params: S",
        ),
        ('{"prompt":"a \\"b\\"","n":1}', '{"prompt":"[prompt]","n":1}'),
        ("prompt_token_ids: [1, 2, 3], x", "prompt_token_ids: [[prompt]], x"),
        ("Authorization: Bearer abcdefghijk", "Authorization: [authorization]"),
        ('"authorization": "Basic QWxhZGRpbjpv"', '"authorization": "[authorization]"'),
        ("api_key=abcdef123 x", "api_key=[token] x"),
        ("uri=/x?access_token=abcdefghij&b=2", "uri=/x?access_token=[token]&b=2"),
        ("key sk-abcdefghijklmnopqrstuv used", "key [token] used"),
        ("password=hunter2&x=1", "password=[password]&x=1"),
        ('{\\"password\\":\\"a b\\"}', '{\\"password\\":\\"[password] b\\"}'),
        ("비밀번호: 가나다", "비밀번호: [password]"),
        ("redis://user:pa55@h:1/0", "redis://user:[password]@h:1/0"),
        ("주민 900101-1234567 x", "주민 [resident] x"),
        ("resident 9001011234568 x", "resident [resident] x"),
        ('{"card": 4111111111111111, "a":1}', '{"card": "[card]", "a":1}'),
        ("4111-1111-1111-1111", "[card]"),
        ("mail a.b@c.co.kr x", "mail [email] x"),
    ],
)
def test_private_texts_are_replaced(line: str, redacted: str) -> None:
    assert REDACTOR.redact(line.encode())[0].decode() == redacted


@pytest.mark.parametrize(
    "line",
    [
        "prompt_tokens=123 completion_tokens=12345678",
        "token refreshed for u1 expires_in=900",
        "로그인 실패 user=u1 method=password attempts=3",
        "Failed password for invalid user admin",
        "ts 1701121234567",
        "4111-1111-1111-1112",
        "900132-1234567",
        "c9a9077ae38e6d16532aec5c09ada239",
        "call 010-1234-5678",
        "git@host",
    ],
)
def test_what_only_looks_private_stays(line: str) -> None:
    assert REDACTOR.redact(line.encode()) == (line.encode(), ())


def test_places_and_kinds_of_what_was_found_are_returned() -> None:
    _, hits = REDACTOR.redact(b"a@b.kr password=x")
    assert hits == [(0, "email"), (16, "password")]


def test_kinds_and_patterns_can_be_chosen() -> None:
    options = RedactionOptions(kinds=("phone",), patterns=(("order", "INV-([0-9]+)"), ("x", "zz+")))
    redacted, hits = Redactor(options).redact(b"INV-12 zzz 010-1234-5678 a@b.kr")
    assert redacted == b"INV-[order] [x] [phone] a@b.kr"
    assert [kind for _, kind in hits] == ["order", "x", "phone"]
    assert Redactor(RedactionOptions(kinds=())).redact(b"a@b.kr") == (b"a@b.kr", ())


def test_a_pattern_that_is_not_re2_is_an_error_that_names_it() -> None:
    with pytest.raises(ConfigError) as caught:
        Redactor(RedactionOptions(patterns=(("x", "a(?=b)"),)))
    for lang in ("ko", "en"):
        assert "a(?=b)" in texts(lang).error(caught.value)


@given(st.integers(10**11, 10**12 - 1))
def test_one_of_ten_last_digits_makes_a_card_number(start: int) -> None:
    assert sum(is_card_number(b"%d%d" % (start, digit)) for digit in range(10)) == 1


@given(st.dates().map(lambda day: day.strftime("%y%m%d")), st.integers(10**5, 10**6 - 1))
def test_at_most_one_last_digit_makes_a_resident_number_without_a_hyphen(day, serial) -> None:
    texts_ = [f"{day}1{str(serial)[1:]}{digit}".encode() for digit in range(10)]
    assert sum(map(is_resident_number, texts_)) <= 1


@given(st.binary(max_size=200))
def test_the_number_of_lines_stays(block: bytes) -> None:
    assert REDACTOR.redact(block)[0].count(b"\n") == block.count(b"\n")
