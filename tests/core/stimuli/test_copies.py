"""Which pictures are one stimulus."""

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.stimuli import StimulusImages, groups_over, nsd_number
from cortiscope.core.stimuli.copies import _linked, _without_chains


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))


def _noise(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def _set(folder, **pictures):
    return StimulusImages.from_paths(_noise(folder / f"{n}.png", s) for n, s in pictures.items())


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("train-0001_nsd-00013", 13),
        ("nsd-02950", 2950),
        ("nsd02950", 2950),
        ("shared0001_nsd02951", 2950),
        ("Shared0013_NSD00001", 0),
        ("img12", None),
    ],
)
def test_the_shared_thousand_count_from_1_and_the_others_from_0(name, number):
    assert nsd_number(name) == number


def test_equal_files_are_one_stimulus_whatever_their_names(tmp_path):
    images = _set(tmp_path, a=1, b=2, c=1, d=3, e=2)
    labels = images.groups()
    assert labels.tolist() == [0, 1, 0, 3, 1]


def test_groups_go_over_sets_and_follow_chains(tmp_path):
    one = StimulusImages.from_paths(
        [_noise(tmp_path / "a/shared0001_nsd02951.png", 1), _noise(tmp_path / "a/nsd-02951.png", 2)]
    )
    other = StimulusImages.from_paths(
        [_noise(tmp_path / "b/train-0001_nsd-02950.png", 5), _noise(tmp_path / "b/x.png", 5)]
    )
    here, there = groups_over([one, other])
    assert here[0] == there[0] == there[1]  # by its number, and that one by its bytes
    assert here[1] not in there


def test_groups_do_not_depend_on_the_order_of_the_pictures(tmp_path, rng):
    images = _set(tmp_path, **{f"p{k}": k % 7 for k in range(20)})
    order = rng.permutation(20)
    before, after = images.groups(), images.subset(order).groups()
    same = before[order][:, None] == before[order][None]
    np.testing.assert_array_equal(after[:, None] == after[None], same)


def test_a_long_chain_is_cut_where_its_ends_are_no_copies():
    def chain(n, reach):
        return [(f"{a:03}", f"{b:03}") for a in range(n) for b in range(a + 1, min(a + reach, n))]

    short = chain(20, 2)
    assert len({name for pair in _without_chains(short) for name in pair}) == 20
    cut = _without_chains(chain(60, 4))
    groups = _linked(60, [(int(a), int(b)) for a, b in cut])
    sizes = np.unique(groups, return_counts=True)[1]
    assert sizes.max() <= 4
    assert _without_chains(chain(60, 4)[::-1]) == cut
    assert len(_without_chains(chain(30, 30))) == 29  # all are copies of all: one group of 30


def test_no_picture_is_in_no_group():
    assert StimulusImages((), ()).groups().tolist() == []
