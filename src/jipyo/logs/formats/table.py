"""The table of text formats: what heads of lines look like, and what their parts are.

No line fits two of them, so that a line's format does not depend on its neighbours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from jipyo.logs.formats.levels import LEVEL_WORDS
from jipyo.logs.formats.pattern import LinePattern, compile_line, strip_names


class Continuation(Enum):
    """Which lines that fit no format belong to the record before them."""

    NONE = 0
    INDENTED = 1
    """Indented lines, and what follows in a traceback."""
    ANY = 2


@dataclass(frozen=True, slots=True)
class TextFormat:
    """Lines with a head and a message; names of fields are those of ECS."""

    name: str
    pattern: LinePattern
    continuation: Continuation = Continuation.ANY


_LEVEL = rb"(?P<level>" + LEVEL_WORDS + rb")"
_CLOCK = rb"\d\d:\d\d:\d\d(?:[.,]\d{1,9})?"
_ISO = rb"\d{4}-\d\d-\d\d[ T]" + _CLOCK + rb"(?:Z| ?[+-]\d\d:?\d\d)?"
_TIME = rb"(?P<t>" + _ISO + rb")"
_MESSAGE = rb"(?P<message>.*)"
_LOGGER = rb"(?P<log__logger>[^ :\n]+)"
_THREAD = rb"(?P<process__thread__name>[^\]\n]*)\]"
_PID = rb"(?P<process__pid>\d{1,9})"
_TID = rb"(?P<process__thread__id>\d{1,9})"
_FILE = rb"(?P<log__origin__file__name>[^ :\]\n]+):(?P<log__origin__file__line>\d{1,9})"
_TAG = (
    rb"(?P<host__name>[^ :\n][^ \n]*) (?P<service>[^ :\[\n]+)(?:\[" + _PID + rb"\])?: ?" + _MESSAGE
)

_AFTER_ISO_TIME = {
    "spring": rb" +" + _LEVEL + rb" +" + _PID + rb" --- \[(?:[^\]\n]*\] \[)?" + _THREAD
    + rb" (?P<log__logger>[^ \n]+) *: " + _MESSAGE,
    "logback": rb" +\[" + _THREAD + rb" +" + _LEVEL + rb" +(?P<log__logger>[^ \n]+) - " + _MESSAGE,
    "log4j": rb" +" + _LEVEL + rb" +\[" + _THREAD + rb" (?!-)" + _LOGGER + rb"(?: -|:) " + _MESSAGE,
    "python-dashes": rb" - (?P<log__logger>[^ \n]+) - " + _LEVEL + rb" - " + _MESSAGE,
    "loguru": rb" \| " + _LEVEL + rb" *\| " + _LOGGER + rb":(?P<log__origin__function>[^ :\n]*):"
    rb"(?P<log__origin__file__line>\d{1,9}) - " + _MESSAGE,
    "postgresql": rb"(?: [A-Z]{3,4})? \[" + _PID + rb"\](?: [^:\n]{1,80})? (?P<level>LOG|ERROR"
    rb"|FATAL|WARNING|DETAIL|HINT|STATEMENT|PANIC|NOTICE|INFO|DEBUG\d?|CONTEXT): +" + _MESSAGE,
    "python": rb" +\[?" + _LEVEL + rb" *\]?:? +(?!\d+ +--- |\[[^\]\n]*\] [^ :\n]+(?: -|:) )"
    rb"(?:(?P<process__name>[\w.-]+)\[" + _PID + rb"\]:? +)?"
    rb"(?:\[?(?P<log__logger>[a-z_][\w.]*)(?:\]:?|:) +)?" + _MESSAGE,
    "syslog": rb" (?!\[?(?:" + LEVEL_WORDS + rb")\b|std(?:out|err) [FP]\b|UTC |GMT |KST )" + _TAG,
    "cri": rb" (?P<stream>stdout|stderr) (?P<flag>[FP])(?::[^ \n]*)?(?: |(?=\n))" + _MESSAGE,
}  # fmt: skip
"""Formats by what follows a time at the beginning of the line."""
_BSD_TIME = rb"(?P<t>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,9})?(?: \d{4})?)"
_SGLANG = (
    rb"\[" + _TIME + rb"(?:(?P<sglang__rank>(?: [A-Z]{2}\d+)+)\] "
    rb"|\] (?=Decode batch|Prefill batch|server_args=|Load weight|Memory pool|KV Cache|Capture ))"
)
_IN_BRACKETS = {
    "celery": rb"\[" + _TIME + rb": " + _LEVEL + rb"/(?P<process__name>[^\]\n]+)\] " + _MESSAGE,
    "gunicorn": rb"\[" + _TIME + rb"\] \[" + _PID + rb"\] \[" + _LEVEL + rb"\] " + _MESSAGE,
    "sglang": _SGLANG + _MESSAGE,
}
_SLASH_TIME = rb"(?P<t>\d{4}/\d\d/\d\d \d\d:\d\d:\d\d(?:[.,]\d{1,9})?)"
_NGINX_ERROR = _SLASH_TIME + rb" \[(?P<level>[a-z]+)\] " + _PID + rb"#" + _TID + rb": " + _MESSAGE
_OTHERS = {
    "nginx-error": _NGINX_ERROR,
    "apache-error": rb"\[(?P<t>[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d " + _CLOCK + rb" \d{4})\] "
    rb"\[(?:(?P<log__logger>[^:\]\n]*):)?(?P<level>[a-z0-9]+)\] (?:\[pid " + _PID
    + rb"(?::tid \d+)?\] )?" + _MESSAGE,
    "hadoop": rb"(?P<t>\d{6} \d{6}) " + _PID + rb" " + _LEVEL + rb" " + _LOGGER + rb": " + _MESSAGE,
    "spark": rb"(?P<t>\d\d/\d\d/\d\d " + _CLOCK + rb") " + _LEVEL + rb" " + _LOGGER + rb": "
    + _MESSAGE,
    "logcat": rb"(?P<t>\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) +" + _PID + rb" +" + _TID
    + rb" (?P<level>[VDIWEF]) (?P<log__logger>[^:\n]*[^ :\n]) *: " + _MESSAGE,
    "redis": _PID + rb":[XCSM] (?P<t>\d\d [A-Z][a-z]{2} \d{4} " + _CLOCK + rb") (?P<level>[.*#-]) "
    + _MESSAGE,
    "vllm": rb"(?:\((?P<process__name>[^ )\n]+)[^)\n]{0,80}? pid=" + _PID + rb"\) )?" + _LEVEL
    + rb" (?P<t>\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,9})?) \[?" + _FILE + rb"\] " + _MESSAGE,
    "glog": rb"(?P<level>[IWEF])(?P<t>\d{4} \d\d:\d\d:\d\d\.\d{6}) +" + _TID + rb" " + _FILE
    + rb"\] " + _MESSAGE,
    "syslog-rfc3164": rb"(?:<(?P<priority>\d{1,3})>)?" + _BSD_TIME + rb" " + _TAG,
    "syslog-rfc5424": rb"<(?P<priority>\d{1,3})>1 (?P<t>-|" + _ISO + rb") (?P<host__name>[^ \n]+) "
    rb"(?P<service>[^ \n]+) (?P<log__syslog__procid>[^ \n]+) (?P<log__syslog__msgid>[^ \n]+) "
    rb"(?P<log__syslog__structured_data>-|(?:\[(?:[^\]\"\n]|\"(?:[^\"\\\n]|\\[^\n])*\")*\])+)"
    rb"(?: (?:\xef\xbb\xbf)?" + _MESSAGE + rb")?",
}  # fmt: skip
_INDENTED_ONLY = {
    "uvicorn": rb"(?:\((?P<process__name>[^ )\n]+)[^)\n]{0,80}? pid=" + _PID + rb"\) )?"
    rb"(?P<level>TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL): {1,8}(?P<message>[^ \n].*)",
    "python-basic": rb"(?P<level>DEBUG|INFO|WARNING|ERROR|CRITICAL):(?P<log__logger>[\w.]+):"
    + _MESSAGE,
}  # fmt: skip
"""Formats whose program also prints lines without any head."""
_TIMED = (
    rb"(?!" + strip_names(rb"|".join((*_IN_BRACKETS.values(), _NGINX_ERROR)))
    + rb"|" + _ISO + rb"(?:" + strip_names(rb"|".join(_AFTER_ISO_TIME.values())) + rb"))"
    rb"\[?(?P<t>\d{4}[-/]\d\d[-/]\d\d[ T]" + _CLOCK + rb"(?:Z| ?[+-]\d\d:?\d\d)?)"
    rb"(?:\]|(?!\w))[ ,:]*" + _MESSAGE
)  # fmt: skip
"""A time, and nothing else that another format has."""
_KEYS = {"syslog-rfc5424": "priority", "uvicorn": "level", "python-basic": "level"}


HEAD = re.compile(
    rb"(?P<json>\{)|(?P<iso>\[?\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:)|(?P<bracket>\[[A-Z][a-z]{2} )"
    rb"|(?P<digits>\d{6} \d{6} |\d\d/\d\d/\d\d |\d\d-\d\d \d\d:|\d+:[XCSM] \d\d )"
    rb"|(?P<syslog><\d{1,3}>|[A-Z][a-z]{2} [ \d]\d \d\d:)"
    rb"|(?P<level>(?:\([^ )\n]+[^)\n]{0,80}? pid=\d+\) )?" + LEVEL_WORDS + rb"[ :]|[IWEF]\d{4} )"
    rb"|(?P<access>(?:[^ \n]+ ){3,4}\[\d\d/[A-Z][a-z]{2}/\d{4}:)"
    rb"|(?P<pairs>[A-Za-z_][\w.@/-]*=)"
)
"""How every line begins that fits a format; the group says which ones it may be."""
CANDIDATES = {
    "iso": (*_AFTER_ISO_TIME, *_IN_BRACKETS, "nginx-error", "timed"),
    "bracket": ("apache-error",),
    "digits": ("hadoop", "spark", "logcat", "redis"),
    "syslog": ("syslog-rfc3164", "syslog-rfc5424"),
    "level": ("vllm", "glog", *_INDENTED_ONLY),
}


def build_table() -> dict[str, TextFormat]:
    """All text formats by name, compiled."""
    patterns = {name: _TIME + rest for name, rest in _AFTER_ISO_TIME.items()}
    patterns |= _IN_BRACKETS | _OTHERS | {"timed": _TIMED}
    table = {
        name: TextFormat(name, compile_line(pattern, _KEYS.get(name, "t")))
        for name, pattern in patterns.items()
    }
    for name, pattern in _INDENTED_ONLY.items():
        compiled = compile_line(pattern, _KEYS[name])
        table[name] = TextFormat(name, compiled, Continuation.INDENTED)
    return table
