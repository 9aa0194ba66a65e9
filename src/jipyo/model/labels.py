"""Label sets, which identify series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

METRIC_NAME = "__name__"

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


class Labels(Mapping[str, str]):
    """An immutable, hashable set of label pairs, sorted by name.

    A label with an empty value is the same as no label and is never kept.

    >>> print(Labels.of({"__name__": "up", "job": "node"}))
    up{job="node"}
    """

    __slots__ = ("_hash", "pairs")
    pairs: tuple[tuple[str, str], ...]
    _hash: int

    def __init__(self, pairs: tuple[tuple[str, str], ...]) -> None:
        """Take pairs that are already sorted, distinct and not empty; else use `of`."""
        self.pairs = pairs
        self._hash = hash(pairs)

    @classmethod
    def of(cls, labels: Mapping[str, str] | Iterable[tuple[str, str]]) -> Labels:
        """Sort the pairs and drop the empty ones; of two pairs with one name the last wins."""
        return cls(tuple(sorted((k, v) for k, v in dict(labels).items() if v)))

    @property
    def metric(self) -> str:
        """The metric name, or an empty string."""
        pairs = self.pairs
        if pairs and pairs[0][0] == METRIC_NAME:
            return pairs[0][1]
        return self.get(METRIC_NAME, "")

    def __getitem__(self, name: str) -> str:
        for key, value in self.pairs:
            if key == name:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Labels):
            return NotImplemented
        return self._hash == other._hash and self.pairs == other.pairs

    def __lt__(self, other: Labels) -> bool:
        return self.pairs < other.pairs

    def keep(self, names: Iterable[str]) -> Labels:
        """The labels of these names only."""
        wanted = frozenset(names)
        return Labels(tuple(pair for pair in self.pairs if pair[0] in wanted))

    def drop(self, names: Iterable[str]) -> Labels:
        """All labels but those of these names."""
        unwanted = frozenset(names)
        return Labels(tuple(pair for pair in self.pairs if pair[0] not in unwanted))

    def put(self, labels: Mapping[str, str]) -> Labels:
        """These labels set over ours; an empty value removes one."""
        return Labels.of({**dict(self.pairs), **labels})

    def __str__(self) -> str:
        inside = ",".join(
            f'{name}="{value.translate(_ESCAPES)}"'
            for name, value in self.pairs
            if name != METRIC_NAME
        )
        return f"{self.metric}{{{inside}}}" if inside or not self.metric else self.metric

    def __repr__(self) -> str:
        return f"Labels({self})"


EMPTY = Labels(())
