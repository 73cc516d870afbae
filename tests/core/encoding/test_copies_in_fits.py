"""Rows of one image stay together wherever rows are cut."""

import dataclasses

import numpy as np
import pytest

from cortiscope.core.encoding import (
    REGRESSORS,
    RegressorSpec,
    TrainingData,
    regressor_names,
    validation_split,
)
from cortiscope.core.encoding.copies import averaged, together
from cortiscope.core.encoding.neural.optimisation import TrainingSettings, training_images
from cortiscope.core.encoding.regressors import fit_regressor
from cortiscope.core.encoding.ridge.closed_form import fit_ridge_closed_form
from cortiscope.core.encoding.ridge.kfold import fold_rows
from cortiscope.core.encoding.splits import report_split
from cortiscope.core.encoding.training import VertexTable
from cortiscope.core.errors import InvalidInput

LABELS = np.array([7, 7, 3, 5, 5, 5, 2, 9, 4, 4, 8])


def _sides_of(labels, rows):
    held = set(labels[rows])
    return held, set(np.delete(labels, rows))


@pytest.mark.parametrize("n_folds", [2, 3])
def test_folds_cut_between_images(n_folds):
    folds = fold_rows(len(LABELS), n_folds, LABELS)
    assert [k for rows in folds for k in range(rows.start, rows.stop)] == list(range(len(LABELS)))
    for rows in folds:
        held, kept = _sides_of(LABELS, rows)
        assert not held & kept
    sizes = [len(set(LABELS[rows])) for rows in folds]
    assert max(sizes) - min(sizes) <= 1


def test_folds_count_images_and_refuse_rows_of_one_that_are_apart():
    with pytest.raises(InvalidInput, match="4 folds need at least 8 images; got 7"):
        fold_rows(len(LABELS), 4, LABELS)
    with pytest.raises(InvalidInput, match="2 folds or more; got 0"):
        fold_rows(len(LABELS), 0, LABELS)
    with pytest.raises(ValueError, match="follow one another"):
        fold_rows(6, 2, np.array([0, 1, 0, 2, 3, 4]))


@pytest.mark.parametrize("rule", ["random", "shuffled", "fold:2/3"])
def test_an_image_is_on_one_side_of_every_split(rng, rule):
    labels = rng.integers(0, 25, 90)
    for seed in range(5):
        fit, held = validation_split(90, seed=seed, rule=rule, groups=labels)
        assert sorted([*fit, *held]) == list(range(90))
        assert not set(labels[fit]) & set(labels[held])


@pytest.mark.parametrize("rule", ["random", "shuffled", "fold:1/4"])
def test_without_copies_labels_change_no_split(rng, rule):
    plain = validation_split(40, seed=3, rule=rule)
    labelled = validation_split(40, seed=3, rule=rule, groups=rng.permutation(40) + 100)
    for one, other in zip(plain, labelled, strict=True):
        np.testing.assert_array_equal(one, other)


def test_in_the_published_split_an_image_moves_to_the_first_of_its_rows():
    order = np.arange(20)
    np.random.RandomState(5).shuffle(order)  # noqa: NPY002 - a published split
    labels = np.arange(20)
    labels[[order[2], order[17], order[18]]] = order[2]  # fits with the first of them
    fit, held = validation_split(20, seed=5, rule="shuffled", groups=labels)
    assert set(fit) == {*order[:14], order[17], order[18]}
    assert set(held) == {order[14], order[15], order[16], order[19]}


def test_a_head_stops_early_by_images_that_it_is_not_trained_on(rng):
    labels = np.repeat(np.arange(20), 3)
    fit, held = training_images(60, TrainingSettings(), labels)
    assert len(held)
    assert not set(labels[fit]) & set(labels[held])


def _copied(rng, n_images=30, n_copies=3, d=40, v=4):
    """Every image several times, mixed; responses repeat and have nothing to do with it."""
    label = rng.permutation(np.repeat(np.arange(n_images), n_copies))
    x = rng.normal(size=(n_images, d)).astype(np.float32)[label]
    y = rng.normal(size=(n_images, v))[label] + 0.1 * rng.normal(size=(len(label), v))
    table = VertexTable(rng.normal(size=(v, 3)), np.arange(v) % 2)
    spaces = (slice(0, d // 2), slice(d // 2, d))
    return TrainingData(x, y.astype(np.float32), spaces, table, label)


def _choosing():
    """Encoders that choose something on images that they hold out."""
    for name in regressor_names():
        settings = [f.name for f in dataclasses.fields(REGRESSORS[name].settings)]
        if {"alphas", "n_folds", "validation_fraction"} & set(settings):
            yield name


@pytest.mark.parametrize("name", list(_choosing()))
def test_no_encoder_is_taken_in_by_copies(rng, name):
    """Chosen by copies of what was fitted, the least penalty wins and noise is reproduced."""
    data = _copied(rng)
    predicted = fit_regressor(data, RegressorSpec(name)).predict(data.design)
    assert np.std(predicted) < 0.62 * np.std(data.responses)


def test_images_are_put_together_and_averaged_in_the_order_of_their_first_rows(rng):
    labels = np.array([4, 1, 4, 0, 1, 4])
    x, y = (rng.normal(size=(6, k)).astype(np.float32) for k in (2, 3))
    data = TrainingData(x, y, groups=labels)
    order = [0, 2, 5, 1, 4, 3]
    sorted_ = together(data)
    np.testing.assert_array_equal(sorted_.design, x[order])
    np.testing.assert_array_equal(sorted_.responses[:, 1:], y[order, 1:])
    np.testing.assert_array_equal(
        sorted_.responses[np.array([5, 1]), :2],
        y[[3, 2], :2],
    )
    np.testing.assert_array_equal(
        sorted_.of_vertices(np.array([2, 0])).responses[:, :], y[order][:, [2, 0]]
    )
    mean = averaged(data)
    wanted = [[0, 2, 5], [1, 4], [3]]
    np.testing.assert_allclose(mean.design, [x[r].mean(0) for r in wanted], rtol=1e-6)
    np.testing.assert_allclose(mean.responses[:, :2], [y[r, :2].mean(0) for r in wanted], rtol=1e-6)
    assert mean.groups is None
    assert together(TrainingData(x, y, groups=np.arange(6))).responses is y


def test_gcv_of_copies_is_gcv_of_their_means(rng):
    data = _copied(rng)
    mean = averaged(data)
    ours = fit_regressor(data, RegressorSpec("ridge_gcv"))
    wanted = fit_ridge_closed_form(mean.design, mean.responses[:, :])
    np.testing.assert_array_equal(ours.coef, wanted.coef)


def test_labels_are_one_per_row(rng):
    with pytest.raises(InvalidInput, match="one label per row of 6"):
        TrainingData(np.zeros((6, 2)), np.zeros((6, 3)), groups=np.zeros(5))


def test_report_images_are_the_same_whatever_chooses_the_others(rng):
    labels = rng.integers(0, 30, 80)
    rest, aside = report_split(80, fraction=0.2, seed=3, groups=labels)
    assert sorted([*rest, *aside]) == list(range(80))
    assert not set(labels[rest]) & set(labels[aside])
    assert len(set(labels[aside])) == round(0.2 * len(set(labels)))
    assert not len(report_split(80, fraction=0, groups=labels)[1])
    with pytest.raises(InvalidInput, match="10% of 9 training images leaves 1 for the report"):
        report_split(9, fraction=0.1)
    with pytest.raises(InvalidInput, match="at least 0 and below 1; got 1.5"):
        report_split(9, fraction=1.5)
