import numpy as np
import pytest

from cortiscope.core.encoding import validation_split
from cortiscope.core.errors import InvalidInput


def _as_img2brain_wrote_it(n):
    """Its notebook's lines; they leave numpy's global state as they found it."""
    before = np.random.get_state()  # noqa: NPY002
    rand_seed = 224
    np.random.seed(rand_seed)  # noqa: NPY002
    idxs = np.arange(n)
    np.random.shuffle(idxs)  # noqa: NPY002
    num_train = int(np.round(n / 100 * 80))
    np.random.set_state(before)  # noqa: NPY002
    return idxs[:num_train], idxs[num_train:]


@pytest.mark.parametrize("n", [8857, 300, 24])
def test_the_shuffled_split_is_img2brains(n):
    train, validation = _as_img2brain_wrote_it(n)
    fit_rows, validation_rows = validation_split(n, seed=224, rule="shuffled")
    assert set(fit_rows) == set(train)
    assert set(validation_rows) == set(validation)
    if n == 8857:
        assert (len(fit_rows), len(validation_rows)) == (7086, 1771)


def test_the_shuffled_split_leaves_numpys_global_numbers_alone():
    np.random.seed(5)  # noqa: NPY002
    expected = np.random.rand(3)  # noqa: NPY002
    np.random.seed(5)  # noqa: NPY002
    validation_split(40, seed=224, rule="shuffled")
    np.testing.assert_array_equal(np.random.rand(3), expected)  # noqa: NPY002


def test_nine_to_one_is_a_matter_of_the_fraction():
    for rule in ("random", "shuffled"):
        fit_rows, validation_rows = validation_split(8857, fraction=0.1, rule=rule)
        assert (len(fit_rows), len(validation_rows)) == (7971, 886)


def test_every_image_is_validated_in_one_fold_and_fitted_in_the_others():
    folds = [validation_split(43, seed=3, rule=f"fold:{k}/5") for k in range(1, 6)]
    held_out = np.concatenate([validation for _, validation in folds])
    assert sorted(held_out) == list(range(43))
    for fit_rows, validation_rows in folds:
        assert sorted([*fit_rows, *validation_rows]) == list(range(43))
    assert sorted({len(v) for _, v in folds}) == [8, 9]


@pytest.mark.parametrize("rule", ["random", "shuffled", "fold:2/3"])
def test_rows_increase_and_another_seed_draws_others(rule):
    fit_rows, validation_rows = validation_split(60, seed=1, rule=rule)
    for rows in (fit_rows, validation_rows):
        assert np.all(np.diff(rows) > 0)
    assert sorted([*fit_rows, *validation_rows]) == list(range(60))
    assert set(validation_rows) != set(validation_split(60, seed=2, rule=rule)[1])


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("sorted", "Unknown split 'sorted'. Allowed: random, shuffled, fold:K/N"),
        ("fold:0/5", "no such fold"),
        ("fold:6/5", "no such fold"),
        ("fold:1/1", "no such fold"),
        ("fold:1/40", "40 training images cannot be split by fold:1/40"),
    ],
)
def test_a_split_that_cannot_be_is_refused(rule, words):
    with pytest.raises(InvalidInput, match=words.replace(".", r"\.")):
        validation_split(40, rule=rule)
