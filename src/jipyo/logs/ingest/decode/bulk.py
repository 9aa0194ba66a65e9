"""The `_bulk` API of Elasticsearch: a body -> its items, and the answer to each.

Actions and documents alternate, a line each. What is wrong with a single document is in the
answer to its item; what is wrong with an action line rejects the request, as there.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from jipyo.logs.ingest.decode.documents import convert_document
from jipyo.model.errors import MalformedBody
from jipyo.wire.elements import WorkLimit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jipyo.logs.ingest.decode.received import ReceivedRecord

_WITH_DOCUMENT = frozenset({"index", "create", "update"})
_ACTIONS = _WITH_DOCUMENT | {"delete"}
_BATCH = 1000
_EXCERPT = 100
_ID_BYTES = 15
_MAX_NAME = 512
_CREATED, _BAD_REQUEST = 201, 400
_PARSING = "document_parsing_exception"
_ILLEGAL = "illegal_argument_exception"


@dataclass(frozen=True, slots=True)
class BulkError:
    """Why an item is rejected, in Elasticsearch's words."""

    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class BulkItem:
    """An action with its document."""

    action: str
    index: str
    id: str
    """Empty where the sender leaves it to the server."""
    document: bytes
    error: BulkError | None = None


def decode_bulk(
    body: bytes, default_index: str = "", work_limit: WorkLimit | None = None
) -> tuple[BulkItem, ...]:
    """The items of a body, decompressed.

    Raises:
        MalformedBody: it is no such body; none of it is kept.
        TooLarge: it has more lines than allowed.
    """
    work_limit = work_limit or WorkLimit()
    work_limit.check_text(body)
    if not body.strip():
        raise MalformedBody("logs_ingest.bulk_empty")
    if not body.endswith(b"\n"):
        raise MalformedBody("logs_ingest.bulk_no_newline")
    return tuple(_iter_items(body, default_index, work_limit))


def _iter_items(body: bytes, default_index: str, work_limit: WorkLimit) -> Iterator[BulkItem]:
    lines = enumerate(body.split(b"\n")[:-1], 1)
    for number, line in lines:
        if not number % _BATCH:
            work_limit.check_waiting()
        if not line.strip():
            continue
        action, about = _read_action(line, number)
        index = _read_name(about, "_index", default_index)
        document = b""
        if action in _WITH_DOCUMENT:
            behind, document = next(lines, (0, b""))
            if not behind:
                raise MalformedBody("logs_ingest.bulk_no_document", line=number)
        error = _find_error(action, index, document)
        yield BulkItem(action, index, _read_name(about, "_id", ""), document, error)


def _read_action(line: bytes, number: int) -> tuple[str, Mapping[str, Any]]:
    try:
        action = orjson.loads(line)
    except ValueError:
        action = None
    if isinstance(action, dict) and len(action) == 1:
        name, about = next(iter(action.items()))
        if name in _ACTIONS and isinstance(about, dict):
            return name, about
    text = line[:_EXCERPT].decode("utf-8", "replace")
    raise MalformedBody("logs_ingest.bulk_bad_action", line=number, text=text)


def _read_name(about: Mapping[str, Any], key: str, default: str) -> str:
    value = about.get(key)
    return default if value is None else str(value)


def _find_error(action: str, index: str, document: bytes) -> BulkError | None:
    """What is wrong with an item; None where it can be kept."""
    if action not in ("index", "create"):
        return BulkError(_ILLEGAL, f"[{action}] is not supported: log records are only added")
    if not index or len(index) > _MAX_NAME:
        return BulkError("action_request_validation_exception", "index is missing or too long")
    try:
        content = orjson.loads(document)
    except ValueError as error:
        reason = str(error).encode("utf-8", "replace").decode()[:_EXCERPT]
        return BulkError(_PARSING, f"failed to parse: {reason}")
    if not isinstance(content, dict):
        return BulkError(_PARSING, "failed to parse: the document is no object")
    return None


def convert_bulk(items: Sequence[BulkItem], arrival_ns: int) -> Iterator[ReceivedRecord]:
    """The records of the items that have no error."""
    for item in items:
        if item.error is None:
            yield convert_document(orjson.loads(item.document), item.index, arrival_ns)


# -------------------------------------------------------------------------------------- answer


def answer_items(items: Sequence[BulkItem], took_ms: int, first_number: int = 0) -> dict[str, Any]:
    """What Elasticsearch answers: `errors`, `took` and each item with its status."""
    return {
        "errors": any(item.error for item in items),
        "took": took_ms,
        "items": [
            {item.action: _answer_item(item, number)}
            for number, item in enumerate(items, first_number)
        ],
    }


def _answer_item(item: BulkItem, number: int) -> dict[str, Any]:
    about: dict[str, Any] = {"_index": item.index, "_id": item.id or make_id()}
    if item.error:
        error = {"type": item.error.type, "reason": item.error.reason}
        return {**about, "status": _BAD_REQUEST, "error": error}
    return {
        **about,
        "_version": 1,
        "result": "created",
        "_shards": {"total": 1, "successful": 1, "failed": 0},
        "_seq_no": number,
        "_primary_term": 1,
        "status": _CREATED,
    }


def make_id() -> str:
    """An id as Elasticsearch makes them: 20 letters that are safe in a URL."""
    return secrets.token_urlsafe(_ID_BYTES)


def filter_answer(answer: Any, filter_path: str) -> Any:
    """Only the parts of an answer that `filter_path` names; `*` is any key, `**` any depth.

    Parts with a minus before them are left out instead.
    """
    paths = [path.strip().split(".") for path in filter_path.split(",") if path.strip()]
    wanted = [path for path in paths if not path[0].startswith("-")]
    unwanted = [[path[0][1:], *path[1:]] for path in paths if path[0].startswith("-")]
    if wanted:
        answer = _keep(answer, wanted)
    if unwanted:
        answer = _drop(answer, unwanted)
    return {} if answer is None else answer


_Paths = list[list[str]]


def _keep(value: Any, paths: _Paths) -> Any:
    if any(path in ([], ["**"]) for path in paths):
        return value
    if isinstance(value, list):
        kept = [each for each in (_keep(item, paths) for item in value) if each is not None]
        return kept or None
    if not isinstance(value, dict):
        return None
    inner = {key: _keep(item, rest) for key, item in value.items() if (rest := _go(paths, key))}
    return {key: item for key, item in inner.items() if item is not None} or None


def _drop(value: Any, paths: _Paths) -> Any:
    if isinstance(value, list):
        return [_drop(item, paths) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: _drop(item, rest) if (rest := _go(paths, key)) else item
        for key, item in value.items()
        if [] not in _go(paths, key)
    }


def _go(paths: _Paths, key: str) -> _Paths:
    """What is left of the paths behind a key that they name."""
    rest: _Paths = []
    for path in paths:
        if path[0] == "**":
            rest += [path, *_go([path[1:]], key)] if path[1:] else [path]
        elif path[0] == key or ("*" in path[0] and _matches(path[0], key)):
            rest.append(path[1:])
    return rest


def _matches(pattern: str, key: str) -> bool:
    first, *middle, last = pattern.split("*")
    if not key.startswith(first) or not key[len(first) :].endswith(last):
        return False
    at, end = len(first), len(key) - len(last)
    for part in middle:
        at = key.find(part, at, end) + len(part)
        if at < len(part):
            return False
    return at <= end
