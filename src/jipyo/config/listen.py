"""`listen:` where the dashboard and the API are served."""

from __future__ import annotations

import re
from dataclasses import dataclass

from jipyo.model.errors import ConfigError
from jipyo.schema import Kind, Node, quote, wrap_value

_LAST_PORT = 65_535
_PORT = re.compile("[0-9]{1,5}")


@dataclass(frozen=True, slots=True)
class Listen:
    """The address at which the dashboard and the API are served."""

    host: str = "127.0.0.1"
    port: int = 9797

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str, origin: str) -> Listen:
    """The address that an option of the command line names; `origin` is its name.

    Raises:
        ConfigError: it is not `host:port`.
    """
    return ADDRESS.read(wrap_value(text, origin))


def read_address(node: Node) -> Listen:
    """`host:port`; without a host, all addresses of this machine."""
    host, colon, port = (node.raw or quote(node)).rpartition(":")
    if not colon or not _PORT.fullmatch(port) or int(port) > _LAST_PORT:
        raise ConfigError("config.not_an_address", where=node.at, value=quote(node))
    return Listen(host.strip("[]") or "0.0.0.0", int(port))  # noqa: S104 - ":9797" asks for it


ADDRESS = Kind("address", read_address)
