"""Answers of a type that the test expects: the value, or a failure that shows what came."""

from jipyo.model.result import Matrix, QueryResult, RawMatrix, Scalar, Value, Vector


def _value(answer: QueryResult | Value) -> Value:
    return answer.value if isinstance(answer, QueryResult) else answer


def vector_of(answer: QueryResult | Value) -> Vector:
    value = _value(answer)
    assert isinstance(value, Vector), value
    return value


def matrix_of(answer: QueryResult | Value) -> Matrix:
    value = _value(answer)
    assert isinstance(value, Matrix), value
    return value


def raw_of(answer: QueryResult | Value) -> RawMatrix:
    value = _value(answer)
    assert isinstance(value, RawMatrix), value
    return value


def number_of(answer: QueryResult | Value) -> float:
    """The value of a scalar, or of the only series of a vector."""
    value = _value(answer)
    if isinstance(value, Scalar):
        return value.value
    (number,) = vector_of(value).values.tolist()
    return float(number)
