import pytest

from jipyo.i18n import Texts, texts
from jipyo.model.errors import JipyoError, QueryError

T = Texts(
    "ko",
    {
        "a.subject": "{name:이} 기준을 넘었습니다",
        "a.rounded": "{value:.1f} %",
        "a.both": "{value:,|이} 있습니다",
        "a.plain": "{value}",
        "a.refused": "{path:을} 열 수 없습니다",
        "a.refused.hint": "{path}의 권한을 확인하십시오",
    },
)


@pytest.mark.parametrize(
    ("key", "values", "text"),
    [
        ("a.subject", {"name": "GPU 온도"}, "GPU 온도가 기준을 넘었습니다"),
        ("a.subject", {"name": "CPU 사용률"}, "CPU 사용률이 기준을 넘었습니다"),
        ("a.rounded", {"value": 3.14159}, "3.1 %"),
        ("a.both", {"value": 12_345}, "12,345가 있습니다"),
        ("a.plain", {"value": 54.23}, "54.2"),
        ("a.plain", {"value": 9797}, "9797"),
        ("a.plain", {"value": "{not filled}"}, "{not filled}"),
    ],
)
def test_blanks_are_filled(key: str, values: dict[str, object], text: str) -> None:
    assert T(key, **values) == text


def test_an_error_is_said_with_its_remedy_on_the_next_line() -> None:
    error = JipyoError("a.refused", hint="a.refused.hint", path="/data")
    assert T.error(error) == "/data를 열 수 없습니다\n/data의 권한을 확인하십시오"
    assert T.error(JipyoError("a.refused", path="설정")) == "설정을 열 수 없습니다"


def test_a_refused_question_keeps_the_words_of_prometheus() -> None:
    error = QueryError.bad_data("1:5: parse error: unexpected <op:>")
    assert texts("ko").error(error) == "1:5: parse error: unexpected <op:>"


def test_a_missing_text_or_value_is_our_own_fault() -> None:
    with pytest.raises(AssertionError, match=r"no text 'a\.gone' in ko"):
        T("a.gone")
    with pytest.raises(AssertionError, match="needs a value for 'name'"):
        T("a.subject")
    assert "a.plain" in T
    assert "a.gone" not in T


def test_a_language_is_read_once() -> None:
    assert texts("ko") is texts("ko")
