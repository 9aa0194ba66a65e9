"""Every skeleton a template of its own: templates without a miner, the same for all sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jipyo.logs.record import decode_text
from jipyo.logs.store.skeleton import split_message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jipyo.logs.record import LogBatch


class EachSkeleton:
    """As the embedded store asks for them: by skeleton."""

    def find_templates(self, skeletons: Sequence[bytes]) -> list[tuple[str, str]]:
        return [(decode_text(text), decode_text(text)) for text in skeletons]


def list_skeletons(batch: LogBatch) -> list[tuple[str, str]]:
    """As the other sources ask for them: by record."""
    assert batch.messages is not None
    return EachSkeleton().find_templates([split_message(each)[0] for each in batch.messages])
