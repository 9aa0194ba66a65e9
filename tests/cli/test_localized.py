"""Help and usage errors are in the reader's language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from jipyo.cli.localized import find_language, find_system_language
from jipyo.cli.main import build_command, main
from jipyo.i18n import LANGS, Lang, texts
from support.product import jipyo

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.parametrize(
    ("environ", "lang"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "de_DE"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "ko_KR", "LANG": "en_US"}, "ko"),
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
        ([], "en"),
        (["status", "--lang", "xx"], "en"),
        (["query", "ko"], "en"),
    ],
)
def test_the_option_is_found_before_the_options_are_parsed(words: list[str], lang: Lang) -> None:
    assert find_language(words, {"XDG_CONFIG_HOME": "/nowhere"}) == lang


@pytest.mark.parametrize(
    ("text", "words", "lang"),
    [
        ("language: ko\nlistn: 1\n", [], "ko"),
        ("{listen: 1, 'language': \"ko\"}", [], "ko"),
        ("language: ko\nlisten: [\n", [], "ko"),  # no YAML
        ("listen: [\n", [], "en"),
        ("language: de\n", [], "en"),
        ("collect: {language: ko}\n", [], "en"),
        ("- language\n", [], "en"),
        ("language: ko\n", ["--lang", "en"], "en"),
        ("", [], "en"),
    ],
)
def test_the_configuration_decides_before_the_environment(
    tmp_path: Path, text: str, words: list[str], lang: Lang
) -> None:
    file = tmp_path / "jipyo" / "jipyo.yaml"
    file.parent.mkdir()
    file.write_text(text, "utf-8")
    environ = {"LANG": "C", "XDG_CONFIG_HOME": str(tmp_path)}
    assert find_language(["status", *words], environ) == lang
    for option in (["--config", str(file)], [f"--config={file}"]):
        assert find_language(["status", *option, *words], {"LANG": "C"}) == lang
    assert find_language(["config", "check", str(file), *words], {"LANG": "C"}) == lang


def test_mistakes_of_a_korean_file_are_reported_in_korean(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "jipyo.yaml"
    file.write_text("language: ko\nlisten: 9797\n", "utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["status", "--config", str(file)])
    assert ended.value.code == 2
    assert f"{file}:2: listen: 9797은 주소가 아닙니다." in capsys.readouterr().err


def list_pages(command: click.Command, ctx: click.Context) -> Iterator[tuple[str, str]]:
    """The path and the help page of a command and of all below it."""
    yield ctx.command_path, command.get_help(ctx)
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from list_pages(child, click.Context(child, info_name=name, parent=ctx))


def build_pages(lang: Lang) -> dict[str, str]:
    group = build_command(texts(lang))
    return dict(list_pages(group, click.Context(group, info_name="jipyo")))


@pytest.mark.parametrize("words", [(), ("db",), ("--lang", "ko")])
def test_words_that_end_before_a_command_get_the_help_page(words: tuple[str, ...]) -> None:
    for lang in LANGS:
        result = jipyo(*words, lang=lang)
        assert (result.code, result.out) == (2, "")
        path = ["jipyo", *(word for word in words if word == "db")]
        assert result.err.rstrip() == build_pages(lang)[" ".join(path)].rstrip()


def test_every_help_page_is_there_in_both_languages() -> None:
    pages = {lang: build_pages(lang) for lang in LANGS}
    assert list(pages["ko"]) == list(pages["en"])
    assert len(pages["en"]) > 15
    for page in pages["ko"].values():
        assert "사용법:" in page
        assert "도움말을 출력하고 종료합니다." in page
        assert "Show" not in page
    for page in pages["en"].values():
        assert "Show this help and exit." in page
        assert not any("가" <= character <= "힣" for character in page)


@pytest.mark.parametrize("lang", LANGS)
def test_a_group_lists_its_commands(lang: Lang) -> None:
    page = build_pages(lang)["jipyo db"]
    for name in ("stats", "check", "backup", "restore", "compact", "delete"):
        assert f"  {name} " in page


@pytest.mark.parametrize("path", ["jipyo status", "jipyo db check", "jipyo report daily"])
def test_every_command_takes_the_shared_options(path: str) -> None:
    page = build_pages("en")[path]
    for option in ("--config FILE", "--data DIR", "--lang"):
        assert option in page


@pytest.mark.parametrize(
    ("words", "ko", "en"),
    [
        (
            ("status", "--nonsense"),
            "--nonsense라는 옵션은 없습니다",
            "There is no option --nonsense",
        ),
        (("query",), "EXPR", "EXPR"),
        (("query", "up", "--format", "pdf"), "--format", "--format"),
        (("nonsense",), "nonsense라는 명령은 없습니다", "There is no command nonsense"),
        (("export", "x.om"), "prometheus-rules, samples", "prometheus-rules, samples"),
    ],
)
def test_wrong_usage_is_explained_in_both_languages(
    words: tuple[str, ...], ko: str, en: str
) -> None:
    for lang, message in (("ko", ko), ("en", en)):
        result = jipyo(*words, lang="ko" if lang == "ko" else "en")
        assert result.code == 2
        assert message in result.err
        assert "--help" in result.err.splitlines()[-1]
