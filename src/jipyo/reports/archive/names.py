"""What the files of a document number are called."""

from __future__ import annotations

import hashlib
import re

LONGEST = 120
"""Most characters of a document number."""
_UNSAFE = re.compile(r"[^\w.-]|^[.-]")


def name_document(number: str) -> str:
    """A document number as the name of a file: `IT-2027/01` is `IT-2027_01-9f86d081`.

    One that can be a name is its own; of others the hash keeps two apart that look alike then.
    """
    safe = _UNSAFE.sub("_", number)
    return safe if safe == number else f"{safe}-{hashlib.sha256(number.encode()).hexdigest()[:8]}"
