import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n.particles import Ending, is_particle, sound, with_particle

V, L, C = Ending.VOWEL, Ending.RIEUL, Ending.CONSONANT


@pytest.mark.parametrize(
    ("word", "ending"),
    [
        ("메모리", V), ("사용률", L), ("지연", C), ("압박", C),
        ("0", C), ("1", L), ("2", V), ("3", C), ("4", V), ("5", V), ("6", C), ("7", L),
        ("8", L), ("9", V), ("10", C), ("1.5", V),
        ("CPU", V), ("GPU", V), ("URL", L), ("VRAM", C), ("LAN", C), ("RTX", V), ("HTTPR", L),
        ("vLLM", C), ("PostgreSQL", L), ("MiB", V), ("db", V), ("http", V), ("rpm", C),
        ("node", V), ("server", V), ("file", L), ("role", L), ("model", L), ("name", C),
        ("engine", C), ("token", C), ("metric", C), ("block", C), ("app", C), ("log", V),
        ("disk", V), ("cache", V), ("host", V), ("ping", C), ("memory", V),
        ("54.2 %", V), ("81 °C", V), ("35℃", V), ("850 ms", V), ("14일", L), ("3시간", C),
        ("메모리(PSI)", V), ("압박(PSI)", C), ("지연 (p95) [ms]", C),
        ("[node]", V), ("'sda1'", L), ("“사용률”", L), ("(전체)", V), ("node_", V),
        ("", V), ("…", V), ("日本", V), ("(", V),
    ],
)  # fmt: skip
def test_a_word_ends_as_koreans_read_it(word: str, ending: Ending) -> None:
    assert sound(word) is ending


@pytest.mark.parametrize(
    ("word", "form", "said"),
    [
        ("CPU", "은", "CPU는"), ("URL", "는", "URL은"), ("3", "은", "3은"), ("4", "은", "4는"),
        ("사용률", "이", "사용률이"), ("메모리", "이", "메모리가"), ("디스크", "을", "디스크를"),
        ("지연", "과", "지연과"), ("GPU", "과", "GPU와"),
        ("서울", "으로", "서울로"), ("집", "로", "집으로"), ("학교", "으로", "학교로"),
        ("URL", "으로부터", "URL로부터"), ("8", "으로", "8로"), ("6", "으로", "6으로"),
        ("길동", "아", "길동아"), ("영희", "아", "영희야"),
        ("값", "이나", "값이나"), ("수", "이나", "수나"),
        ("값", "이라", "값이라"), ("수", "라", "수라"),
        ("값", "이라고", "값이라고"), ("수", "이라고", "수라고"),
        ("값", "이에요", "값이에요"), ("수", "예요", "수예요"), ("값", "였", "값이었"),
        ("서울", "이란", "서울이란"), ("수", "이며", "수며"),
    ],
)  # fmt: skip
def test_a_particle_fits_its_word(word: str, form: str, said: str) -> None:
    assert with_particle(word, form) == said


@given(st.text(), st.sampled_from(["은", "을", "으로", "이라고"]))
def test_any_text_can_carry_a_particle(word: str, form: str) -> None:
    assert with_particle(word, form).startswith(word)


def test_an_unknown_form_is_not_a_particle() -> None:
    assert is_particle("으로")
    assert not is_particle(".1f")
