"""`/metrics/job/…`: the groups of batch jobs, as the Prometheus Pushgateway takes them."""

from __future__ import annotations

import base64
import re
from functools import partial
from typing import TYPE_CHECKING

from jipyo.collect.receive.push_groups import JOB, PushGroups
from jipyo.collect.receive.text import find_format
from jipyo.model.errors import MalformedBody
from jipyo.model.labels import Labels
from jipyo.model.sample import Appended
from jipyo.web.http.endpoint import Route
from jipyo.web.http.message import PLAIN_TEXT, WebRequest, WebResponse
from jipyo.web.ingest.errors import format_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from jipyo.web.ingest.receiver import Receiver

_PATH = "/metrics/{group:path}"
_BASE64 = "@base64"
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def routes(receiver: Receiver, groups: PushGroups, now_ms: Callable[[], int]) -> list[Route]:
    """PUT replaces a group, POST the metrics that it names, DELETE forgets the group."""
    put = partial(push, receiver, groups, now_ms, True)
    post = partial(push, receiver, groups, now_ms, False)
    return [
        Route(_PATH, put, format_error, ("PUT",)),
        Route(_PATH, post, format_error, ("POST",)),
        Route(_PATH, partial(delete, groups), format_error, ("DELETE",)),
    ]


def push(
    receiver: Receiver,
    groups: PushGroups,
    now_ms: Callable[[], int],
    replace_all: bool,
    request: WebRequest,
) -> WebResponse:
    """Put an exposition into its group; the group is collected every interval from then on."""
    key = parse_group(request.path_params["group"])
    format_ = find_format(request.headers.get("content-type", ""))
    body = receiver.read_body(request)
    receiver.limit_rate(body.count(b"\n"))
    receiver.limit_work(request).check_text(body)
    samples = groups.push(key, body, now_ms(), replace_all=replace_all, form=format_)
    receiver.counts.add("group", Appended(samples))
    return WebResponse(b"", 200, PLAIN_TEXT)


def delete(groups: PushGroups, request: WebRequest) -> WebResponse:
    """Forget a group."""
    groups.delete(parse_group(request.path_params["group"]))
    return WebResponse(b"", 202, PLAIN_TEXT)


def parse_group(path: str) -> Labels:
    """The labels of a group by its path: `job/NAME{/LABEL/VALUE}`, `@base64` after a name.

    Raises:
        MalformedBody: the path names no job, or is not such a path.
    """
    parts = path.removesuffix("/").split("/")
    labels = {}
    for name, value in zip(parts[::2], parts[1::2], strict=False):
        plain_name = name.removesuffix(_BASE64)
        labels[plain_name] = value if plain_name == name else _decode_value(value)
    is_valid = all(_LABEL_NAME.fullmatch(name) and name[:2] != "__" for name in labels)
    if len(parts) % 2 or not labels.get(JOB) or not is_valid:
        raise MalformedBody("receive.bad_group", path=path)
    return Labels.of(labels)


def _decode_value(value: str) -> str:
    """Base64 of either alphabet, padded or not; `=` alone is the empty value."""
    digits = value.rstrip("=").replace("+", "-").replace("/", "_")
    padding = "=" * (-len(digits) % 4)
    try:
        return base64.b64decode(digits + padding, altchars=b"-_", validate=True).decode()
    except ValueError as error:  # not base64, not ASCII, or not UTF-8 behind it
        raise MalformedBody("receive.bad_group", path=value) from error
