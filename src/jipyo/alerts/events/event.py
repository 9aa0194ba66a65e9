"""An event: something that was done or happened, at a moment, that may explain what followed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from jipyo.model.labels import EMPTY

if TYPE_CHECKING:
    from jipyo.model.labels import Labels


class EventKind(Enum):
    """What happened; the value is stored, and the end of a text's key."""

    DEPLOYMENT = "deployment"
    CONFIGURATION = "configuration"
    MODEL = "model"
    """A model was loaded, or another version of one."""
    RESTART = "restart"
    """Of a service."""
    REBOOT = "reboot"
    """Of a host."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event, as it was entered or found."""

    id: int = 0
    """Its number in the file; 0 before it is kept."""
    t_ms: int
    """When it happened."""
    kind: EventKind
    text: str
    """In the words of the person, or a name as found in the samples: `llama-3 -> llama-4`."""
    labels: Labels = EMPTY
    """Of the series that it is about: it is shown with those that have all of them."""
    who: str = ""
    """The person; empty for one that was found."""
    entered_ms: int = 0
    """When it was entered or found."""
    key: str = ""
    """What makes a found event the same one when it is found again; empty for entered ones."""
