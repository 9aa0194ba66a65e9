"""Parts are started in order and stopped in reverse."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from jipyo.app.parts import running

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.model.family import Family


@dataclass
class Part:
    """Writes down what happens to it."""

    name: str
    log: list[str]
    fails_at: str = ""

    def start(self) -> None:
        self._do("start")

    def stop(self) -> None:
        self._do("stop")

    def families(self) -> Iterable[Family]:
        return ()

    def _do(self, action: str) -> None:
        self.log.append(f"{action} {self.name}")
        if self.fails_at == action:
            raise ValueError(self.name)


@pytest.mark.parametrize(
    ("fails_at", "log"),
    [
        ("", ["start a", "start b", "start c", "within", "stop c", "stop b", "stop a"]),
        ("start", ["start a", "start b", "stop a"]),
        ("stop", ["start a", "start b", "start c", "within", "stop c", "stop b", "stop a"]),
    ],
)
def test_whatever_fails_what_was_started_is_stopped(fails_at: str, log: list[str]) -> None:
    seen: list[str] = []
    parts = [Part("a", seen), Part("b", seen, fails_at), Part("c", seen)]
    expected = pytest.raises(ValueError, match="b") if fails_at else contextlib.nullcontext()
    with expected, running(parts):
        seen.append("within")
    assert seen == log


def test_an_error_within_stops_everything() -> None:
    seen: list[str] = []
    with pytest.raises(KeyError), running([Part("a", seen)]):
        raise KeyError
    assert seen == ["start a", "stop a"]
