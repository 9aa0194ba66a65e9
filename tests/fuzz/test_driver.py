"""The driver finds what it is there for, and keeps it small."""

from __future__ import annotations

import re
import time
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest

from fuzz import driver
from fuzz.driver import Surface
from jipyo.model.errors import MalformedBody

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def surface(feed: Callable[[bytes], object], **options: Any) -> Surface:
    return Surface(name="none", feed=feed, **options)


def fail_on_q(case: bytes) -> None:
    if b"q" in case:
        raise IndexError(case)


def refuse(case: bytes) -> None:
    raise MalformedBody("wire.damaged", reason=case.decode("latin-1"))


def refuse_without_words(case: bytes) -> None:
    raise MalformedBody("wire.damaged", reason="\ud800")


def hold_much(case: bytes) -> None:
    assert b"x" * (len(case) * 5_000)


@pytest.mark.parametrize(
    ("feed", "case", "kind"),
    [
        (fail_on_q, b"a q", r"IndexError at test_driver\.py:\d+"),
        (refuse_without_words, b"", r"UnicodeEncodeError at .*"),
        (lambda case: re.search(rb"(a*)*b$", case), b"a" * 20 + b"c", "too slow"),
        (hold_much, bytes(20_000), "too much memory"),
    ],
)
def test_what_a_surface_must_not_do_is_a_finding(
    feed: Callable[[bytes], object], case: bytes, kind: str
) -> None:
    found = driver.check(surface(feed), case)
    assert found is not None
    assert re.fullmatch(kind, found.kind)
    assert "none: " in f"{found}"


@pytest.mark.parametrize(
    ("feed", "errors"),
    [(refuse, (MalformedBody,)), (bytes.decode, (ValueError,)), (len, ()), (hold_much, ())],
)
def test_a_value_and_a_promised_error_are_none(
    feed: Callable[[bytes], object], errors: tuple[type[Exception], ...]
) -> None:
    assert driver.check(surface(feed, errors=errors), b"\xff") is None


def test_a_surface_that_never_returns_is_cut() -> None:
    found = driver.check(surface(lambda _: time.sleep(5), hang_s=0.05), b"")
    assert found is not None
    assert found.kind == "hang"


def test_mutations_of_one_seed_are_always_the_same_and_never_too_long() -> None:
    shape = surface(len, seeds=(b'{"a": [1, 2]}',), tokens=(b"[", b"]"), most_bytes=500)
    first, second = (list(islice(driver.iter_mutations(shape, 7), 500)) for _ in range(2))
    assert first == second
    assert first != list(islice(driver.iter_mutations(shape, 8), 500))
    assert len(set(first)) > 300
    assert max(map(len, first)) == 500


def test_a_finding_becomes_as_small_as_it_can_be_and_a_case_of_the_corpus(tmp_path: Path) -> None:
    broken = surface(fail_on_q, seeds=(b"abc" * 100,), tokens=(b"q",), corpora=tmp_path)
    found = driver.run(broken, seed=1, seconds=0.3).findings
    assert [finding.kind[:10] for finding in found] == ["IndexError"]
    smallest = driver.minimise(found[0])
    assert smallest.case == b"q"
    path = driver.keep(smallest)
    assert path.parent == tmp_path / "none"
    assert driver.read_corpus(broken) == {path.name: b"q"}
    assert [finding.case for finding in driver.run_corpus(broken)] == [b"q"]
    with pytest.raises(AssertionError, match="IndexError"):
        driver.assert_short_form(broken)


def test_a_file_of_lines_is_a_case_a_line(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    (tmp_path / "none" / "odd.lines").write_bytes("한\nb\\n\\xff\n".encode())
    assert driver.read_corpus(surface(len, corpora=tmp_path)) == {
        "odd:1": "한".encode(),
        "odd:2": b"b\n\xff",
    }
