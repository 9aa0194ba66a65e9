"""What a running server or agent is asked for from outside."""

from enum import Enum


class ServerCommand(Enum):
    """What a running server may be asked for."""

    RELOAD = "reload"
    STOP = "stop"
