import numpy as np
import pytest
from scipy import stats

from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation import mean_over_subjects, pool_vertices


def test_the_interval_equals_scipys(rng):
    values = rng.normal(size=7)
    got = mean_over_subjects(values, level=0.9)
    low, high = stats.ttest_1samp(values, 0).confidence_interval(0.9)
    assert (got.low, got.high) == pytest.approx((low, high))
    assert (got.mean, got.sd, got.n) == pytest.approx((values.mean(), stats.tstd(values), 7))


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
