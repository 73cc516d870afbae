"""Near copies are found, and pictures that only resemble each other are not taken for them."""

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.simulation.scenes import render_scene
from cortiscope.core.stimuli import StimulusImages, likeness
from cortiscope.core.stimuli.copies import copy_labels


@pytest.fixture(autouse=True)
def _own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="module")
def scenes():
    return [Image.fromarray(render_scene(seed).pixels) for seed in range(12)]


def _shifted(image, by=2):
    return Image.fromarray(np.roll(np.asarray(image), (by, -by), axis=(0, 1)))


def _smaller(image):
    return image.resize((round(0.8 * image.width), round(0.8 * image.height)))


CHANGES = {
    "encoded": lambda image: image,
    "smaller": _smaller,
    "moved": _shifted,
    "all at once": lambda image: _smaller(_shifted(image)),
}


@pytest.mark.parametrize("change", CHANGES)
def test_copies_encoded_anew_resized_or_moved_are_found(tmp_path, scenes, change):
    paths = []
    for k, image in enumerate(scenes):
        image.save(tmp_path / f"{k}.png")
        CHANGES[change](image).save(tmp_path / f"copy{k}.jpg", quality=60)
        paths += [tmp_path / f"{k}.png", tmp_path / f"copy{k}.jpg"]
    expected = np.repeat(np.arange(0, 2 * len(scenes), 2), 2)
    np.testing.assert_array_equal(copy_labels(paths), expected)


def test_another_object_on_the_same_ground_is_another_picture(tmp_path, scenes):
    """So are other colours, a mirror image and a blend of two."""
    paths = []
    for k, image in enumerate(scenes[:6]):
        exchanged = image.copy()
        exchanged.paste(scenes[k + 6].crop((40, 40, 70, 70)), (50, 50))
        red, green, blue = image.split()
        others = [
            exchanged,
            Image.merge("RGB", (green, blue, red)),
            image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
            Image.blend(image, scenes[k + 6], 0.3),
        ]
        for j, other in enumerate([image, *others]):
            other.save(tmp_path / f"{k}-{j}.png")
            paths.append(tmp_path / f"{k}-{j}.png")
    np.testing.assert_array_equal(copy_labels(paths), np.arange(len(paths)))


def test_pictures_without_contrast_are_copies_only_where_equal(tmp_path, rng):
    paths = []
    for k in range(6):
        faint = 128 + rng.normal(0, 0.7, (64, 64, 3))
        Image.fromarray(faint.round().astype(np.uint8)).save(tmp_path / f"{k}.png")
        paths.append(tmp_path / f"{k}.png")
    np.testing.assert_array_equal(copy_labels(paths), np.arange(6))


def test_sketches_and_confirmed_pairs_are_remembered_by_content(tmp_path, scenes, monkeypatch):
    scenes[0].save(tmp_path / "a.png")
    scenes[0].save(tmp_path / "b.jpg", quality=60)
    scenes[1].save(tmp_path / "c.png")
    read = []
    decoded = likeness._decoded
    monkeypatch.setattr(likeness, "_decoded", lambda path: read.append(path.name) or decoded(path))
    first = [tmp_path / name for name in ("a.png", "b.jpg", "c.png")]
    assert copy_labels(first).tolist() == [0, 0, 2]
    assert sorted(read) == ["a.png", "b.jpg", "c.png"]
    read.clear()
    moved = [path.rename(path.with_stem(f"moved-{path.stem}")) for path in first]
    assert copy_labels(moved[::-1]).tolist() == [0, 1, 1]
    assert not read
    scenes[2].save(tmp_path / "d.png")
    copy_labels([moved[2], tmp_path / "d.png"])
    assert read == ["d.png"]


def test_a_home_that_cannot_be_written_costs_time_only(tmp_path, scenes, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "file/below"))
    scenes[0].save(tmp_path / "a.png")
    scenes[0].save(tmp_path / "b.jpg", quality=60)
    assert StimulusImages.from_paths([tmp_path / "a.png", tmp_path / "b.jpg"]).groups()[1] == 0


def test_a_file_that_is_no_picture_is_like_none(tmp_path, scenes):
    (tmp_path / "a.png").write_bytes(b"no picture")
    scenes[0].save(tmp_path / "b.png")
    assert copy_labels([tmp_path / "a.png", tmp_path / "b.png"]).tolist() == [0, 1]
