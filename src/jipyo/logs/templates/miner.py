"""Skeletons -> templates: found as they come, the same ids ever after, in bounded memory.

A template's id is derived from the skeleton that founded it. Training anew changes which
skeletons belong to which template, and never an id: of templates that become one, the oldest
stays and the others are its aliases. What finds no place is counted as `OTHER`, so that the
counts of all templates always add up to the number of records.
"""

from __future__ import annotations

import hashlib
import json
import threading
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jipyo.logs.templates.generalise import generalise
from jipyo.logs.templates.masking import mask
from jipyo.logs.templates.pattern import split_pattern, write_like
from jipyo.logs.templates.search import PatternIndex
from jipyo.model.errors import StoreCorrupt

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from jipyo.logs.templates.generalise import Known
    from jipyo.logs.templates.pattern import Pattern

OTHER = "other"
"""The id for records without a template: the skeleton is none, or there is no more room."""

_MAGIC = b"jipyo templates 1\n"
_CHECKSUM_BYTES = 16
_FOUNDED_BEFORE_TRAINING = 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is remembered."""

    skeletons: int = 100_000
    """Further ones are looked up in the templates each time, and found none of their own."""
    templates: int = 10_000


@dataclass(frozen=True, slots=True)
class Template:
    """What messages of one kind have in common."""

    id: str
    founder: bytes
    """The skeleton that it was first seen as."""
    pattern: Pattern

    @property
    def text(self) -> str:
        """With `<*>` for what varies, in the words of the founder."""
        return write_like(self.pattern, self.founder)


class TemplateMiner:
    """Which template a skeleton belongs to.

    One for all of a store: where two learn apart, one skeleton may get two templates.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._templates: dict[str, Template] = {}
        self._aliases: dict[str, str] = {}
        self._of_skeleton: dict[bytes, str] = {}
        self._of_masked: dict[str, str] = {}
        self._of_pattern: dict[Pattern, str] = {}
        self._index = PatternIndex(())
        self._known: Known = frozenset()
        self._founded = 0
        self._texts: dict[str, str] = {}
        """Written so far; a text takes as long as a hundred look-ups."""
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._templates)

    def templates(self) -> tuple[Template, ...]:
        """All that are no aliases, in the order in which they were founded."""
        return tuple(self._templates[name] for name in self._templates if name not in self._aliases)

    def template(self, template_id: str) -> Template | None:
        """The template with this id, or the one that it became part of."""
        return self._templates.get(self.resolve(template_id))

    def resolve(self, template_id: str) -> str:
        """The id under which an id's records are counted now."""
        return self._aliases.get(template_id, template_id)

    def assign(self, skeletons: Iterable[bytes]) -> list[str]:
        """The templates' ids, found for what has none yet."""
        found = self._of_skeleton
        return [found.get(skeleton) or self._place(skeleton) for skeleton in skeletons]

    def find_templates(self, skeletons: Sequence[bytes]) -> list[tuple[str, str]]:
        """Id and text of the template of each skeleton, for several threads at once."""
        with self._lock:
            return [(name, self._write_text(name)) for name in self.assign(skeletons)]

    def _write_text(self, name: str) -> str:
        text = self._texts.get(name)
        if text is None:
            template = self.template(name)
            text = self._texts[name] = template.text if template else "<*>"
        return text

    def _place(self, skeleton: bytes) -> str:
        if not skeleton:
            return OTHER
        masked = mask(skeleton)
        place = self._of_masked.get(masked) or self._fit(split_pattern(masked))
        if place is None:
            return self._found_template(skeleton, masked)
        if len(self._of_skeleton) < self._limits.skeletons:
            self._of_skeleton[skeleton] = self._of_masked[masked] = place
        return place

    def _fit(self, message: Pattern) -> str | None:
        pattern = message if message in self._of_pattern else self._index.find(message, self._known)
        return None if pattern is None else self._of_pattern[pattern]

    def _found_template(self, skeleton: bytes, masked: str) -> str:
        if len(self._templates) >= self._limits.templates:
            return OTHER
        template = self._create(skeleton, split_pattern(masked))
        self._founded += 1
        self._of_skeleton[skeleton] = self._of_masked[masked] = template.id
        self._index.add(template.pattern)
        return template.id

    def _create(self, founder: bytes, pattern: Pattern) -> Template:
        name = choose_id(founder, self._templates)
        template = Template(name, founder, pattern)
        self._templates[name] = template
        self._of_pattern.setdefault(pattern, name)
        return template

    def should_train(self) -> bool:
        """Whether many templates were founded since the last training."""
        return self._founded >= max(_FOUNDED_BEFORE_TRAINING, len(self._templates) // 10)

    def train(self) -> None:
        """Lay all remembered skeletons side by side; only the map changes, no id does.

        Takes about 100 µs for each; the outcome does not depend on the order in which they came,
        but for which of them founded a template.
        """
        with self._lock:
            masked = {skeleton: mask(skeleton) for skeleton in self._of_skeleton}
            messages = {text: split_pattern(text) for text in masked.values()}
            patterns, self._known = generalise(messages.values())
            groups: dict[Pattern, list[bytes]] = {}
            for skeleton, text in masked.items():
                groups.setdefault(patterns[messages[text]], []).append(skeleton)
            self._name_groups(groups)
            self._of_masked = {text: self._of_skeleton[one] for one, text in masked.items()}

    def _name_groups(self, groups: dict[Pattern, list[bytes]]) -> None:
        age = {
            template.founder: (n, template.id)
            for n, template in enumerate(self._templates.values())
        }
        self._of_pattern, self._aliases, self._founded = {}, {}, 0
        self._texts.clear()
        for pattern, skeletons in groups.items():
            names = [name for _, name in sorted(age[one] for one in skeletons if one in age)]
            name = names[0] if names else choose_id(skeletons[0], self._templates)
            founder = self._templates[name].founder if names else skeletons[0]
            self._templates[name] = Template(name, founder, pattern)
            self._of_pattern[pattern] = name
            self._of_skeleton.update(dict.fromkeys(skeletons, name))
            self._aliases.update(dict.fromkeys(names[1:], name))
        self._index = PatternIndex(self._of_pattern)

    def dump(self) -> bytes:
        """All of it, with a checksum; `load` has the same templates, map and aliases again."""
        numbers = {name: number for number, name in enumerate(self._templates)}
        value = {
            "templates": [
                [one.id, one.founder.decode("latin-1"), "".join(one.pattern)]
                for one in self._templates.values()
            ],
            "aliases": self._aliases,
            "skeletons": [
                [skeleton.decode("latin-1"), numbers[name]]
                for skeleton, name in self._of_skeleton.items()
            ],
            "masked": {text: numbers[name] for text, name in self._of_masked.items()},
            "known": sorted("".join(value) for value in self._known),
            "founded": self._founded,
        }
        body = zlib.compress(json.dumps(value, ensure_ascii=False).encode(), 6)
        return _MAGIC + compute_checksum(body) + body

    @classmethod
    def load(cls, data: bytes, limits: Limits | None = None) -> TemplateMiner:
        """What `dump` gave.

        Raises:
            StoreCorrupt: the bytes are not those.
        """
        checksum, body = (
            data[len(_MAGIC) :][:_CHECKSUM_BYTES],
            data[len(_MAGIC) + _CHECKSUM_BYTES :],
        )
        if not data.startswith(_MAGIC) or checksum != compute_checksum(body):
            raise StoreCorrupt("logs_templates.damaged", hint="logs_templates.damaged.hint")
        value = json.loads(zlib.decompress(body))
        miner = cls(limits)
        for _, founder, pattern in value["templates"]:
            miner._create(founder.encode("latin-1"), split_pattern(pattern))
        names = list(miner._templates)
        assert names == [name for name, _, _ in value["templates"]], "BUG: ids are derived anew"
        miner._aliases = value["aliases"]
        miner._of_pattern = {one.pattern: one.id for one in miner.templates()}
        miner._index = PatternIndex(miner._of_pattern)
        miner._known = frozenset(split_pattern(text) for text in value["known"])
        miner._founded = value["founded"]
        for skeleton, number in value["skeletons"]:
            miner._of_skeleton[skeleton.encode("latin-1")] = names[number]
        miner._of_masked = {text: names[number] for text, number in value["masked"].items()}
        return miner


def compute_checksum(body: bytes) -> bytes:
    """By which damage is found."""
    return hashlib.blake2b(body, digest_size=_CHECKSUM_BYTES).digest()


def choose_id(founder: bytes, templates: Container[str]) -> str:
    """Twelve digits from the founder's text; from a longer one where a template has them."""
    name = hashlib.blake2b(founder, digest_size=6).hexdigest()
    while name in templates:
        founder += b"\0"
        name = hashlib.blake2b(founder, digest_size=6).hexdigest()
    return name


def count_by_template(ids: Sequence[str], counts: NDArray[np.int64]) -> dict[str, int]:
    """Records by template, the sum of which is the sum of the counts."""
    total: dict[str, int] = {}
    for name, n in zip(ids, counts.tolist(), strict=True):
        total[name] = total.get(name, 0) + n
    return total
