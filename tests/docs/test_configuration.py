"""The example of the configuration's page is valid and shows the defaults."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from jipyo.config.file import FileConfig
from jipyo.config.load import parse

DOCS = Path(__file__).parents[2] / "docs"
BOTH = pytest.mark.parametrize("name", ["configuration.md", "configuration.ko.md"])


def example(name: str) -> str:
    found = re.search(r"```yaml\n(.*?)```", (DOCS / name).read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


@BOTH
def test_the_example_of_the_documentation_is_a_valid_configuration(name: str) -> None:
    assert parse(example(name), name).language == "ko"


@BOTH
def test_the_example_shows_the_defaults(name: str) -> None:
    settings = parse(example(name), name)
    plain = FileConfig()
    for room in ("store", "query", "web", "listen", "logs", "insight", "alerts", "slo"):
        assert getattr(settings, room) == getattr(plain, room)
    assert replace(settings.collect, scrape=(), databases=(), probes=()) == plain.collect
    assert [one.kind for one in settings.collect.databases] == ["postgres"]
    assert [one.job for one in settings.collect.probes] == ["web", "mail"]
    assert [job.name for job in settings.collect.scrape] == ["vllm", "dcgm"]
