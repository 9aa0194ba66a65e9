import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n import LANGS, Lang, Texts, texts
from jipyo.model.errors import JipyoError, QueryError

T = Texts(
    "ko",
    {
        "a.subject": "{name:이} 임계치를 초과했습니다",
        "a.rounded": "{value:.1f}%",
        "a.both": "{value:,|이} 있습니다",
        "a.plain": "{value}",
        "a.was": "전날에는 {before:이었}습니다",
        "a.plural": "{n:,} {n:metric/metrics} {n:is/are} pending",
        "a.suffix": "{n} target{n:/s}",
        "a.refused": "{path:을} 열 수 없습니다",
        "a.refused.hint": "{path}의 권한을 확인하십시오",
    },
)


@pytest.mark.parametrize(
    ("key", "values", "text"),
    [
        ("a.subject", {"name": "GPU 온도"}, "GPU 온도가 임계치를 초과했습니다"),
        ("a.subject", {"name": "CPU 사용률"}, "CPU 사용률이 임계치를 초과했습니다"),
        ("a.rounded", {"value": 3.14159}, "3.1%"),
        ("a.both", {"value": 12_345}, "12,345가 있습니다"),
        ("a.plain", {"value": 54.23}, "54.2"),
        ("a.plain", {"value": 9797}, "9797"),
        ("a.plain", {"value": "{not filled}"}, "{not filled}"),
        ("a.was", {"before": "10분"}, "전날에는 10분이었습니다"),
        ("a.was", {"before": "98.7%"}, "전날에는 98.7%였습니다"),
        ("a.plural", {"n": 0}, "0 metrics are pending"),
        ("a.plural", {"n": 1}, "1 metric is pending"),
        ("a.plural", {"n": 2}, "2 metrics are pending"),
        ("a.plural", {"n": 1_440}, "1,440 metrics are pending"),
        ("a.suffix", {"n": 1}, "1 target"),
        ("a.suffix", {"n": "1"}, "1 target"),
        ("a.suffix", {"n": 1.0}, "1 target"),
        ("a.suffix", {"n": 1.5}, "1.5 targets"),
        ("a.suffix", {"n": "1,001"}, "1,001 targets"),
    ],
)
def test_blanks_are_filled(key: str, values: dict[str, object], text: str) -> None:
    assert T(key, **values) == text


def test_an_error_has_its_hint_on_the_next_line() -> None:
    error = JipyoError("a.refused", hint="a.refused.hint", path="/data")
    assert T.error(error) == "/data를 열 수 없습니다\n/data의 권한을 확인하십시오"
    assert T.error(JipyoError("a.refused", path="설정")) == "설정을 열 수 없습니다"


def test_a_rejected_query_keeps_the_message_of_prometheus() -> None:
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


def test_errors_inside_a_text_are_translated_one_a_line() -> None:
    table = {"a.all": "{mistakes}", "a.one": "{path:은} 없습니다"}
    mistakes = (JipyoError("a.one", path="a.yaml"), JipyoError("a.one", path="설정"))
    assert Texts("ko", table)("a.all", mistakes=mistakes) == "a.yaml은 없습니다\n설정은 없습니다"


@pytest.mark.parametrize(
    ("number", "label", "ko", "en"),
    [
        ("2", "min", "2min", "2 min"), ("2", "분", "2분", "2 분"), ("98.7", "%", "98.7%", "98.7%"),
        ("14.4", "×", "14.4×", "14.4×"), ("5", "/s", "5/s", "5/s"), ("3", "", "3", "3"),
        ("81", "°C", "81°C", "81 °C"),
    ],
)  # fmt: skip
def test_korean_joins_number_and_unit(number: str, label: str, ko: str, en: str) -> None:
    assert texts("ko").join(number, label) == ko
    assert texts("en").join(number, label) == en


@pytest.mark.parametrize("lang", LANGS)
@given(n=st.integers(min_value=0, max_value=10**9))
def test_only_one_is_singular(lang: Lang, n: int) -> None:
    text = Texts(lang, {"a.n": "{n:one/many}"})("a.n", n=n)
    assert text == ("one" if n == 1 else "many")
