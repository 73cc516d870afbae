"""The pictures of a prepared subject are the right ones, in order."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.datasets import open_subject
from cortiscope.core.datasets.nsd.images import StimulusBrick
from cortiscope.core.datasets.nsd.prepare import prepare_subject
from cortiscope.core.errors import DamagedFile, MissingData
from tests.core.datasets.nsd.preparing import prepare
from tests.data import tiny_nsd as tiny


def test_images_are_in_order_of_their_number_and_are_the_right_pictures(nsd, tmp_path):
    subject = open_subject(prepare(nsd, tmp_path))
    expected = sorted(n - 1 for n in tiny.images_of(1)[3:])
    assert subject.train.images.ids == tuple(f"nsd-{n:05d}" for n in expected)
    assert subject.test.images.ids == ("nsd-00010", "nsd-00904", "nsd-71999")
    pictures = nsd.parent / "pictures" / "deeper"
    for name, path in zip(subject.train.images.ids, subject.train.images.paths, strict=True):
        assert path.read_bytes() == (pictures / f"{name}.png").read_bytes()


def test_a_missing_picture_is_named(nsd, tmp_path):
    few = tmp_path / "few"
    few.mkdir()
    (few / "nsd-00010.png").write_bytes(b"")
    with pytest.raises(MissingData, match="7 of 8 images are not in .*nsd-01001.png"):
        prepare(nsd, tmp_path / "out", images=few)


def test_without_the_stimulus_file_a_folder_of_pictures_is_offered(nsd, tmp_path):
    with pytest.raises(MissingData, match=r"nsd_stimuli.hdf5 is missing.*--images"):
        prepare_subject(nsd, "subj01", tmp_path / "out", **tiny.SETTINGS)


def test_pictures_are_cut_out_of_the_stimulus_file(own_nsd, tmp_path, rng):
    h5py = pytest.importorskip("h5py", reason="h5py is optional")
    where = own_nsd / "nsddata_stimuli/stimuli/nsd"
    where.mkdir(parents=True)
    pixels = {n - 1: rng.integers(0, 256, (6, 6, 3), dtype=np.uint8) for n in tiny.images_of(1)}
    with h5py.File(where / "nsd_stimuli.hdf5", "w") as stored:
        brick = stored.create_dataset(
            "imgBrick", (73_000, 6, 6, 3), dtype=np.uint8, chunks=(1, 6, 6, 3)
        )
        for number, picture in pixels.items():
            brick[number] = picture
    folder = prepare_subject(own_nsd, "subj01", tmp_path / "out", **tiny.SETTINGS)
    subject = open_subject(folder)
    for images in (subject.train.images, subject.test.images):
        for name, path in zip(images.ids, images.paths, strict=True):
            expected = pixels[int(name.removeprefix("nsd-"))]
            np.testing.assert_array_equal(np.asarray(Image.open(path)), expected)


@pytest.mark.parametrize("kind", ["link", "storage", "virtual"])
def test_pictures_that_lie_in_another_file_are_not_followed(tmp_path, kind):
    h5py = pytest.importorskip("h5py", reason="h5py is optional")
    shape, other = (11, 6, 6, 3), tmp_path / "other.h5"
    with h5py.File(other, "w") as stored:
        stored.create_dataset("imgBrick", shape, dtype=np.uint8)
    with h5py.File(tmp_path / "nsd_stimuli.hdf5", "w") as stored:
        if kind == "link":
            stored["imgBrick"] = h5py.ExternalLink(other.name, "imgBrick")
        elif kind == "storage":
            external = [(str(other), 0, 11 * 108)]
            stored.create_dataset("imgBrick", shape, dtype=np.uint8, external=external)
        else:
            layout = h5py.VirtualLayout(shape, np.uint8)
            layout[:] = h5py.VirtualSource(str(other), "imgBrick", shape)
            stored.create_virtual_dataset("imgBrick", layout)
    with pytest.raises(DamagedFile, match="lies in another file"):
        StimulusBrick(tmp_path / "nsd_stimuli.hdf5").check(np.array([10]))
