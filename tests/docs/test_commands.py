"""Every command and option is in the documentation of the command line, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import pytest

from docs.tables import page_of
from jipyo.cli.main import build_command
from jipyo.i18n import LANGS, Lang, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMON = ("--config", "--data", "--lang")
EACH = pytest.mark.parametrize("lang", LANGS)


def list_commands(group: click.Group, path: str = "jipyo") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from list_commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def read_sections(lang: Lang) -> dict[str, str]:
    """The text below each heading of the page."""
    parts = page_of("cli", lang).read_text("utf-8").split("\n## ")
    return {part.partition("\n")[0]: part for part in parts}


@EACH
def test_every_command_and_option_is_documented(lang: Lang) -> None:
    sections = read_sections(lang)
    for path, command in list_commands(build_command(texts(lang))):
        assert path in sections
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.opts[0] not in COMMON:
                assert f"`{parameter.opts[0]}" in sections[path], f"{path} {parameter.opts[0]}"


@EACH
def test_no_command_is_documented_that_does_not_exist(lang: Lang) -> None:
    paths = {path for path, _ in list_commands(build_command(texts(lang)))}
    assert {title for title in read_sections(lang) if title.startswith("jipyo ")} == paths


@EACH
def test_the_options_that_all_commands_share_are_documented_once(lang: Lang) -> None:
    introduction = page_of("cli", lang).read_text("utf-8").split("\n## ", 1)[0]
    for option in COMMON:
        assert f"`{option}" in introduction
