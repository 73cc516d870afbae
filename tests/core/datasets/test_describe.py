"""A split in numbers: against what was written, and numpy's own moments."""

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.datasets import open_subject
from cortiscope.core.datasets.describe import describe_split, response_moments, spread_rows
from tests.data.tiny_world import N_LEFT, N_RIGHT, write_subject


@pytest.fixture
def subject(tmp_path):
    folder = write_subject(tmp_path / "subj01", n_train=20, n_test=6)
    Image.new("RGB", (48, 20)).save(
        folder / "training_split/training_images/train-0003_nsd-01014.png"
    )
    np.save(folder / "cortiscope_sidecar/repeats_train.npy", np.repeat([1, 2, 3], [5, 8, 7]))
    return open_subject(folder)


def test_a_split_is_described_by_what_was_written(subject):
    train = describe_split(subject.train)
    assert train.n_images == 20
    assert train.image_sizes == {(32, 32): 19, (48, 20): 1}
    assert train.n_looked_at == 20
    assert train.responses == {"left": (20, N_LEFT), "right": (20, N_RIGHT)}
    assert train.dtype == "float32"
    assert train.n_bytes == 20 * (N_LEFT + N_RIGHT) * 4
    assert train.repeats == {1: 5, 2: 8, 3: 7}
    assert (train.n_captioned, train.n_categorised) == (20, 20)
    assert describe_split(subject.test).n_captioned == 0


def test_withheld_responses_and_unknown_repeats_are_none_not_zero(tmp_path):
    folder = write_subject(tmp_path / "subj02", sidecar=False, test_responses=False)
    test = describe_split(open_subject(folder).test)
    assert test.responses is None
    assert test.repeats is None
    assert test.n_bytes == 0


def test_a_broken_image_is_passed_over(subject):
    subject.train.images.paths[0].write_bytes(b"no picture")
    assert describe_split(subject.train).n_looked_at == 19


def test_moments_equal_numpys_over_all_images(subject):
    values = np.hstack([np.asarray(a, float) for a in subject.train.responses.values()])
    moments = response_moments(subject.train)
    np.testing.assert_allclose(moments.mean, values.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(moments.sd, values.std(axis=0, ddof=1), rtol=1e-5)
    assert (moments.n_images, moments.n_all) == (20, 20)


def test_moments_of_a_large_split_come_from_images_spread_over_it(subject):
    moments = response_moments(subject.train, most_values=5 * (N_LEFT + N_RIGHT))
    rows = [0, 5, 10, 14, 19]
    expected = subject.train.response_rows(np.array(rows)).mean(axis=0)
    assert spread_rows(20, 5).tolist() == rows
    np.testing.assert_allclose(moments.mean, expected, atol=1e-6)
    assert (moments.n_images, moments.n_all) == (5, 20)


def test_one_image_has_no_sd(subject):
    assert spread_rows(1, 24).tolist() == [0]
    assert spread_rows(0, 24).tolist() == []
