from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tsdb.support import Opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Opened]:
    """An empty store that does not wait for the disk."""
    opened = Opened(tmp_path / "data")
    yield opened
    opened.store.close()
