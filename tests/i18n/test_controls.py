"""Characters that a reader does not see are written out, and no others."""

import pytest

from jipyo.i18n import escape_controls, texts
from jipyo.model.errors import ReportError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("정상 · GPU 0 😀", "정상 · GPU 0 😀"),
        ("two\nlines\tand 1\u00a0% · 👩\u200d💻", "two\nlines\tand 1\u00a0% · 👩\u200d💻"),
        ("\x1b[31mred\x07", r"\x1b[31mred\x07"),
        ("gnp\u202eexe.\u200b", r"gnp\u202eexe.\u200b"),
        ("\u2028\u2066\x9f", r"\u2028\u2066\x9f"),
        ("\ufeffco\u2060py", r"\ufeffco\u2060py"),
    ],
)
def test_only_what_is_not_seen_is_written_out(text: str, expected: str) -> None:
    assert escape_controls(text) == expected


@pytest.mark.parametrize("lang", ["ko", "en"])
def test_a_name_turns_no_words_of_a_sentence_around(lang: str) -> None:
    error = ReportError("reports.unknown_format", format="\u202epdf", known="html")
    assert r"\u202epdf" in texts(lang).error(error)
