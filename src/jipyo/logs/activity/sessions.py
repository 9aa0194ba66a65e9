"""Sessions: what a visitor did until a pause of half an hour, also across midnight.

A visitor is a user; without a user's name an address with its agent. Records come in order of
time, batch by batch; sessions that may go on are carried from one batch to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jipyo.logs.activity.columns import (
    AGENT,
    CLIENT,
    NO_CODE,
    ROUTE,
    USER,
    CodeTable,
    encode_column,
    read_statuses,
)
from jipyo.logs.activity.visitors import is_automatic_agent, is_page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from jipyo.logs.record import LogBatch

GAP_NS = 30 * 60 * 10**9
_ROW_BITS = 24
_FEW_VISITORS = 1 << 16
_COLUMNS = ("visitor", "start_ns", "end_ns", "requests", "pages", "errors", "entry", "exit")
_ERROR_STATUS = 400
_FAST_REQUESTS = 200
"""From so many requests on, a session faster than a second a request is no person's."""
_NS = 10**9
_TIME_UNITS = (10**9, 10**6, 10**3, 1)
_KEY_BITS = 63


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """Sessions in the order of their beginnings; all arrays have shape (sessions,)."""

    visitor: NDArray[np.int64]
    """Of `visitors`."""
    start_ns: NDArray[np.int64]
    end_ns: NDArray[np.int64]
    """The time of the last record."""
    requests: NDArray[np.int64]
    pages: NDArray[np.int64]
    """Requests that are neither of a page's parts nor of a monitor; all, without routes."""
    errors: NDArray[np.int64]
    """Answers of status 400 and above."""
    entry: NDArray[np.int64]
    """The route of the first record, of `routes`; -1 without one."""
    exit: NDArray[np.int64]
    is_returning: NDArray[np.bool_]
    """The visitor had an earlier session, or was known before."""
    is_automatic: NDArray[np.bool_]
    """By its agent, or because no person is as fast."""
    visitors: tuple[bytes, ...]
    routes: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.visitor)


