"""A text in Korean and English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bilingual:
    """A text in both languages: `name("ko")`."""

    ko: str
    en: str

    def __call__(self, lang: str) -> str:
        """The text in one language."""
        return self.ko if lang == "ko" else self.en
