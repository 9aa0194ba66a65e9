"""Characters of names and lines that a reader would not see, but that change what is read."""

import re

_CONTROLS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
"""What a terminal obeys, what turns the direction of writing, and what has no width.

Joiners are left alone: scripts and emoji need them.
"""


def escape_controls(text: str) -> str:
    r"""The text with its controls written out, as `\x1b` and `\u202e`; line ends and tabs stay.

    A name in a sentence would otherwise turn the words behind it around.
    """
    return text if text.isprintable() else _CONTROLS.sub(_write_out, text)


def _write_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
