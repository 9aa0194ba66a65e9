"""Lines parsed one by one, slowly and plainly: what the parser of whole chunks must equal."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jipyo.logs.evaluate import list_texts
from jipyo.logs.formats.access import URL, learn_access_format
from jipyo.logs.formats.levels import LevelTable, guess_level
from jipyo.logs.formats.mapped import parse_json_line, parse_logfmt_line
from jipyo.logs.formats.routes import fold_route
from jipyo.logs.formats.table import CANDIDATES, HEAD, Continuation, build_table
from jipyo.logs.formats.times import TimeContext, parse_time, write_assumed
from jipyo.logs.formats.wrapped import DOCKER
from jipyo.logs.record import Level, TimePart

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jipyo.logs.record import LogBatch

TABLE = build_table()
LEVELS = LevelTable()
NUMBERS = {"process.pid", "process.thread.id", "log.origin.file.line"}
ACCESS_NAMES = ("client.ip", "http.request.method", "url.original", "http.version",
                "http.response.status_code")  # fmt: skip
_CAUSES = (b"Caused by: ", b"Suppressed: ", b"... ", b"During handling of the above",
           b"The above exception was")  # fmt: skip


@dataclass
class Parsed:
    """A record, with all its parts as texts."""

    name: str
    message: bytes
    service: str
    level: int | None = None
    time: tuple[int, int] | None = None
    fields: dict[str, bytes] = field(default_factory=dict)
    continuation: Continuation = Continuation.NONE
    traceback: str = "no"
    more: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> bytes:
        return b"\n".join([self.message, *self.more]).rstrip(b"\n") if self.more else self.message


def list_fitting(line: bytes) -> list[str]:
    """The names of the text formats that a line fits: never more than one."""
    return [name for name, each in TABLE.items() if each.pattern.fits(line)]


def parse_head(line: bytes, service: str, context: TimeContext) -> Parsed | None:
    """The record that a line begins; None where it fits no format."""
    head = HEAD.match(line)
    if head is None or DOCKER.pattern.fits(line) or list_fitting(line) == ["cri"]:
        return None
    match head.lastgroup:
        case "json":
            record = parse_json_line(line, context)
        case "pairs":
            record = parse_logfmt_line(line, context)
        case "access":
            return parse_access(line, service, context)
        case kind:
            return parse_text(line, str(kind), service, context)
    if record is None:
        return None
    named = record.service.decode() if record.service not in {b"", b"-"} else service
    level = LEVELS[record.level]
    time = record.time or (context.arrival_ns, 8)
    return Parsed(record.name, record.message, named, level, time, dict(record.fields))


def parse_access(line: bytes, service: str, context: TimeContext) -> Parsed | None:
    known = learn_access_format(line)
    if known is None:
        return None
    groups = known.pattern.strict.fullmatch(line + b"\n")
    assert groups is not None, "a format that does not fit the line that it was learnt from"
    zone = next(part for part in known.layout.parts if isinstance(part, TimePart))
    time = parse_time(groups["t"] + zone.format[-6:].encode(), context)
    if time is None:
        return None
    texts = [groups[f"s{number}"] for number in range(1, len(known.slots) + 1)]
    fields = {slot.field: text for slot, text in zip(known.slots, texts, strict=True)}
    fields = {name: text for name, text in fields.items() if text != b"-"}
    if URL in {slot.field for slot in known.slots}:
        fields["url.route"] = fold_route(fields.get(URL, b"-"))
    seconds, _, millis = fields.get("nginx.request_time", b"").partition(b".")
    if len(millis) == 3:
        fields["event.duration"] = b"%d" % (int(seconds + millis) * 1_000_000)
    status = int(fields["http.response.status_code"])
    level = Level.ERROR if status >= 500 else Level.WARN if status >= 400 else Level.INFO
    return Parsed("access", line, service, level, (time[0], 0), fields)


def parse_text(line: bytes, kind: str, service: str, context: TimeContext) -> Parsed | None:
    fitting = [name for name in CANDIDATES[kind] if TABLE[name].pattern.fits(line)]
    assert len(fitting) <= 1, f"{line!r} fits {fitting}"
    if not fitting:
        return None
    known = TABLE[fitting[0]]
    found = known.pattern.strict.fullmatch(line + b"\n")
    assert found is not None
    groups = {name: text or b"" for name, text in found.groupdict().items()}
    time = None
    if "t" in groups:
        nil = known.name == "syslog-rfc5424" and groups["t"] == b"-"
        time = (context.arrival_ns, 0) if nil else parse_time(groups["t"], context)
        if time is None:
            return None
    named = groups.get("service", b"")
    parsed = Parsed(
        known.name,
        groups["message"],
        service if named in {b"", b"-"} else named.decode("utf-8", "backslashreplace"),
        time=time,
        continuation=known.continuation,
    )
    if "level" in groups:
        parsed.level = LEVELS[groups["level"]]
    elif groups.get("priority"):
        severities = [Level.FATAL] * 3 + [Level.ERROR, Level.WARN, Level.INFO, Level.INFO]
        parsed.level = [*severities, Level.DEBUG][int(groups["priority"]) & 7]
    for name, text in groups.items():
        if text and name not in {"t", "level", "message", "service", "priority"}:
            ecs = name.replace("__", ".")
            parsed.fields[ecs] = b"%d" % int(text) if ecs in NUMBERS else text
    return parsed


def read_uvicorn_access(message: bytes) -> dict[str, bytes]:
    """`10.0.0.1:5000 - "GET /a HTTP/1.1" 200 OK`, part by part."""
    client, _, rest = message.partition(b' - "')
    request, _, answer = rest.partition(b'" ')
    words = request.split(b" ")
    address, _, port = client.rpartition(b":")
    status, _, reason = answer.partition(b" ")
    version = words[-1].removeprefix(b"HTTP/")
    good = (
        len(words) == 3
        and all(words)
        and words[2].startswith(b"HTTP/")
        and version.translate(None, b"0123456789.") == b"" != version
        and address and port.isdigit() and len(port) <= 5
        and not set(b' "') & {*address, *words[0], *words[1]}
        and len(status) == 3 and status.isdigit() and status[:1] != b"0"
        and not set(b'"\n') & {*reason}
    )  # fmt: skip
    if not good:
        return {}
    texts = (address, words[0], words[1], version, status)
    route = {"url.route": fold_route(words[1])} if fold_route(words[1]) else {}
    return dict(zip(ACCESS_NAMES, texts, strict=True)) | route


def takes(record: Parsed, line: bytes) -> bool:
    """Whether a line without a head belongs to a record."""
    if record.continuation is not Continuation.INDENTED:
        return record.continuation is Continuation.ANY
    state = record.traceback
    if line == b"":
        return state == "after"
    if line.startswith(b"Traceback (most recent call last):"):
        record.traceback = "in"
        last = [text for text in record.more if text][-1:]
        return state != "after" or (bool(last) and last[0].startswith(_CAUSES[3:]))
    if line[:1] in {b" ", b"\t"} or line.startswith(_CAUSES):
        return True
    if state == "in":
        record.traceback = "after"
        return True
    return line.rstrip(b",;") in {b"}", b"]", b")"}


def parse_lines(block: bytes, service: str, context: TimeContext) -> Counter[tuple[object, ...]]:
    """All records of whole lines, as `list_records` has them."""
    records: list[Parsed] = []
    current: Parsed | None = None
    for line in block.split(b"\n")[:-1]:
        parsed = parse_head(line, service, context)
        if parsed is None and current is not None and takes(current, line):
            current.more.append(line)
            continue
        if parsed is None and line:
            traceback = "in" if line.startswith(b"Traceback (most recent call last):") else "no"
            parsed = Parsed("plain", line, service, traceback=traceback)
            parsed.continuation = Continuation.INDENTED
        if parsed is not None:
            current = parsed
            records.append(parsed)
    return Counter(finish(records, context))


def finish(records: list[Parsed], context: TimeContext) -> Iterable[tuple[object, ...]]:
    """Times that lines lack are those of the line before."""
    last_ns = context.arrival_ns
    for record in records:
        if record.name.startswith("syslog") and not record.more:
            read_object(record, context)
        t_ns, assumed = record.time or (last_ns, 8)
        if record.time is not None and assumed == 8:
            t_ns = last_ns
        last_ns = t_ns
        level = guess_level(record.text) if record.level is None else record.level
        fields = {"log.format": record.name.encode(), **record.fields}
        if record.name == "uvicorn":
            fields.update(read_uvicorn_access(record.text))
        if assumed:
            fields["log.time.assumed"] = write_assumed(assumed)
        yield record.service, t_ns, level, record.text, tuple(sorted(fields.items()))


def read_object(record: Parsed, context: TimeContext) -> None:
    """What a message says that is an object of JSON, and for the rest the line around it."""
    inner = parse_json_line(record.message, context) if record.message[:1] == b"{" else None
    if inner is None:
        return
    outer_level = guess_level(record.message) if record.level is None else record.level
    record.name, record.message = inner.name, inner.message
    record.level = LEVELS[inner.level] or outer_level
    if inner.service not in {b"", b"-"}:
        record.service = inner.service.decode()
    if inner.time is not None and not inner.time[1]:
        record.time = inner.time
    record.fields = {**record.fields, **inner.fields}


def list_records(batches: Iterable[LogBatch]) -> Counter[tuple[object, ...]]:
    """The records of batches with all their fields as texts."""
    records: Counter[tuple[object, ...]] = Counter()
    for batch in batches:
        texts = {name: list_texts(batch, name) for name in batch.fields}
        messages = list_texts(batch, "message")
        for row in range(len(batch)):
            fields = {name: values[row] for name, values in texts.items()}
            present = {name: text for name, text in fields.items() if text is not None}
            level, t_ns = int(batch.level[row]), int(batch.t_ns[row])
            key = batch.service, t_ns, level, messages[row], tuple(sorted(present.items()))
            records[key] += 1
    return records
