"""Services by name and pattern; one that there is not is never nothing."""

from __future__ import annotations

import pytest

from jipyo.logs.evaluate import BatchLogSource
from jipyo.logs.services import find_services, find_similar
from jipyo.model.errors import JipyoError, LogQueryError, StoreError
from support.log_batches import make_batch

SOURCE = BatchLogSource([make_batch(name, [{"t": 1}]) for name in ("api", "api-2", "검색")])


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ((), ()),
        (("api",), ("api",)),
        (("api*",), ("api", "api-2")),
        (("검색", "api", "api"), ("api", "검색")),
        (("*",), ("api", "api-2", "검색")),
    ],
)
def test_names_and_patterns_are_found(names: tuple[str, ...], found: tuple[str, ...]) -> None:
    assert find_services(SOURCE, names) == found


@pytest.mark.parametrize(
    ("name", "hint", "similar"),
    [
        ("aip", "logs_query.no_service.similar", "api"),
        ("API", "logs_query.no_service.similar", "api, api-2"),
        ("xyzzy", "logs_query.no_service.known", ""),
    ],
)
def test_a_name_that_is_none_is_an_error(name: str, hint: str, similar: str) -> None:
    with pytest.raises(LogQueryError) as caught:
        find_services(SOURCE, ["api", name])
    assert caught.value.hint == hint
    assert caught.value.values["name"] == name
    assert caught.value.values["known"] == "api, api-2, 검색"
    assert caught.value.values["similar"] == similar


def test_a_name_may_be_in_what_cannot_be_read() -> None:
    class DamagedSource(BatchLogSource):
        def find_missing(self) -> tuple[JipyoError, ...]:
            return (StoreError("logs_store.unreadable", path="x", reason="y"),)

    with pytest.raises(StoreError):
        find_services(DamagedSource([]), ["api"])


def test_a_store_without_records_has_no_services() -> None:
    with pytest.raises(LogQueryError) as caught:
        find_services(BatchLogSource([]), ["api"])
    assert caught.value.hint == "logs_query.no_service.none"


def test_the_most_similar_names_come_first() -> None:
    assert find_similar("statuz", ["status", "start", "xyz"])[0] == "status"
