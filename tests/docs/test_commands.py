"""Every command and option stands in the documentation of the command line, in both languages."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from jipyo.cli.main import build_command
from jipyo.i18n import LANGS, Lang, texts

DOCS = Path(__file__).parents[2] / "docs"
FILES = {"en": "cli.md", "ko": "cli.ko.md"}


def commands(group: click.Group, path: str = "jipyo") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def section(text: str, heading: str) -> str:
    assert f"\n## {heading}" in text, f"no section {heading!r}"
    return text.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("lang", LANGS)
def test_every_command_and_option_is_documented(lang: Lang) -> None:
    text = (DOCS / FILES[lang]).read_text("utf-8")
    for path, command in commands(build_command(texts(lang))):
        said = section(text, path)
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.opts[0] not in COMMON:
                assert f"`{parameter.opts[0]}" in said, f"{path} {parameter.opts[0]}"


@pytest.mark.parametrize("lang", LANGS)
def test_the_options_that_all_commands_share_are_documented_once(lang: Lang) -> None:
    text = (DOCS / FILES[lang]).read_text("utf-8")
    for option in COMMON:
        assert f"`{option}" in text.split("\n## ", 1)[0]


COMMON = ("--config", "--data", "--lang")
