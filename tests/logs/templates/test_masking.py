import pytest

from jipyo.logs.templates.masking import mask
from jipyo.logs.templates.pattern import split_pattern, write_like, write_pattern


@pytest.mark.parametrize(
    ("skeleton", "text"),
    [
        (b"took \x11 ms", "took <*>"),
        (b"open /var/lib/app/data failed", "open <*> failed"),
        (b"GET http://a.example/x?y=z in \x11s", "GET <*> in <*>"),
        (b"mail to <kim@example.kr> sent", "mail to <*> sent"),
        (b'user "kim" logged in', "user <*> logged in"),
        (b'"SyncLoop ADD" source="api"', '"SyncLoop ADD" source=<*>'),
        (b"rhost= ruser=", "rhost=<*> ruser=<*>"),
        (b"call() failed", "call(<*>) failed"),
        (b"at Jul  \x11 \x11:\x11", "at <*>"),
        (b"from 0a:bf:\x11:EF", "from <*>"),
        (b"enabled=true, proxy=null", "enabled=<*>, proxy=<*>"),
        (b"null value in column", "null value in column"),
        (b"load model org/\x11 now", "load model <*> now"),
        (b"don't stop", "don't stop"),
        (b"Unhandled\nin line \x11", "Unhandled"),
        (b"Traceback (most recent call last):\n  File\nValueError: no", "ValueError: no"),
    ],
)
def test_what_certainly_varies_becomes_a_mark(skeleton, text):
    written = write_pattern(split_pattern(mask(skeleton)))

    assert written.removeprefix("Traceback (most recent call last): ") == text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("서버 \x11은 정상입니다", "서버 \x11는 정상입니다"),
        ("주문 \x11을 처리", "주문 \x11를 처리"),
        ("김민수가 로그인", "김민수가 로그인"),
        ("파일 /srv/a로 저장", "파일 /srv/\x11으로 저장"),
        ("\x11과 연결", "\x11와 연결"),
        ("토큰 \x11개를 생성", "토큰 \x11개를 생성"),
    ],
)
def test_particles_that_depend_on_the_sound_before_are_the_same(one, other):
    assert mask(one.encode()) == mask(other.encode())


@pytest.mark.parametrize(
    ("one", "other"),
    [("\x11에서 응답", "\x11은 응답"), ("서버로 보냄", "서버를 보냄"), ("고가", "고이")],
)
def test_particles_that_say_something_else_are_not(one, other):
    assert mask(one.encode()) != mask(other.encode())


@pytest.mark.parametrize(
    ("skeleton", "text"),
    [
        ("주문 \x11을 처리했습니다", "주문 <*>을(를) 처리했습니다"),
        ("파일 /srv/a로 저장", "파일 <*>(으)로 저장"),
        ("서버가 응답하지 않습니다", "서버가 응답하지 않습니다"),
        ("(size \x11 KB, free \x11 MB) ok.", "(size <*>, free <*>) ok."),
        ("call() took \x11ms", "call() took <*>"),
        ("", ""),
    ],
)
def test_a_template_is_written_in_the_words_of_its_message(skeleton, text):
    pattern = split_pattern(mask(skeleton.encode()))

    assert write_like(pattern, skeleton.encode()) == text
