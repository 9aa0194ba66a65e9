import pytest

from jipyo.logs.answer import LogTemplate, LogTemplates
from jipyo.logs.templates.comparison import (
    TemplateChangeKind,
    adjust_p_values,
    compare_templates,
    compute_g,
)
from jipyo.model.errors import LogSourceError


def answer(missing=(), **counts):
    templates = tuple(
        LogTemplate(id=name, text=name, n=n, by_service={"api": n}, first_ns=1, last_ns=2)
        for name, n in counts.items()
    )
    return LogTemplates(templates=templates, total=sum(counts.values()), missing=missing)


@pytest.mark.parametrize(
    ("n", "before", "share", "change"),
    [
        (1, 0, 1.0, TemplateChangeKind.NEW),
        (0, 200, 0.1, TemplateChangeKind.VANISHED),
        (0, 3, 0.1, None),
        (90, 100, 0.1, TemplateChangeKind.SURGING),
        (12, 100, 0.1, None),
        (1500, 10_000, 0.1, None),
        (20, 1000, 0.1, TemplateChangeKind.RECEDING),
        (0, 0, 1.0, None),
    ],
)
def test_a_template_changes_when_its_rate_does(n, before, share, change):
    comparison = compare_templates(answer(it=n), answer(it=before), share)

    assert [one.kind for one in comparison.changes] == ([change] if change else [])


def test_what_varies_as_much_as_most_is_no_change():
    steady = {f"t{at}": 100 for at in range(20)}
    burst = {name: 100 + 60 * (-1) ** at for at, name in enumerate(steady)}

    calm = compare_templates(answer(**steady, it=300), answer(**steady, it=100), 1.0)
    wild = compare_templates(answer(**burst, it=300), answer(**steady, it=100), 1.0)

    assert [one.template.id for one in calm.changes] == ["it"]
    assert wild.changes == ()
    assert wild.dispersion > 10


def test_records_without_a_template_are_not_compared_and_what_is_missing_is_named():
    lost = LogSourceError("x")

    comparison = compare_templates(answer((lost,), other=900), answer(other=1), 1.0)

    assert comparison.changes == ()
    assert comparison.missing == (lost,)
    assert (comparison.total, comparison.baseline_total) == (900, 1)


def test_changes_have_services_and_times():
    change = compare_templates(answer(a=5), answer(b=500), 1.0).changes

    assert [(one.kind, one.template.id, one.n, one.baseline_n) for one in change] == [
        (TemplateChangeKind.NEW, "a", 5, 0),
        (TemplateChangeKind.VANISHED, "b", 0, 500),
    ]
    assert change[1].template.by_service == {"api": 500}


def test_p_values_are_adjusted_as_benjamini_and_hochberg_do():
    assert adjust_p_values([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.02, 0.04, 0.04, 0.02])
    assert adjust_p_values([]) == []


def test_the_likelihood_ratio_is_that_of_the_book():
    assert compute_g(10, 10, 1.0) == 0
    assert compute_g(20, 10, 1.0) == pytest.approx(3.3979, abs=1e-4)
