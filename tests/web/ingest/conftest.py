"""A server with all receivers over a store of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from jipyo.collect.receive.push_groups import PushGroups
from jipyo.tsdb import Store
from jipyo.web.ingest import otlp, push_groups, remote_write, text
from jipyo.web.ingest.options import ReceiverOptions
from jipyo.web.ingest.receiver import ReceivedCounts, Receiver
from support.web import Answer, Client, serving

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from jipyo.model.labels import Labels
    from jipyo.model.store import Appender

NOW_MS = 1_793_500_000_000


def now_ms() -> int:
    return NOW_MS


@dataclass
class Place:
    """A server with receivers, and what they have stored and counted."""

    client: Client
    store: Store
    receiver: Receiver
    groups: PushGroups
    clock_ms: list[float]

    def post(self, path: str, body: bytes, method: str = "POST", **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.ask(method, path, body=body, headers=named)

    def write(self, body: bytes, headers: dict[str, str]) -> Answer:
        return self.client.ask("POST", "/api/v1/write", body=body, headers=headers)

    def kept(self) -> dict[str, list[float]]:
        """The stored values by series."""
        return {
            str(labels): values.tolist()
            for block in self.store.select([], 0, NOW_MS * 2)
            for labels, values in zip(block.series, block.values, strict=True)
        }

    def pushed(self) -> tuple[Labels, ...]:
        """The series of all push groups."""
        reading = self.groups.read(NOW_MS)
        assert reading is not None
        return reading.series

    def counted(self, name: str) -> dict[tuple[str, ...], float]:
        """A metric of the receiver, by the values of its labels."""
        return {
            tuple(value for key, value in sample.labels.pairs if key != "__name__"): sample.value
            for family in self.receiver.counts.families()
            for sample in family.samples
            if sample.labels.metric == name
        }


Places = Callable[..., Place]


@pytest.fixture
def places(tmp_path: Path, stack: ExitStack) -> Iterator[Places]:
    """`places(appender, **options)` makes one, over the store where no appender is given."""
    with Store.open(tmp_path / "data", now_ms=now_ms) as store:

        def make(appender: Appender | None = None, **options: Any) -> Place:
            clock_ms = [0.0]
            groups = PushGroups(tmp_path / "pushed")
            limits = ReceiverOptions(**options)
            receiver = Receiver(appender or store, limits, lambda: clock_ms[0], ReceivedCounts())
            client = stack.enter_context(
                serving(
                    *remote_write.routes(receiver),
                    *otlp.routes(receiver),
                    *text.routes(receiver, now_ms),
                    *push_groups.routes(receiver, groups, now_ms),
                )
            )
            return Place(client, store, receiver, groups, clock_ms)

        yield make
        stack.close()


@pytest.fixture
def place(places: Places) -> Place:
    return places()
