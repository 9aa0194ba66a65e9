"""What a form can ask for, by its names in both languages."""

from __future__ import annotations

import pytest

from jipyo.i18n import LANGS, Lang
from jipyo.model.errors import ReportError
from jipyo.reports.document import Table
from jipyo.reports.forms.values import SlotFormat, write_value
from reports.forms.building import build_incidents, build_test_book, read_error

BOOKS = {lang: build_test_book(lang) for lang in LANGS}


def read(name: str, lang: Lang = "ko") -> str:
    book = BOOKS[lang]
    return write_value(book.find_text(name), SlotFormat(), book.localizer)


@pytest.mark.parametrize(
    ("name", "ko"),
    [
        ("문서번호", "JIPYO-D-20261121"),
        ("number", "JIPYO-D-20261121"),
        ("기간", "2026년 11월 21일 (토)"),
        ("시작일", "2026년 11월 21일 (토)"),
        ("월", "11"),
        ("부서", "운영팀"),
        ("시스템", "상담 & <시스템>"),
        ("종합판정", "주의"),
        ("요약상세", "자세한 내용\n둘째"),
        ("CPU 사용률", "91.3%"),
        ("system.cpu", "91.3%"),
        ("CPU사용률.평균", "91.3%"),
        ("System.CPU.Average", "91.3%"),
        ("GPU 사용률[1].평균", "50.5%"),
        ("system.gpu[0, node-1].average", "40%"),
        ("GPU 사용률.평균", "40%"),
        ("app.errors", "데이터 없음"),
        ("averages.b.평균", "40%"),
        ("averages.2.average", "40%"),
        ("sizes.disk.평균", "3GiB"),
        ("SLA.총점", "27.00"),
        ("sla.total", "27.00"),
        ("장애.2.내용", "<b> & \"'"),
    ],
)
def test_a_name_of_either_language_finds_its_value(name: str, ko: str) -> None:
    assert read(name) == ko


def test_every_slot_that_is_listed_can_be_asked_for() -> None:
    for lang, book in BOOKS.items():
        for slot in book.texts:
            for name in (slot.name.ko, slot.name.en):
                assert book.find_text(name) == slot.value, (lang, name)
        for table in book.tables:
            assert all(book.find_table(name) is table for name in table.names)
            for number, row in enumerate(table.rows, 1):
                for at, column in enumerate(table.columns):
                    name = f"{table.name(lang)}.{number}.{column.name(lang)}"
                    assert book.find_text(name) == row[at], name
        for picture in book.pictures:
            assert book.find_picture(picture.id) is picture


def test_no_two_things_have_the_same_name() -> None:
    book = BOOKS["ko"]
    for lang in LANGS:
        for listed in (book.texts, book.tables):
            names = [one.name(lang) for one in listed]
            assert len(names) == len(set(names))


def test_a_table_that_is_absent_this_time_is_known_and_empty() -> None:
    book = build_test_book("ko", Table("other", "x", (), ()))
    table = book.find_table("장애")
    assert table.is_absent
    assert not table.rows
    assert write_value(book.find_text("장애.1.내용"), SlotFormat(), book.localizer) == "내용 없음"
    assert not build_test_book("ko", build_incidents()).find_table("incidents").is_absent


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("문서번오", "{{문서번오}}에 해당하는 이름이 없습니다. 비슷한 이름: 문서번호"),
        ("averages.b.평균치", "averages.b.평균"),
        ("averages.x.평균", "averages.b.평균"),
        (
            "쿄쿄쿄쿄",
            "이름이 없습니다.\n쓸 수 있는 이름은 `jipyo report slots`로 볼 수 있습니다.",
        ),
        ("GPU 사용률[node-1].평균", '시계열이 여럿입니다: {gpu="0",instance="node-1"}'),
        ("GPU 사용률[7].평균", "시계열이 없습니다"),
        ("[", "이름이 없습니다"),
        ("", "이름이 없습니다"),
        ("x" * 400, "이름이 없습니다"),
    ],
)
def test_an_unknown_name_is_an_error_with_the_nearest(name: str, message: str) -> None:
    with pytest.raises(ReportError) as error:
        BOOKS["ko"].find_text(name)
    assert message in read_error(error.value)
    assert read_error(error.value, "en")


def test_the_languages_offer_the_same() -> None:
    ko, en = BOOKS["ko"], BOOKS["en"]
    assert [slot.name for slot in ko.texts] == [slot.name for slot in en.texts]
    assert [table.names for table in ko.tables] == [table.names for table in en.tables]
