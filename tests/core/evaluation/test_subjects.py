from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from cortiscope.core.brain import ChallengeSpace, Hemisphere
from cortiscope.core.errors import IncompatibleSpace, InvalidInput
from cortiscope.core.evaluation import group_map, mean_over_subjects, pool_vertices
from cortiscope.core.evaluation.subjects import RANDOM_EFFECTS


def test_the_interval_equals_scipys(rng):
    values = rng.normal(size=7)
    got = mean_over_subjects(values, level=0.9)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert (got.low, got.high) == pytest.approx((low, high))
    assert (got.mean, got.sd, got.n) == pytest.approx((values.mean(), stats.tstd(values), 7))
    test = stats.ttest_1samp(values, 0)
    assert (got.t, got.df, got.p) == pytest.approx((test.statistic, test.df, test.pvalue))


def test_equal_subjects_have_no_t():
    got = mean_over_subjects(np.full(3, 0.25))
    assert (got.mean, got.t, got.df, got.p) == (0.25, None, 2, None)


def test_two_subjects_have_an_interval_and_no_test():
    got = mean_over_subjects(np.array([0.3, np.nan, 0.4]))
    assert (got.n, got.t, got.p) == (2, None, None)
    assert got.low < 0 < 0.35 < got.high


def test_the_interval_covers_the_true_mean_at_its_rate(rng):
    covered = 0
    for _ in range(600):
        got = mean_over_subjects(0.3 + 0.1 * rng.normal(size=4))
        covered += got.low < 0.3 < got.high
    # 570 expected with a standard error of 5.3; a normal interval would cover about 510.
    assert 554 <= covered <= 586


def test_a_subject_without_the_roi_is_left_out_and_counted():
    got = mean_over_subjects(np.array([0.2, np.nan, 0.4]))
    assert (got.mean, got.n, got.n_absent) == (pytest.approx(0.3), 2, 1)


@pytest.mark.parametrize("values", [[], [0.3], [0.3, np.nan], [np.nan, np.nan]])
def test_fewer_than_two_subjects_say_nothing_of_people(values):
    with pytest.raises(InvalidInput, match="people in general") as error:
        mean_over_subjects(np.array(values))
    assert "at least 2 subjects" in error.value.hint


def test_other_shapes_and_levels_are_refused():
    with pytest.raises(InvalidInput, match="per subject"):
        mean_over_subjects(np.zeros((2, 3)))
    with pytest.raises(InvalidInput, match="level"):
        mean_over_subjects(np.zeros(3), level=95)


def test_pooling_weighs_a_subject_by_its_vertices():
    got = pool_vertices([np.array([1.0, np.nan]), np.array([4.0, 4, 4]), np.array([np.nan])])
    assert (got.mean, got.median) == (pytest.approx(13 / 4), 4)
    assert (got.n_vertices, got.n_undefined, got.n_subjects) == (6, 2, 2)
    nothing = pool_vertices([])
    assert (nothing.mean, nothing.median, nothing.n_vertices) == (None, None, 0)


def _person(name, left, right):
    index = {Hemisphere.LEFT: np.array(left), Hemisphere.RIGHT: np.array(right)}
    cortex = ChallengeSpace(10_242, index)
    return SimpleNamespace(id=name, cortex=lambda _: cortex)


def test_a_group_map_is_the_t_test_of_each_vertex_over_those_who_have_it():
    everybody = _person("subj01", [3, 5, 9, 12], [0, 7])
    # As subjects 6 and 8 of the challenge: vertices are missing, and others stand in their order.
    people = [
        everybody,
        _person("subj02", [3, 5, 9, 12], [0, 7]),
        _person("subj06", [2, 5, 9, 11], [7]),
        _person("subj08", [9, 13], [0, 1, 7]),
    ]
    rng = np.random.default_rng(0)
    values = [rng.normal(0.3, 0.2, p.cortex("").n_vertices()) for p in people]
    values[1][0] = np.nan  # constant there
    of = group_map(list(zip(people, values, strict=True)))
    here = [
        [values[0][0]],  # 3: one subject
        [values[0][1], values[1][1], values[2][1]],
        [values[0][2], values[1][2], values[2][2], values[3][0]],
        [values[0][3], values[1][3]],  # 12
        [values[0][4], values[1][4], values[3][2]],
        [values[0][5], values[1][5], values[2][4], values[3][4]],
    ]
    assert of.n.tolist() == [len(own) for own in here]
    np.testing.assert_allclose(of.mean, [np.mean(own) for own in here])
    for t, own in zip(of.t, here, strict=True):
        if len(own) < 3:
            assert np.isnan(t)
        else:
            assert t == pytest.approx(stats.ttest_1samp(own, 0).statistic)


def test_subjects_of_another_template_are_no_group():
    other = SimpleNamespace(
        id="x",
        cortex=lambda _: ChallengeSpace(
            163_842, {Hemisphere.LEFT: np.array([0]), Hemisphere.RIGHT: np.array([0])}
        ),
    )
    with pytest.raises(IncompatibleSpace, match="163,842"):
        group_map([(_person("subj01", [3], [0]), np.zeros(2)), (other, np.zeros(2))])


def test_each_roi_s_p_is_adjusted_over_those_of_both_hemispheres():
    groups = [("all vertices", "both"), *((roi, h) for h in ("lh", "rh") for roi in ("V1", "FFA"))]
    r = np.random.default_rng(2).normal(0.1, 0.1, (3, len(groups)))

    def one(k):
        of = {group: SimpleNamespace(mean_r=r[k, j]) for j, group in enumerate(groups)}
        report = SimpleNamespace(r=[], of=lambda *group: of[group])
        subject = SimpleNamespace(id=f"s{k}", space=SimpleNamespace(is_placed=False))
        return SimpleNamespace(subject=subject, report=report, groups=groups)

    (whole, *rois), _ = RANDOM_EFFECTS.with_maps([one(k) for k in range(3)], groups)
    assert "p_adjusted" not in whole
    p = stats.ttest_1samp(r[:, 1:], 0).pvalue
    assert [own["p"] for own in rois] == pytest.approx(list(p))
    expected = stats.false_discovery_control(p)
    assert [own["p_adjusted"] for own in rois] == pytest.approx(list(expected))
