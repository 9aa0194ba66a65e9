"""The page on operations: its commands and settings exist, and both languages show the same."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path, PurePath

import click
import pytest
import yaml

from docs.tables import page_of
from jipyo.catalogue import load
from jipyo.cli.main import build_command
from jipyo.config.load import parse
from jipyo.i18n import LANGS, Lang, texts

EACH = pytest.mark.parametrize("lang", LANGS)


def read_blocks(lang: Lang, kind: str) -> list[str]:
    """The blocks of code in one language of code, with continued lines joined."""
    text = page_of("operations", lang).read_text("utf-8").replace("\\\n", " ")
    return re.findall(rf"```{kind}\n(.*?)```", text, re.DOTALL)


def read_commands(lang: Lang) -> list[list[str]]:
    """The arguments of every call of jipyo in scripts, units and tables of cron."""
    known = build_command(texts(lang)).commands
    lines = [
        line.removeprefix("ExecStart=")
        for kind in ("sh", "ini", "cron")
        for block in read_blocks(lang, kind)
        for line in block.splitlines()
    ]
    calls: list[list[str]] = []
    for words in map(shlex.split, lines):
        for at, word in enumerate(words[:-1]):
            if PurePath(word).name == "jipyo" and words[at + 1] in known:
                calls.append(words[at + 1 :])
                break
    return calls


@EACH
def test_every_command_is_one_that_jipyo_accepts(lang: Lang) -> None:
    calls = read_commands(lang)
    assert len(calls) == 16
    for call in calls:
        command: click.Command = build_command(texts(lang))
        rest = list(call)
        while isinstance(command, click.Group):
            command = command.commands[rest.pop(0)]
        with command.make_context(call[0], rest):
            pass


@EACH
def test_the_settings_are_valid(lang: Lang) -> None:
    container, site = read_blocks(lang, "yaml")
    options = parse(container, "operations").collect
    assert options.host is not None
    assert options.process is not None
    assert options.host.paths.root == "/host"
    assert options.process.proc == "/host/proc"
    logs = parse(site, "operations").logs
    assert [group.service for group in logs.files] == ["web", "", ""]
    assert [(each.name, each.at_any_size) for each in logs.retention_classes] == [("access", True)]
    assert [hold.services for hold in logs.holds] == [("pay",)]


@EACH
def test_units_are_complete(lang: Lang) -> None:
    units = read_blocks(lang, "ini")
    sections = []
    for unit in units:
        parser = configparser.ConfigParser(strict=True, interpolation=None)
        parser.read_string(unit)
        sections.append(parser.sections())
    service = ["Unit", "Service", "Install"]
    assert sections == [service, service, ["Unit", "Service"], ["Timer", "Install"]]


@pytest.mark.parametrize("kind", ["sh", "ini", "cron", "sql"])
def test_both_languages_show_the_same(kind: str) -> None:
    assert read_blocks("ko", kind) == read_blocks("en", kind) != []


@EACH
def test_a_warning_is_inhibited_by_the_labels_of_every_metric(lang: Lang) -> None:
    (block,) = read_blocks(lang, "yml")
    (rule,) = yaml.safe_load(block)["inhibit_rules"]
    labels = {label for metric in load().metrics for label in metric.labels}
    assert set(rule["equal"]) == {"alertname", *labels}


def test_the_page_is_linked() -> None:
    docs = Path(__file__).parents[2] / "docs"
    assert "(operations.md)" in (docs / "README.md").read_text("utf-8")
    assert "(operations.ko.md)" in (docs / "README.ko.md").read_text("utf-8")
