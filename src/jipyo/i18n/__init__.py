"""Korean and English: texts by key, particles, numbers with units, dates and times."""

from jipyo.i18n.controls import escape_controls
from jipyo.i18n.texts import LANGS, Lang, Texts, find_blanks, find_short_key, texts

__all__ = ["LANGS", "Lang", "Texts", "escape_controls", "find_blanks", "find_short_key", "texts"]
