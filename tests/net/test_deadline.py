"""Deadlines: of a moment, of a socket, and of a block."""

from __future__ import annotations

import socket
import time

import pytest

from jipyo.net.deadline import Deadline, DeadlineSocket, cut_after


def test_a_deadline_has_time_left_until_it_is_over() -> None:
    assert 9 < Deadline.after(10).left_s() <= 10
    with pytest.raises(TimeoutError):
        Deadline.after(-1).left_s()
    with pytest.raises(TimeoutError):
        Deadline.after(0).left_s()


def pair() -> tuple[DeadlineSocket, socket.socket]:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    return DeadlineSocket.adopt(ours), theirs


def test_a_socket_is_taken_over_with_its_timeout() -> None:
    ours, theirs = pair()
    with ours, theirs:
        assert ours.gettimeout() == 5
        theirs.sendall(b"abc")
        buffer = bytearray(3)
        assert ours.recv_into(buffer) == 3
        assert buffer == b"abc"


def test_reading_a_line_that_drips_ends_at_the_deadline() -> None:
    ours, theirs = pair()
    with ours, theirs, ours.makefile("rb") as file:
        ours.deadline = Deadline.after(0.2)
        theirs.sendall(b"no line end")
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            file.readline()
        assert 0.15 < time.monotonic() - start < 10


def test_nothing_is_read_after_the_deadline_even_if_it_is_there() -> None:
    ours, theirs = pair()
    with ours, theirs:
        theirs.sendall(b"late")
        ours.deadline = Deadline.after(-1)
        with pytest.raises(TimeoutError):
            ours.recv_into(bytearray(4))


def test_a_block_that_takes_too_long_has_its_connection_cut() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs, cut_after(0.05, ours.fileno()) as cut:
        assert ours.recv(1) == b""  # would wait for ever
        assert cut.is_set()


def test_a_block_in_time_is_left_alone() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with cut_after(10, ours.fileno()) as cut:
            theirs.sendall(b"x")
            assert ours.recv(1) == b"x"
        assert not cut.is_set()
        theirs.sendall(b"y")
        assert ours.recv(1) == b"y"


def test_a_connection_that_was_closed_meanwhile_is_no_error() -> None:
    ours, theirs = socket.socketpair()
    with cut_after(0.05, ours.fileno()) as cut:
        ours.close()
        theirs.close()
        assert cut.wait(2)


def test_an_error_of_a_cut_socket_is_the_timeout() -> None:
    def send_late() -> None:
        with cut_after(0.05, ours.fileno()) as cut:
            assert cut.wait(10)
            while True:  # it is shut down a moment later
                ours.sendall(b"x")

    ours, theirs = socket.socketpair()
    with ours, theirs, pytest.raises(TimeoutError):
        send_late()


def test_an_error_in_time_is_its_own() -> None:
    def send() -> None:
        with cut_after(10, ours.fileno()):
            ours.sendall(b"x")

    ours, theirs = socket.socketpair()
    theirs.close()
    with ours, pytest.raises(BrokenPipeError):
        send()
