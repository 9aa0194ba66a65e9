"""The examples as an operator follows them: their files, and the commands of their README."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EXAMPLES = Path(__file__).parents[2] / "examples"
_PARTS = re.compile(
    r"^## (?P<heading>[^\n]+)$|^```sh\n(?P<commands>.*?)^```$", re.MULTILINE | re.DOTALL
)


def copy_example(name: str, folder: Path, addresses: Mapping[str, str]) -> Path:
    """Copy an example, with addresses of this machine in place of those that it names."""
    folder.mkdir(parents=True)
    for file in (EXAMPLES / name).iterdir():
        text = file.read_text("utf-8")
        for address, own in addresses.items():
            text = text.replace(address, own)
        (folder / file.name).write_text(text, "utf-8")
    return folder


def read_commands(readme: Path) -> dict[str, str]:
    """The commands below each heading, in order, as one script each."""
    scripts: dict[str, str] = {}
    heading = ""
    for part in _PARTS.finditer(readme.read_text("utf-8")):
        heading = part["heading"] or heading
        if part["commands"]:
            scripts[heading] = scripts.get(heading, "") + part["commands"]
    return scripts
