from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.stores import build_store, build_workspace

if TYPE_CHECKING:
    from jipyo.api import Workspace


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A host whose memory is critical and whose API is at a warning."""
    return build_workspace(build_store(), tmp_path_factory.mktemp("reports"))
