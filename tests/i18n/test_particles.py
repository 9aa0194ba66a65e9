import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n.particles import Ending, add_particle, find_ending, is_particle
from support.timing import measure_cpu_s

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
        ("54.2%", V), ("54.2 %", V), ("81°C", V), ("35℃", V), ("850ms", V), ("2µs", V),
        ("14일", L), ("3시간", C), ("10분", C), ("33건", C), ("1.5GiB", V), ("130W", V),
        ("14.4배", V),
        ("102건/초", V), ("12패킷/초", V), ("3시간 5분", C), ("41", L), ("1,000", C), ("∞", V),
        ("NaN초", V),
        ("NVMe", V), ("RAID1", L), ("cuda:0", C), ("/dev/sda3", C), ("gpu-server-1", L),
        ("Redis", V),
        ("MySQL", L), ("nginx", V), ("vm", C), ("kernel", L), ("한국어 (Korean)", V),
        ("메모리(PSI)", V), ("압박(PSI)", C), ("지연 (p95) [ms]", C),
        ("[node]", V), ("'sda1'", L), ("“사용률”", L), ("(전체)", V), ("node_", V),
        ("", V), ("…", V), ("日本", V), ("(", V),
    ],
)  # fmt: skip
def test_a_word_ends_as_koreans_read_it(word: str, ending: Ending) -> None:
    assert find_ending(word) is ending


@pytest.mark.parametrize(
    ("word", "form", "text"),
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
        ("10분", "이었", "10분이었"), ("33건", "이었", "33건이었"), ("2시간", "이었", "2시간이었"),
        ("3일", "이었", "3일이었"), ("41", "이었", "41이었"), ("98.7%", "이었", "98.7%였"),
        ("1.5GiB", "이었", "1.5GiB였"), ("860ms", "이었", "860ms였"),
        ("102건/초", "이었", "102건/초였"),
        ("20", "이었", "20이었"), ("14.4배", "이었", "14.4배였"), ("0.0543", "이었", "0.0543이었"),
        ("vllm 10.0.3.21:8001", "이", "vllm 10.0.3.21:8001이"),
        ("vllm 10.0.3.21:8002", "이", "vllm 10.0.3.21:8002가"),
        ("서울", "이란", "서울이란"), ("수", "이며", "수며"),
    ],
)  # fmt: skip
def test_a_particle_fits_its_word(word: str, form: str, text: str) -> None:
    assert add_particle(word, form) == text


@given(st.text(), st.sampled_from(["은", "을", "으로", "이라고"]))
def test_any_text_can_carry_a_particle(word: str, form: str) -> None:
    assert add_particle(word, form).startswith(word)


def test_an_unknown_form_is_not_a_particle() -> None:
    assert is_particle("으로")
    assert not is_particle(".1f")


PAIRS = [("은", "는"), ("이", "가"), ("을", "를"), ("과", "와"), ("이었", "였"), ("으로", "로")]


@given(st.text(), st.sampled_from(PAIRS))
def test_either_form_of_a_pair_asks_for_the_same(word: str, pair: tuple[str, str]) -> None:
    first, second = pair
    assert add_particle(word, first) == add_particle(word, second)


@given(st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3))
def test_a_syllable_is_closed_where_it_decomposes_into_three(syllable: str) -> None:
    final = unicodedata.normalize("NFD", syllable)[2:]
    assert (find_ending(syllable) is V) == (final == "")
    assert (find_ending(syllable) is L) == (final == "\u11af")


def test_a_consonant_rieul_takes_the_short_form_of_euro_only() -> None:
    assert add_particle("서울", "으로") == "서울로"
    assert add_particle("서울", "이") == "서울이"
    assert add_particle("서울", "이었") == "서울이었"


@pytest.mark.parametrize("part", ["(a", "[a", "a!", " (", "%a", "a_"])
def test_a_word_of_any_length_is_read_by_its_end(part: str) -> None:
    assert measure_cpu_s(lambda: add_particle(part * 20_000 + "!", "은")) < 0.005
