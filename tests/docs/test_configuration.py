"""The documentation of the configuration names every key, and its example is valid."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from jipyo import config

DOCS = Path(__file__).parents[2] / "docs"
FREE = ("metrics", "scrape", "headers")
"""What stands below these is not ours to name."""
BOTH = pytest.mark.parametrize("name", ["configuration.md", "configuration.ko.md"])


def example(name: str) -> str:
    found = re.search(r"```yaml\n(.*?)```", (DOCS / name).read_text("utf-8"), re.DOTALL)
    assert found
    return found[1]


def keys(settings: tuple[config.Setting, ...], above: str = "") -> Iterator[str]:
    for setting in settings:
        path = f"{above}{setting.key}"
        yield path
        yield from keys(setting.inside, f"{path}.")


def written(tree: object, above: str = "") -> Iterator[str]:
    if isinstance(tree, dict):
        for key, inner in tree.items():
            yield f"{above}{key}"
            if key not in FREE:
                yield from written(inner, f"{above}{key}.")
    elif isinstance(tree, list):
        for item in tree:
            yield from written(item, above)


@BOTH
def test_the_example_of_the_documentation_is_a_valid_configuration(name: str) -> None:
    assert config.parse(example(name), name).language == "ko"


@BOTH
def test_every_key_is_documented_and_no_other(name: str) -> None:
    documented = set(written(yaml.safe_load(example(name))))
    assert documented == set(keys(config.FILE))


@BOTH
def test_the_example_shows_the_defaults(name: str) -> None:
    said = config.parse(example(name), name)
    plain = config.FileConfig()
    for room in ("store", "query", "web", "listen"):
        assert getattr(said, room) == getattr(plain, room)
    assert replace(said.collect, scrape=(), databases=(), probes=()) == plain.collect
    assert [one.kind for one in said.collect.databases] == ["postgres"]
    assert [one.job for one in said.collect.probes] == ["web", "mail"]
    assert [job.name for job in said.collect.scrape] == ["vllm", "dcgm"]
