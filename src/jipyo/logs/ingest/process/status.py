"""What the ingest process tells the one that started it, once a second, a line of JSON each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.model.errors import CollectError, JipyoError
from jipyo.model.family import Family, FamilySample
from jipyo.model.labels import Labels
from jipyo.model.sample import MetricType

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class IngestStatus:
    """Its metrics and problems at a moment."""

    families: Sequence[Family] = ()
    problems: Sequence[JipyoError] = ()
    syslog_ports: tuple[int, int] = (0, 0)
    """Of UDP and TCP."""

    def encode(self) -> bytes:
        """A line that `decode` reads."""
        content = {
            "families": [_encode_family(family) for family in self.families],
            "problems": [
                [each.key, each.hint, {name: str(value) for name, value in each.values.items()}]
                for each in self.problems
            ],
            "syslog_ports": self.syslog_ports,
        }
        return orjson.dumps(content) + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> IngestStatus:
        """The status of a line."""
        content = orjson.loads(line)
        return cls(
            [_decode_family(*each) for each in content["families"]],
            [CollectError(key, hint=hint, **values) for key, hint, values in content["problems"]],
            tuple(content["syslog_ports"]),
        )


def _encode_family(family: Family) -> tuple[str, str, str, list[tuple[Any, float]]]:
    samples = [(sample.labels.pairs, sample.value) for sample in family.samples]
    return family.name, family.type.value, family.help, samples


def _decode_family(
    name: str, kind: str, text: str, samples: Iterable[tuple[list[tuple[str, str]], float]]
) -> Family:
    decoded = tuple(FamilySample(Labels.of(pairs), value) for pairs, value in samples)
    return Family(name, MetricType(kind), text, decoded)
