"""The command line speaks the reader's language."""

from collections.abc import Iterator

import click
import pytest

from jipyo.cli.localized import find_language, find_system_language
from jipyo.cli.main import build_command
from jipyo.i18n import LANGS, Lang, texts
from support.product import jipyo


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"JIPYO_LANG": "ko", "LC_ALL": "C"}, "ko"),
        ({"JIPYO_LANG": "", "LANG": "ko"}, "ko"),
    ],
)
def test_the_environment_decides(environ: dict[str, str], lang: Lang) -> None:
    assert find_system_language(environ) == lang


@pytest.mark.parametrize(
    ("words", "lang"),
    [
        (["status", "--lang", "ko"], "ko"),
        (["status", "--lang=ko"], "ko"),
        (["--lang"], "en"),
        (["status", "--lang", "xx"], "en"),
        (["query", "ko"], "en"),
    ],
)
def test_the_option_is_known_before_the_options_are_read(words: list[str], lang: Lang) -> None:
    assert find_language(words, {}) == lang


def helps(command: click.Command, ctx: click.Context) -> Iterator[str]:
    yield command.get_help(ctx)
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from helps(child, click.Context(child, info_name=name, parent=ctx))


def test_every_help_page_is_there_in_both_languages() -> None:
    pages = {}
    for lang in LANGS:
        group = build_command(texts(lang))
        pages[lang] = list(helps(group, click.Context(group, info_name="jipyo")))
    assert len(pages["ko"]) == len(pages["en"])
    for page in pages["ko"]:
        assert "사용법:" in page
        assert "Show" not in page
    for page in pages["en"]:
        assert not any("가" <= character <= "힣" for character in page)


def test_the_version_is_said() -> None:
    assert jipyo("--version").out.startswith("jipyo 0.")


def test_an_unknown_option_is_told_in_korean() -> None:
    said = jipyo("status", "--nonsense", lang="ko")
    assert said.code == 2
    assert "--nonsense" in said.err
    assert "없습니다" in said.err
    assert "jipyo status --help" in said.err


def test_a_missing_argument_and_a_bad_choice_are_told() -> None:
    assert "EXPR" in jipyo("query").err
    assert "--format" in jipyo("query", "up", "--format", "pdf").err
