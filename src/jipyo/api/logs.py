"""`ElasticsearchClient`: log sources (section 2.2 of the specification), not available yet."""

from __future__ import annotations

from jipyo.model.errors import ApiError


class ElasticsearchClient:
    """Section 2.1 of the specification names it; this version of jipyo has no log sources."""

    async def search(self, index: str, timeframe: str) -> None:
        """No logs can be searched yet.

        Raises:
            ApiError: always; an empty answer would read as if there were no logs.
        """
        raise ApiError("api.no_logs", index=index, timeframe=timeframe)
