"""What `jipyo import prometheus` rejects before it asks any server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jipyo.i18n import LANGS, Lang
from support.api_server import api_server, success
from support.product import jipyo

if TYPE_CHECKING:
    from pathlib import Path

    from support.api_server import ApiRequest, ApiResponse

URL = ("--url", "http://127.0.0.1:9")


@pytest.mark.parametrize("lang", LANGS)
def test_samples_that_would_expire_at_once_are_not_copied(tmp_path: Path, lang: Lang) -> None:
    words = ("--from", "2020-01-01", "--data", str(tmp_path / "data"), "--lang", lang)
    result = jipyo("import", "prometheus", *URL, *words)
    assert result.code == 2
    assert "396" in result.err
    assert "store.retention" in result.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ((*URL,), "--from"),
        (("--from", "-1d"), "--url"),
        ((*URL, "--from", "-1h", "--to", "-2h"), "no time between"),
        ((*URL, "--from", "soon"), "soon"),
        (("--url", "host:9090", "--from", "-1h"), "host:9090"),
        ((*URL, "--from", "-1h", "--timeout", "x"), "x"),
        ((*URL, "--from", "-1h", "--username", "u"), "--password-file"),
    ],
)
def test_a_wrong_command_line_is_explained(
    words: tuple[str, ...], expected: str, tmp_path: Path
) -> None:
    result = jipyo("import", "prometheus", *words, "--data", str(tmp_path), "--lang", "en")
    assert result.code == 2, result.err
    assert expected in result.err


def test_a_selector_that_cannot_be_parsed_is_an_error(tmp_path: Path) -> None:
    words = ("--from", "-1h", "--match", "up{", "--data", str(tmp_path))
    result = jipyo("import", "prometheus", *URL, *words)
    assert result.code == 1
    assert "parse error" in result.err


def test_a_server_that_is_not_there_is_named_with_the_remedy(tmp_path: Path) -> None:
    words = ("--from", "-1h", "--timeout", "1s", "--data", str(tmp_path), "--lang", "en")
    result = jipyo("import", "prometheus", *URL, *words)
    assert result.code == 1
    assert "127.0.0.1:9" in result.err
    assert "Check that the server of this source is running" in result.err
    assert "What was copied is stored" not in result.err


def answer_empty(request: ApiRequest) -> ApiResponse:
    """A server without a sample."""
    if request.path == "query":
        return success({"resultType": "vector", "result": []})
    return success({} if request.path in ("metadata", "status/buildinfo") else [])


@pytest.mark.parametrize(
    ("lang", "words", "checked"),
    [("en", "no samples of", "same counts"), ("ko", "샘플이 없습니다", "서버와 같습니다")],
)
def test_a_selector_without_samples_is_named_and_no_success(
    tmp_path: Path, lang: Lang, words: str, checked: str
) -> None:
    with api_server(answer_empty) as server:
        options = ("--from", "-1h", "--match", 'up{job="nodes"}', "--data", str(tmp_path))
        result = jipyo("import", "prometheus", "--url", server.url, *options, "--lang", lang)
    assert result.code == 1
    assert words in result.out
    assert 'job="nodes"' in result.out
    assert checked not in result.out
