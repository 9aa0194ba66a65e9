"""The detector's state as bytes, and back."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import fields
from zoneinfo import ZoneInfo

import numpy as np

from jipyo.analysis.anomaly.detector import AnomalyDetector, DetectorState
from jipyo.model.errors import StoreCorrupt

_MAGIC = b"jipyo anomalies 1\n"
_CHECKSUM_BYTES = 16


def dump_detector(detector: AnomalyDetector) -> bytes:
    """All that `detector` learned, with a version and a checksum."""
    head = {
        "keys": detector.keys,
        "targets": detector.target_of,
        "step_ms": detector.step_ms,
        "zone": detector.zone.key,
    }
    text = json.dumps(head, ensure_ascii=False).encode()
    arrays = (
        np.ascontiguousarray(getattr(detector.state, one.name), "<f8").tobytes()
        for one in fields(DetectorState)
    )
    body = zlib.compress(b"".join((len(text).to_bytes(8, "little"), text, *arrays)), 1)
    return _MAGIC + _compute_checksum(body) + body


def load_detector(data: bytes) -> AnomalyDetector:
    """What `dump_detector` gave, as it was.

    Raises:
        StoreCorrupt: the bytes are not those, or of another version.
    """
    start = len(_MAGIC) + _CHECKSUM_BYTES
    checksum, body = data[len(_MAGIC) : start], data[start:]
    if not data.startswith(_MAGIC) or checksum != _compute_checksum(body):
        raise StoreCorrupt("anomaly.damaged", hint="anomaly.damaged.hint")
    plain = zlib.decompress(body)
    at = 8 + int.from_bytes(plain[:8], "little")
    head = json.loads(plain[8:at])
    detector = AnomalyDetector(
        head["keys"], head["targets"], head["step_ms"], ZoneInfo(head["zone"])
    )
    for one in fields(DetectorState):
        array = getattr(detector.state, one.name)
        array[...] = np.frombuffer(plain, "<f8", array.size, at).reshape(array.shape)
        at += array.nbytes
    return detector


def _compute_checksum(body: bytes) -> bytes:
    return hashlib.blake2b(body, digest_size=_CHECKSUM_BYTES).digest()
