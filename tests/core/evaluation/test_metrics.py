"""The registry: what is in it, and that one registration is enough for every reader."""

import json

import numpy as np
import pytest
from sklearn.metrics import mean_squared_error, r2_score

from cortiscope.core.cli.main import main
from cortiscope.core.errors import InvalidInput, UnknownName
from cortiscope.core.evaluation import (
    METRICS,
    Metric,
    Scored,
    evaluate_arrays,
    further_scores,
    get_metric,
    register_metric,
    results,
    vertex_metrics,
)
from cortiscope.core.evaluation.metrics import WHOLE


@pytest.fixture
def scored(rng):
    """Seven vertices, one constant; one ROI of three of them."""
    measured = rng.normal(size=(14, 7)) + 2
    predicted = measured + rng.normal(size=(14, 7)) * [0.3, 1, 1, 2, 2, 1, 1]
    measured[:, 4] = 0.5
    ceiling = np.array([0.5, 0.4, 0, 0.3, 0, 0.2, 0.9])
    groups = {WHOLE: np.arange(7), ("OFA", "right"): np.array([1, 4, 6])}
    places = [(*key, v) for key, v in groups.items()]
    report = evaluate_arrays(predicted, measured, ceiling=ceiling, places=places)
    return Scored(report, groups, lambda: (predicted, measured))


@pytest.fixture
def mse():
    """A metric of somebody's own, with scikit-learn as its reference."""

    def per_vertex(scored):
        return ((scored.predicted - scored.measured) ** 2).mean(axis=0)

    yield register_metric(
        Metric("mse", "squared error", "mean squared error", per_vertex, limits=(0, np.inf))
    )
    METRICS.pop("mse", None)


def test_r2_is_that_of_scikit_learn_per_vertex_and_as_a_mean_per_roi(scored):
    reference = r2_score(scored.measured, scored.predicted, multioutput="raw_values")
    reference[4] = np.nan  # constant responses have none; scikit-learn calls it 0
    values = scored.values(get_metric("r2"))
    np.testing.assert_allclose(values, reference, atol=1e-12)
    found = further_scores(scored)["r2"]
    np.testing.assert_allclose(found, [np.nanmean(reference), np.mean(reference[[1, 6]])])


def test_r_ceiling_and_share_are_those_of_the_report(scored):
    report = scored.report
    whole, roi = report.overall, report.of("OFA", "right")
    for name, of_report in (
        ("r", lambda s: s.mean_r),
        ("normalised", lambda s: s.noise_normalized),
        ("ceiling", lambda s: s.ceiling_r),
    ):
        metric = get_metric(name)
        assert metric.of_group(scored, *WHOLE).value == of_report(whole)
        assert metric.of_group(scored, "OFA", "right").value == of_report(roi)
    assert get_metric("r").of_group(scored, *WHOLE).low == whole.low
    np.testing.assert_array_equal(scored.values(get_metric("r")), report.r)
    shares = scored.values(get_metric("normalised"))
    np.testing.assert_array_equal(np.isnan(shares), [0, 0, 1, 0, 1, 0, 0])
    reached = np.minimum(100 * report.r[0] ** 2 / 0.5, 100)
    np.testing.assert_allclose(shares[0], reached, rtol=1e-6)


def test_a_metric_of_ones_own_is_everywhere_after_one_registration(scored, mse, capsys):
    reference = mean_squared_error(scored.measured, scored.predicted, multioutput="raw_values")
    np.testing.assert_allclose(scored.values(mse), reference)
    np.testing.assert_allclose(further_scores(scored)["mse"][0], reference.mean())
    assert mse in vertex_metrics(scored.report)
    result = results(mse, [scored])
    assert result["rois"]["rh"]["OFA"]["value"] == pytest.approx(reference[[1, 4, 6]].mean())
    assert (result["n_images"], result["split"]) == (14, "given")
    assert main(["list", "metrics", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out.splitlines()[-1])["items"]
    assert listed[-1]["definition"] == "mean squared error"
    assert listed[-1]["limits"] == [0, None]
    assert main(["list", "metrics"]) == 0
    assert "squared error: of one model, a number per vertex" in capsys.readouterr().out


def test_only_kept_vertices_count(scored):
    keep = np.array([1, 1, 0, 1, 1, 0, 0], bool)
    groups = {WHOLE: np.flatnonzero(keep)}
    kept = Scored(scored.report, groups, scored.responses, keep=keep)
    values = kept.values(get_metric("r2"))
    np.testing.assert_array_equal(np.isfinite(values), [1, 1, 0, 1, 0, 0, 0])
    expected = np.nanmean(scored.values(get_metric("r2"))[keep])
    assert get_metric("r2").of_group(kept, *WHOLE).value == pytest.approx(expected)


def test_what_cannot_be_is_refused_with_what_to_do(scored, mse):
    with pytest.raises(UnknownName, match="Did you mean 'r2'"):
        get_metric("r22")
    with pytest.raises(InvalidInput, match="'r' already"):
        register_metric(Metric("r", "r", "mine", lambda s: s.report.r))
    with pytest.raises(InvalidInput, match="lower-case"):
        Metric("My metric", "mine", "mine", lambda s: s.report.r)
    with pytest.raises(InvalidInput, match="per_group"):
        Metric("mine", "mine", "mine", lambda s: s.report.r, shape="curve")
    wrong = Metric("wrong", "wrong", "per image", lambda s: s.predicted.mean(axis=1))
    with pytest.raises(InvalidInput, match="one number for each of 7 vertices"):
        scored.values(wrong)
    with pytest.raises(InvalidInput, match="takes one model; got 2"):
        results(mse, [scored, scored])


def test_without_a_ceiling_nothing_that_needs_one_is_offered(scored, rng):
    bare = evaluate_arrays(rng.normal(size=(12, 3)), rng.normal(size=(12, 3)))
    names = [m.name for m in vertex_metrics(bare)]
    assert "r2" in names
    assert not {"normalised", "ceiling"} & set(names)
    given = Scored(bare, {WHOLE: np.arange(3)}, scored.responses)
    with pytest.raises(InvalidInput, match="noise ceiling"):
        given.values(get_metric("normalised"))


def test_the_list_is_short_and_every_entry_says_what_it_is():
    assert len(METRICS) <= 14
    for name, metric in METRICS.items():
        assert name == metric.name
        assert metric.title
        assert metric.definition[0].islower() or metric.definition[0].isupper()
        assert not metric.definition.endswith(".")
        assert name == "r" or metric.source, name
