"""Network namespaces: machines of their own for tests, whose cable can be pulled."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST = 4
"""Namespaces of a process."""


@dataclass(frozen=True)
class Namespace:
    """A namespace with one cable to this machine."""

    name: str
    cable: str
    """The end of the cable on this machine."""
    host: str
    """The address of this machine, seen from there."""

    @property
    def prefix(self) -> list[str]:
        """What a command begins with that runs there."""
        return ["ip", "netns", "exec", self.name]

    def cut(self) -> None:
        """Pull the cable: what is sent is lost, without an answer."""
        run("ip", "link", "set", self.cable, "down")

    def heal(self) -> None:
        """Plug it in again."""
        run("ip", "link", "set", self.cable, "up")


def run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


@contextlib.contextmanager
def namespaces(count: int) -> Iterator[list[Namespace]]:
    """So many namespaces; the test is skipped where this machine allows none."""
    if os.geteuid() != 0:
        pytest.skip("network namespaces need root")
    made: list[Namespace] = []
    try:
        for number in range(count):
            mark = f"veth{os.getpid() % 100_000}n{number}"  # as containers have: no loss when gone
            host, inner = choose_addresses(number)
            one = Namespace(mark, f"{mark}a", host)
            made.append(one)
            add(one, f"{mark}b", inner)
        yield made
    except (OSError, subprocess.CalledProcessError) as error:
        reason = getattr(error, "stderr", b"") or str(error)
        pytest.skip(f"no network namespaces here: {reason!r}")
    finally:
        for one in made:
            subprocess.run(["ip", "netns", "del", one.name], check=False, capture_output=True)
            subprocess.run(["ip", "link", "del", one.cable], check=False, capture_output=True)


def choose_addresses(number: int) -> tuple[str, str]:
    """Both ends of a cable, which no other process that runs tests now gives to its own."""
    if number >= MOST:
        raise ValueError(f"at most {MOST} namespaces")
    net = int(ipaddress.IPv4Address("10.213.0.0")) + 4 * (os.getpid() % 4096 * MOST + number)
    return str(ipaddress.IPv4Address(net + 1)), str(ipaddress.IPv4Address(net + 2))


def add(one: Namespace, inner: str, address: str) -> None:
    run("ip", "netns", "add", one.name)
    run("ip", "link", "add", one.cable, "type", "veth", "peer", "name", inner)
    run("ip", "link", "set", inner, "netns", one.name)
    run("ip", "addr", "add", f"{one.host}/30", "dev", one.cable)
    run("ip", "link", "set", one.cable, "up")
    for words in (
        ("link", "set", "lo", "up"),
        ("addr", "add", f"{address}/30", "dev", inner),
        ("link", "set", inner, "up"),
    ):
        run(*one.prefix, "ip", *words)
