import numpy as np
import pytest

from cortiscope.core.encoding.multiband import best_space
from cortiscope.core.encoding.multiband.best_space import choose_spaces, fit_best_space
from cortiscope.core.encoding.ridge.kfold import fit_ridge_cv
from cortiscope.core.encoding.training import VertexTable
from cortiscope.core.errors import InvalidInput, UnknownName
from tests.core.encoding.spaces_data import SPACES, check_resumed, make, permuted


def _table(**classes):
    return VertexTable(
        np.full((9, 3), np.nan),
        np.array([0, 0, 0, 0, 0, 1, 1, 1, 1]),
        roi_classes={name: np.array(rows) for name, rows in classes.items()},
    )


@pytest.mark.parametrize("n", [70, 20])
def test_each_vertex_gets_the_ridge_of_the_space_with_least_error(rng, n):
    x, y = make(rng, n=n, noise=2.0)
    wide = np.concatenate([x, rng.normal(size=(n, 30)).astype(np.float32)], 1)
    spaces = (*SPACES, slice(23, 53))
    ours = fit_best_space(wide, y, spaces)
    fits = [fit_ridge_cv(wide[:, s], y) for s in spaces]
    errors = np.stack([f.validation_mse.min(0) for f in fits]) / y.var(0)
    np.testing.assert_allclose(ours.errors, errors, rtol=1e-3)
    np.testing.assert_array_equal(ours.choice, errors.argmin(0))
    assert len(np.unique(ours.choice)) > 1
    for v, k in enumerate(ours.choice):
        np.testing.assert_allclose(ours.coef[spaces[k], v], fits[k].coef[:, v], atol=1e-5)
        np.testing.assert_allclose(ours.intercept[v], fits[k].intercept[v], atol=1e-4)
        assert ours.alpha[v] == fits[k].alpha[v]
    outside = np.ones((53, 9), dtype=bool)
    for v, k in enumerate(ours.choice):
        outside[spaces[k], v] = False
    assert np.all(ours.coef[outside] == 0)


def test_with_one_space_it_is_ridge(rng):
    x, y = make(rng)
    ours, plain = fit_best_space(x, y, (slice(0, 23),)), fit_ridge_cv(x, y)
    np.testing.assert_allclose(ours.coef, plain.coef, atol=1e-6)
    np.testing.assert_array_equal(ours.alpha, plain.alpha)


def test_a_vertex_driven_by_one_space_chooses_it_and_permuting_spaces_follows(rng):
    drivers = [0, 1, 2, 2, 1, 0, 1, 2, 0]
    x, y = make(rng, n=150, noise=0.5, drivers=drivers)
    ours = fit_best_space(x, y, SPACES)
    np.testing.assert_array_equal(ours.choice, drivers)
    order = [2, 0, 1]
    x2, spaces2, columns = permuted(x, order)
    again = fit_best_space(x2, y, spaces2)
    np.testing.assert_array_equal(np.array(order)[again.choice], ours.choice)
    np.testing.assert_allclose(again.coef, ours.coef[columns], atol=1e-5)


def test_groups_choose_together_as_a_plain_loop_does(rng):
    errors = rng.uniform(size=(3, 9))
    table = _table(early=[0, 1, 2, 3], faces=[3, 4, 8], empty=[])
    np.testing.assert_array_equal(choose_spaces(errors, "vertex"), errors.argmin(0))
    np.testing.assert_array_equal(choose_spaces(errors, "all"), [errors.sum(1).argmin()] * 9)
    left, right = errors[:, :5].sum(1).argmin(), errors[:, 5:].sum(1).argmin()
    np.testing.assert_array_equal(
        choose_spaces(errors, "hemisphere", table), [left] * 5 + [right] * 4
    )
    early, faces = errors[:, :4].sum(1), errors[:, [3, 4, 8]].sum(1)
    none = errors[:, [5, 6, 7]].sum(1).argmin()
    both = (early + faces).argmin()
    expected = [early.argmin()] * 3 + [both, faces.argmin(), none, none, none, faces.argmin()]
    np.testing.assert_array_equal(choose_spaces(errors, "roi_class", table), expected)


def test_a_class_counts_by_all_its_vertices(rng):
    table = _table(large=[0, 1, 2, 3, 4, 5], small=[5, 6])
    errors = np.full((2, 9), 0.5)
    errors[0, :5] = 0.45  # six vertices prefer space 0 a little, one space 1 more
    errors[1, 6] = 0.3
    assert choose_spaces(errors, "roi_class", table)[5] == 0


def test_a_group_s_choice_weighs_vertices_by_their_variance_and_ignores_constant_ones(rng):
    x, y = make(rng, n=150, noise=0.5, drivers=[0, 0, 0, 0, 1, 2, 2, 2, 0])
    y[:, 4] *= 1000  # large, but one vertex among five
    y[:, 8] = 1
    ours = fit_best_space(x, y, SPACES, by="hemisphere", vertices=_table())
    np.testing.assert_array_equal(ours.choice, [0] * 5 + [2] * 4)
    assert np.all(ours.errors[:, 8] == 0)
    assert np.all(ours.coef[:, 8] == 0)
    assert ours.intercept[8] == 1


def test_an_interrupted_fit_goes_on_and_ends_as_an_uninterrupted_one(rng, monkeypatch):
    names = ("coef", "intercept", "alpha", "choice", "errors")
    check_resumed(fit_best_space, *make(rng), best_space, names, monkeypatch)


def test_groups_without_a_table_and_unknown_groupings_are_refused(rng):
    x, y = make(rng)
    with pytest.raises(InvalidInput, match="roi_class needs"):
        fit_best_space(x, y, SPACES, by="roi_class")
    with pytest.raises(InvalidInput, match="9 vertices for 5"):
        fit_best_space(x, y[:, :5], SPACES, by="hemisphere", vertices=_table())
    with pytest.raises(UnknownName, match="grouping"):
        fit_best_space(x, y, SPACES, by="roi")
