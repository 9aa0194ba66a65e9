"""Names of fields and services as senders have them -> those of ECS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ECS_NAMES: Mapping[str, str] = {
    # OpenTelemetry's semantic conventions, where ECS has another name for it
    "deployment.environment": "service.environment",
    "deployment.environment.name": "service.environment",
    "exception.message": "error.message",
    "exception.stacktrace": "error.stack_trace",
    "exception.type": "error.type",
    "http.method": "http.request.method",
    "http.status_code": "http.response.status_code",
    "http.url": "url.full",
    "http.target": "url.path",
    "http.user_agent": "user_agent.original",
    "enduser.id": "user.id",
    "k8s.container.name": "kubernetes.container.name",
    "k8s.deployment.name": "kubernetes.deployment.name",
    "k8s.namespace.name": "kubernetes.namespace",
    "k8s.node.name": "kubernetes.node.name",
    "k8s.pod.name": "kubernetes.pod.name",
    "k8s.pod.uid": "kubernetes.pod.uid",
    "net.peer.ip": "client.ip",
    "thread.id": "process.thread.id",
    "thread.name": "process.thread.name",
    # names that senders of plain texts and labels use
    "container": "kubernetes.container.name",
    "container_name": "kubernetes.container.name",
    "filename": "log.file.path",
    "host": "host.name",
    "hostname": "host.name",
    "namespace": "kubernetes.namespace",
    "namespace_name": "kubernetes.namespace",
    "node_name": "kubernetes.node.name",
    "pod": "kubernetes.pod.name",
    "pod_name": "kubernetes.pod.name",
    "span_id": "span.id",
    "spanid": "span.id",
    "trace_id": "trace.id",
    "traceID": "trace.id",
    "traceid": "trace.id",
}
_SERVICE_NAMES = (
    "service.name", "service_name", "service", "app", "application",
    "app_kubernetes_io_name", "app.kubernetes.io/name", "container", "container_name",
    "k8s.container.name", "kubernetes.container.name", "container.name", "component",
    "workload", "job", "syslog_identifier", "unit",
)  # fmt: skip
"""In the order of Loki's own `service_name`, with the names of OpenTelemetry beside them."""
_DATE_AT_END = re.compile(r"[-_.]?(?:\d{4}[-.]?\d{2}(?:[-.]?\d{2})?|\d{6})$")
_DATA_STREAM = re.compile(r"logs-(?P<dataset>[^-]+)-[^-]+")
_LETTER = re.compile(r"[^\W\d_]")


def find_service(names: Mapping[str, str], default: str) -> str:
    """The service by what a sender says of itself."""
    found = (names.get(name, "").strip() for name in _SERVICE_NAMES)
    return next((name for name in found if name and not is_unknown(name)), default)


def is_unknown(service: str) -> bool:
    """Whether a sender says that it does not know (`unknown_service:python`)."""
    return service.startswith("unknown_service")


def name_service_of_index(index: str) -> str:
    """`application-logs-2026.11.27` -> `application-logs`, `logs-nginx.access-prod` -> `nginx`."""
    stream = _DATA_STREAM.fullmatch(index)
    if stream:
        return stream["dataset"].partition(".")[0] or index
    plain = _DATE_AT_END.sub("", index).removesuffix("-000001")
    return plain if _LETTER.search(plain) else index
