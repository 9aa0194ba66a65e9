"""A wrong pattern is an error of ours; RE2 itself writes nothing."""

from __future__ import annotations

import pytest
import re2

from jipyo.model.regex import compile_pattern


@pytest.mark.parametrize("pattern", ["(", "(?=a)", b"[", "(((a{100}){100}){100}){100}"])
def test_a_wrong_pattern_is_refused_in_silence(
    pattern: str | bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(re2.error):
        compile_pattern(pattern)
    assert capfd.readouterr() == ("", "")


def test_a_pattern_is_found_anywhere() -> None:
    assert compile_pattern("b.").search("abc")[0] == "bc"
    assert compile_pattern(b"b.").search(b"abc")[0] == b"bc"
