"""Log queries as people write them, a case a line, and what is written of conditions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jipyo.i18n import LANGS, texts
from jipyo.logs.evaluate import select
from jipyo.logs.language import (
    MAX_CHARACTERS,
    MAX_DEPTH,
    SHORT_NAMES,
    parse_condition,
    parse_query,
    simplify,
    write_condition,
    write_query,
)
from jipyo.logs.query import (
    All,
    AnyOf,
    Between,
    Condition,
    Contains,
    Equals,
    Exists,
    HasTemplate,
    LogQuery,
    Matches,
    Not,
    StartsWith,
)
from jipyo.logs.record import Level
from jipyo.model.errors import LogQueryError
from support.log_batches import TEXTS, batches, conditions

A, B, C = Contains("a"), Contains("b"), Contains("c")
STATUS, USER, PATH = "http.response.status_code", "user.name", "url.original"


def level(*names: str) -> Condition:
    return simplify(AnyOf(tuple(Equals("level", name) for name in names)))


@pytest.mark.parametrize(("text", "condition"), [
    ("", All()),
    ("  ", All()),
    ("*", All()),
    ("a", A),
    ("a b", All((A, B))),
    ("a AND b", All((A, B))),
    ("a && b", All((A, B))),
    ("a OR b", AnyOf((A, B))),
    ("a || b", AnyOf((A, B))),
    ("a b OR c", AnyOf((All((A, B)), C))),  # AND binds more tightly
    ("a OR b AND c", AnyOf((A, All((B, C))))),
    ("a (b OR c)", All((A, AnyOf((B, C))))),
    ("((a))", A),
    ("(a b) c", All((A, B, C))),
    ("-a", Not(A)),
    ("!a", Not(A)),
    ("NOT a", Not(A)),
    ("NOT NOT a", A),
    ("+a -b", All((A, Not(B)))),
    ("a AND NOT (b OR c)", All((A, Not(AnyOf((B, C)))))),
    ("a -*", AnyOf(())),  # never
    ("a OR *", All()),
    ("a - b", All((A, Contains("-"), B))),
    ("and", Contains("and")),  # operators are in capitals
    ("ORDER", Contains("ORDER")),
    ('"a b"', Contains("a b", exact_case=True)),
    (r'"say \"a\" in C:\temp"', Contains(r'say "a" in C:\temp', exact_case=True)),
    ('a"b"', All((A, Contains("b", exact_case=True)))),
    ("도를\\ 초과", Contains("도를 초과")),
    ("a*", A),
    ("*a*", A),
    (r"a\*", Contains("a*")),
    ("\\\\", Contains("\\")),
    (r"\-a", Contains("-a")),
    (r"\OR", Contains("OR")),
    ("time*out", Matches("(?is)time.*out")),
    ("12:30:05", Contains("12:30:05")),
    ("http://host/path", Contains("http://host/path")),
    ("std::panic", Contains("std::panic")),
    ("Error: a", All((Contains("Error:"), A))),
    ("/v1/chat", Contains("/v1/chat")),
    ("[ERROR]", Contains("[ERROR]")),
    ("key=value", Contains("key=value")),
    (r"user\:kim", Contains("user:kim")),
    ("user:kim", Equals(USER, "kim")),
    ('user:"kim lee"', Equals(USER, "kim lee")),
    ('user:""', Equals(USER, "")),
    ("user.name:kim", Equals(USER, "kim")),
    (r"\user:kim", Equals("user", "kim")),  # a field that is really called so
    (r"my\ field:5", Equals("my field", "5")),
    ("사용자:kim", Equals("사용자", "kim")),
    ("user:~KIM", Contains("KIM", USER)),
    ("user:*im*", Contains("im", USER, exact_case=True)),
    ("user:k*", StartsWith(USER, "k")),
    ("user:*m", Matches(r"(?s)\A.*m\z", USER)),
    ("user:k.*m", Matches(r"(?s)\Ak\..*m\z", USER)),
    ("user:/k[a-z ]+/ a", All((Matches("k[a-z ]+", USER), A))),
    (r"path:/\/v1\/(a|b)/", Matches("/v1/(a|b)", PATH)),
    ("path:/v1/chat", Equals(PATH, "/v1/chat")),
    ("path:/v1*", StartsWith(PATH, "/v1")),
    ("user:*", Exists(USER)),
    ("_exists_:user", Exists(USER)),
    ("-_exists_:trace.id", Not(Exists("trace.id"))),
    ("_exists_:level", Not(Equals("level", "unknown"))),
    ("user:(kim OR lee)", AnyOf((Equals(USER, "kim"), Equals(USER, "lee")))),
    ("user:(-kim -l*) a", All((Not(Equals(USER, "kim")), Not(StartsWith(USER, "l")), A))),
    ("user:-kim", Equals(USER, "-kim")),
    ("message:a", A),
    ("msg:/a+/", Matches("a+")),
    ("message:=a", Equals("message", "a")),
    ("message:a*", StartsWith("message", "a")),
    ('error.message:"A b"', Contains("A b", "error.message", exact_case=True)),
    ("status:500", Equals(STATUS, "500")),
    ("status:>=500", Between(STATUS, 500)),
    ("status:>500", Between(STATUS, 500, include_low=False)),
    ("status:<-1.5", Between(STATUS, None, -1.5, include_high=False)),
    ("status:<=1e3", Between(STATUS, None, 1000)),
    ("status:[400 TO 499]", Between(STATUS, 400, 499)),
    ("status:{400 TO 499]", Between(STATUS, 400, 499, include_low=False)),
    ("status:[ 400 TO * ]", Between(STATUS, 400)),
    ("status:[* TO *]", Between(STATUS)),
    ("status:(>=500 OR 404)", AnyOf((Between(STATUS, 500), Equals(STATUS, "404")))),
    ("level:error", level("error")),
    ("level:WARNING", level("warn")),
    ("log.level:crit", level("fatal")),
    ("level:>=warn", level("warn", "error", "fatal")),
    ("level:<info", level("trace", "debug")),  # not those that the line does not name
    ("level:[info TO error}", level("info", "warn")),
    ("level:(err OR warn)", level("error", "warn")),
    ("level:*", Not(Equals("level", "unknown"))),
    ("service:chat", Equals("service", "chat")),
    ("service.name:c*", StartsWith("service", "c")),
    ("service:*", All()),
    ("template:t1", HasTemplate("t1")),
    ("template:(t1 OR t2)", AnyOf((HasTemplate("t1"), HasTemplate("t2")))),
    ("template:*", All()),
])  # fmt: skip
def test_a_text_is_read_as_a_condition(text: str, condition: Condition) -> None:
    assert parse_condition(text) == condition
    assert parse_condition(write_condition(condition)) == condition


@pytest.mark.parametrize(("text", "key", "at"), [
    ("(a", "unclosed", 1),
    ("a)", "unopened", 2),
    ('a "b', "unclosed", 3),
    ("user:(a", "unclosed", 6),
    ("a AND", "no_condition", 6),
    ("NOT", "no_condition", 4),
    ("OR a", "no_condition_before", 1),
    ("a OR OR b", "no_condition_before", 6),
    ("()", "no_condition_before", 2),
    ("status: 500", "no_value", 8),
    ("(level:)", "no_value", 8),
    ("level:loud", "no_level", 7),
    ("level:>=9", "no_level", 7),
    ("status:>=high", "no_number", 8),
    ("status:[a TO 5]", "no_number", 8),
    ("status:[400, 499]", "range", 8),
    ("a @timestamp:>1", "time", 3),
    ("a \ud800", "not_text", 3),
    ("(" * (MAX_DEPTH + 1), "too_deep", MAX_DEPTH + 1),
    ("-" * (MAX_DEPTH + 1) + "a", "too_deep", MAX_DEPTH + 2),
])  # fmt: skip
def test_a_mistake_is_shown_with_its_position(text: str, key: str, at: int) -> None:
    with pytest.raises(LogQueryError) as caught:
        parse_condition(text)
    assert (caught.value.key, caught.value.values["at"]) == (f"logs_query.{key}", at)
    for lang in LANGS:
        assert str(at) in texts(lang).error(caught.value)


def test_what_cannot_be_read_in_bounds_is_rejected() -> None:
    with pytest.raises(LogQueryError, match=r"logs_query\.too_long"):
        parse_condition("a" * (MAX_CHARACTERS + 1))
    with pytest.raises(LogQueryError, match=r"logs_query\.pattern"):
        parse_condition("user:/(?=a)/")
    parse_condition("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH)
    parse_condition("a " * (MAX_CHARACTERS // 2))


EVERY = frozenset(Level)


@pytest.mark.parametrize(("text", "services", "levels", "where"), [
    ("", (), EVERY, All()),
    ("service:chat a", ("chat",), EVERY, A),
    ("service:(web OR chat) level:error", ("chat", "web"), {Level.ERROR}, All()),
    ("level:>=warn -level:fatal", (), {Level.WARN, Level.ERROR}, All()),
    ("-level:(debug OR trace)", (), EVERY - {Level.DEBUG, Level.TRACE}, All()),
    ("service:a service:b", (), EVERY, AnyOf(())),
    ("level:error level:info", (), EVERY, AnyOf(())),
    ("service:chat OR a", (), EVERY, AnyOf((Equals("service", "chat"), A))),
    ("-service:chat", (), EVERY, Not(Equals("service", "chat"))),
    ("service:c* a", (), EVERY, All((StartsWith("service", "c"), A))),
])  # fmt: skip
def test_services_and_levels_stand_apart(text, services, levels, where) -> None:
    query = parse_query(text, 1, 2)
    assert query == LogQuery(
        start_ns=1, end_ns=2, services=services, levels=frozenset(levels), where=where
    )
    assert parse_query(write_query(query), 1, 2) == query


def test_short_names_lead_to_names_in_full() -> None:
    assert not set(SHORT_NAMES.values()) & set(SHORT_NAMES)


NAMES = st.text(min_size=1, max_size=5) | st.sampled_from(("template", "_exists_", "@timestamp"))
ODD = (
    st.builds(Equals, NAMES, TEXTS)
    | st.builds(StartsWith, NAMES, st.text(max_size=4))
    | st.builds(Contains, st.text(max_size=4), NAMES, st.booleans())
    | st.builds(HasTemplate, TEXTS)
    | st.builds(Matches, st.sampled_from((r"a/b", r"\/x", r"\\/", r"\)", '" ', "a b")), NAMES)
)


@given(conditions() | ODD)
def test_what_is_written_is_read_as_the_same(condition: Condition) -> None:
    assert parse_condition(write_condition(condition)) == simplify(condition)


@given(batches(), conditions())
def test_what_is_written_finds_the_same_records(batch, condition: Condition) -> None:
    again = parse_condition(write_condition(condition))
    assert (select(batch, again) == select(batch, condition)).all()


@given(st.text())
def test_any_text_is_a_query_when_it_is_quoted(text: str) -> None:
    written = write_condition(Contains(text, exact_case=True))
    assert parse_condition(written) == simplify(Contains(text, exact_case=True))