class SessionTracker:
    """Reads batches of one service in order of time."""

    def __init__(self, gap_ns: int = GAP_NS, known: Iterable[bytes] = ()) -> None:
        """Begin without sessions; `known` visitors were met before."""
        self._gap_ns = gap_ns
        self._visitors, self._routes, self._agents = CodeTable(), CodeTable(), CodeTable()
        self._known = len([self._visitors[name] for name in known])
        self._pairs: dict[int, int] = {}
        self._automatic = np.zeros(0, np.bool_)
        self._open = {name: np.zeros(0, np.int64) for name in _COLUMNS}
        self._closed: list[dict[str, NDArray[np.int64]]] = []

    def add(self, batch: LogBatch) -> None:
        """Read the records that follow."""
        assert len(batch) < 1 << _ROW_BITS, "BUG: a batch that is too long to be sorted by keys"
        if not len(batch):
            return
        visitor = self._encode_visitors(batch)
        if len(self._visitors.texts) <= _FEW_VISITORS:
            order = np.argsort(visitor.astype(np.uint16), kind="stable")  # a radix sort
            visitor = visitor[order]
        else:
            keys = np.sort(visitor << _ROW_BITS | np.arange(len(batch)))
            order, visitor = keys & ((1 << _ROW_BITS) - 1), keys >> _ROW_BITS
        begins = np.ones(len(visitor), np.bool_)
        pauses = np.diff(batch.t_ns[order]) > self._gap_ns
        begins[1:] = (visitor[1:] != visitor[:-1]) | pauses
        runs = np.flatnonzero(begins)
        self._merge(self._sum_runs(batch, order, visitor, runs))

    def _encode_visitors(self, batch: LogBatch) -> NDArray[np.int64]:
        codes = encode_column(batch, USER, self._visitors)
        missing = np.flatnonzero(codes == NO_CODE)
        if len(missing):
            codes = self._encode_clients(batch, codes, missing)
        self._grow(len(self._visitors.texts))
        return codes

    def _encode_clients(
        self, batch: LogBatch, codes: NDArray[np.int64], missing: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Put address and agent where no user is named."""
        clients = encode_column(batch, CLIENT, self._agents)[missing]
        agents = encode_column(batch, AGENT, self._agents)[missing]
        pairs, places = np.unique(clients << 32 | agents & 0xFFFFFFFF, return_inverse=True)
        found = [self._find_client(pair) for pair in pairs.tolist()]
        codes = codes.copy()
        codes[missing] = np.array(found, np.int64)[places]
        return codes

    def _find_client(self, pair: int) -> int:
        code = self._pairs.get(pair)
        if code is None:
            texts = [*self._agents.texts, b""]
            client, agent = pair >> 32, pair & 0xFFFFFFFF
            agent = -1 if agent == 0xFFFFFFFF else agent
            code = self._pairs[pair] = self._visitors[texts[client] + b" " + texts[agent]]
            self._grow(code + 1)
            self._automatic[code] = is_automatic_agent(texts[agent])
        return code

    def _grow(self, size: int) -> None:
        """Have a place for every visitor; a session without requests is none."""
        lack = size - len(self._automatic)
        if lack > 0:
            room = max(lack, len(self._automatic))
            self._automatic = np.concatenate([self._automatic, np.zeros(room, np.bool_)])
            for name, values in self._open.items():
                self._open[name] = np.concatenate([values, np.zeros(room, np.int64)])

    def _sum_runs(
        self,
        batch: LogBatch,
        order: NDArray[np.int64],
        visitor: NDArray[np.int64],
        runs: NDArray[np.int64],
    ) -> dict[str, NDArray[np.int64]]:
        """What each run, up to a pause of its visitor, is as a session of its own."""
        ends = np.append(runs[1:], len(order)) - 1
        first, last = order[runs], order[ends]
        routes = encode_column(batch, ROUTE, self._routes)
        page = np.array([is_page(text) for text in self._routes.texts] + [True], np.bool_)[routes]
        failed = read_statuses(batch) >= _ERROR_STATUS
        return {
            "visitor": visitor[runs],
            "start_ns": batch.t_ns[first],
            "end_ns": batch.t_ns[last],
            "requests": ends - runs + 1,
            "pages": np.add.reduceat(page[order].astype(np.int64), runs),
            "errors": np.add.reduceat(failed[order].astype(np.int64), runs),
            "entry": routes[first],
            "exit": routes[last],
        }

    def _merge(self, runs: dict[str, NDArray[np.int64]]) -> None:
        """Let the first run of a visitor go on with its open session, and keep its last open."""
        visitor = runs["visitor"]
        changes = visitor[1:] != visitor[:-1]
        is_first, is_last = np.append(True, changes), np.append(changes, True)
        earlier = {name: values[visitor] for name, values in self._open.items()}
        is_open = is_first & (earlier["requests"] > 0)
        goes_on = is_open & (runs["start_ns"] - earlier["end_ns"] <= self._gap_ns)
        self._close(earlier, is_open & ~goes_on)
        for name in ("requests", "pages", "errors"):
            runs[name] = runs[name] + np.where(goes_on, earlier[name], 0)
        for name in ("start_ns", "entry"):
            runs[name] = np.where(goes_on, earlier[name], runs[name])
        self._close(runs, ~is_last)
        for name, values in self._open.items():
            values[visitor[is_last]] = runs[name][is_last]

    def _close(self, sessions: dict[str, NDArray[np.int64]], which: NDArray[np.bool_]) -> None:
        if which.any():
            self._closed.append({name: values[which] for name, values in sessions.items()})

    def list_active(self, now_ns: int, within_ns: int = 5 * 60 * _NS) -> tuple[bytes, ...]:
        """The visitors with a record in the minutes before now, the latest first."""
        ends = np.where(self._open["requests"] > 0, self._open["end_ns"], -(2**62))
        found = np.flatnonzero((ends > now_ns - within_ns) & (ends <= now_ns))
        latest = found[np.argsort(-ends[found], kind="stable")]
        return tuple(self._visitors.texts[code] for code in latest)

    def build(self) -> Sessions:
        """All sessions so far, those that may go on as they are."""
        parts = [*self._closed, {n: v[self._open["requests"] > 0] for n, v in self._open.items()}]
        columns = {name: np.concatenate([part[name] for part in parts]) for name in _COLUMNS}
        order = _sort_by(columns["start_ns"], columns["visitor"])
        columns = {name: values[order] for name, values in columns.items()}
        visitor, requests = columns["visitor"], columns["requests"]
        firsts = np.zeros(len(self._visitors.texts), np.int64)
        firsts[visitor[::-1]] = np.arange(len(order))[::-1]  # of several the last is kept
        is_returning = firsts[visitor] != np.arange(len(order))
        is_fast = (columns["end_ns"] - columns["start_ns"]) < requests * _NS
        return Sessions(
            **columns,
            is_returning=is_returning | (visitor < self._known),
            is_automatic=self._automatic[visitor] | (is_fast & (requests >= _FAST_REQUESTS)),
            visitors=tuple(self._visitors.texts),
            routes=tuple(self._routes.texts),
        )


def _sort_by(t_ns: NDArray[np.int64], visitor: NDArray[np.int64]) -> NDArray[np.int64]:
    """The order by time, and by visitor where times are equal; by one key if both fit into it."""
    bits = int(visitor.max(initial=0)).bit_length()
    low = int(t_ns.min(initial=2**62))
    unit = next(unit for unit in _TIME_UNITS if not (t_ns % unit).any())
    if (max(int(t_ns.max(initial=low)) - low, 0) // unit).bit_length() + bits > _KEY_BITS:
        return np.lexsort((visitor, t_ns))
    return np.argsort((t_ns - low) // unit << bits | visitor)
