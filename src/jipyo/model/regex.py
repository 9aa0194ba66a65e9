"""RE2 patterns whose mistakes are errors, and not lines that the library writes itself."""

from __future__ import annotations

import re2


def compile_pattern(pattern: str | bytes, *, groups: bool = True) -> re2._Regexp:
    """A compiled pattern; `search` finds it anywhere.

    Without `groups` it does not tell what they matched, which takes long where there are many.

    Raises:
        re2.error: it is not RE2, or too large once compiled.
    """
    options = re2.Options()
    options.log_errors = False
    options.never_capture = not groups
    return re2.compile(pattern, options)
