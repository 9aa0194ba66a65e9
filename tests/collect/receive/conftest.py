"""The messages of remote write as protobuf's own library reads them: the oracle."""

from dataclasses import dataclass

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto

_KINDS = {"double": 1, "int64": 3, "string": 9, "bytes": 12, "uint32": 13, "message": 11}
_V1 = {
    "Label": "name=1:string value=2:string",
    "Sample": "value=1:double timestamp=2:int64",
    "Exemplar": "labels=1:*Label value=2:double",
    "Histogram": "sum=3:double",
    "TimeSeries": "labels=1:*Label samples=2:*Sample exemplars=3:*Exemplar histograms=4:*Histogram"
    " odd=99:string",
    "Metadata": "type=1:int64 metric_family_name=2:string help=4:string unit=5:string",
    "Request": "timeseries=1:*TimeSeries metadata=3:*Metadata",
}
_V2 = {
    "Sample": "value=1:double timestamp=2:int64 start_timestamp=3:int64",
    "Exemplar": "labels_refs=1:*uint32 value=2:double",
    "Histogram": "sum=3:double",
    "Metadata": "type=1:int64 help_ref=3:uint32 unit_ref=4:uint32",
    "TimeSeries": "labels_refs=1:*uint32 samples=2:*Sample histograms=3:*Histogram"
    " exemplars=4:*Exemplar metadata=5:Metadata odd=99:string",
    "Request": "symbols=4:*string timeseries=5:*TimeSeries",
}


def messages(package: str, shapes: dict[str, str]) -> dict[str, type]:
    """Message classes by name; a field is written `name=number:type`, `*` where it repeats."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package)
    file.syntax = "proto3"
    for name, fields in shapes.items():
        message = file.message_type.add(name=name)
        for one in fields.split():
            left, _, kind = one.partition(":")
            field = message.field.add(name=left.split("=")[0], number=int(left.split("=")[1]))
            field.label = FieldDescriptorProto.Label.ValueType(3 if kind.startswith("*") else 1)
            kind = kind.removeprefix("*")
            field.type = FieldDescriptorProto.Type.ValueType(_KINDS.get(kind, _KINDS["message"]))
            if kind not in _KINDS:
                field.type_name = f".{package}.{kind}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}"))
        for name in shapes
    }


@dataclass(frozen=True)
class Oracle:
    v1: type
    v2: type


@pytest.fixture(scope="session")
def oracle() -> Oracle:
    return Oracle(messages("v1", _V1)["Request"], messages("v2", _V2)["Request"])
