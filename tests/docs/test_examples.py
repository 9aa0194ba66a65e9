"""The READMEs of the examples: the same commands in both languages."""

from __future__ import annotations

import re

import pytest

from support.readme import EXAMPLES, read_commands

FOLDERS = sorted(folder.name for folder in EXAMPLES.iterdir() if folder.is_dir())


@pytest.mark.parametrize("name", FOLDERS)
def test_both_languages_have_the_same_commands(name: str) -> None:
    english, korean = (
        list(read_commands(EXAMPLES / name / f"README{suffix}").values())
        for suffix in (".md", ".ko.md")
    )
    assert english == korean
    assert len(english) >= 3


@pytest.mark.parametrize("name", FOLDERS)
@pytest.mark.parametrize("suffix", [".md", ".ko.md"])
def test_every_link_leads_to_a_file_of_its_language(name: str, suffix: str) -> None:
    readme = EXAMPLES / name / f"README{suffix}"
    links = re.findall(r"\]\(([^)#]+)\)", readme.read_text("utf-8"))
    assert len(links) >= 3
    assert [link for link in links if not (readme.parent / link).is_file()] == []
    pages = [link for link in links if link.endswith(".md")]
    assert [link for link in pages if link.endswith(".ko.md") is not (suffix == ".ko.md")] == []
