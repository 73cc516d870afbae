"""Damaged images of an Algonauts 2023 subject."""

from __future__ import annotations

import shutil

from PIL import Image

from tests.core.datasets.damage.algonauts_files import TEST, TRAIN, image, on_image
from tests.core.datasets.damage.kind import AS_STORED, AT_FIT, Damage
from tests.core.datasets.damage.ways import cut


def _copy_of_training_image(folder):
    (folder / TEST).joinpath(image(folder, 3, "test").name).write_bytes(
        image(folder, 5).read_bytes()
    )


def _same_nsd_number(folder):
    nsd = image(folder, 5).name.split("_")[1]
    path = image(folder, 3, "test")
    path.rename(path.with_name(f"test-0003_{nsd}"))


def _same_bytes(folder):
    image(folder, 9).write_bytes(image(folder, 8).read_bytes())


def _spoil_the_middle(path):
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40] = bytes(40)
    path.write_bytes(bytes(data))


KINDS = {
    "an image spoilt in the middle": Damage(
        on_image(9, _spoil_the_middle),
        "train-0009_nsd-01056.png is damaged or cut short",
        AT_FIT,
    ),
    "an image missing": Damage(
        on_image(3, lambda p: p.unlink()),
        "training_images has no image numbered 3",
    ),
    "no images": Damage(
        lambda f: shutil.rmtree(f / TEST),
        "The folder test_split/test_images is missing",
        file="test_images",
        several=True,
    ),
    "an unnumbered image": Damage(
        lambda f: shutil.copy(image(f, 2), f / TRAIN / "cat.png"),
        "not named like train-0001_nsd-00013.png: cat.png",
        file="cat.png",
    ),
    "a folder among the images": Damage(
        lambda f: (f / TRAIN / "more").mkdir(), ": more.", file="more"
    ),
    "a number twice": Damage(
        lambda f: Image.new("RGB", (32, 32)).save(f / TRAIN / "train-0003_nsd-99999.png"),
        "training_images has 2 images numbered 3: train-0003_nsd-01014.png, train-0003_nsd-99999",
    ),
    "a number of zero": Damage(
        on_image(1, lambda p: p.rename(p.with_name("train-0000_nsd-00001.png"))),
        "train-0000_nsd-00001.png in training_images is numbered 0",
        file="training_images",
        several=True,
    ),
    "a number far too high": Damage(
        on_image(20, lambda p: p.rename(p.with_name("train-99999999999999999999_nsd-1.png"))),
        "training_images has no image numbered 20, 21, 22, 23, 24 and",
        several=True,
    ),
    "a test image among those of training": Damage(
        lambda f: shutil.copy(image(f, 1, "test"), f / TRAIN),
        "named as in the other split: test-0001_nsd-00000.png",
        file="test-0001_nsd-00000.png",
    ),
    "an image cut short": Damage(
        on_image(7, lambda p: cut(p.name)(p.parent)), "train-0007_nsd-01042", AT_FIT
    ),
    "an empty image": Damage(
        on_image(8, lambda p: p.write_bytes(b"")), "train-0008_nsd-01049.png is em", AT_FIT
    ),
    "text called png": Damage(
        on_image(2, lambda p: p.write_text("Not found"), "test"),
        "test-0002_nsd-00007.png is not a picture",
        AT_FIT,
    ),
    "an image far too small": Damage(
        on_image(4, lambda p: Image.new("RGB", (4, 4)).save(p)),
        "train-0004_nsd-01021.png is too small",
        AT_FIT,
    ),
    "a link to nowhere": Damage(
        on_image(6, lambda p: (p.unlink(), p.symlink_to("/nowhere.png"))),
        "train-0006_nsd-01035.png was not found",
        AT_FIT,
    ),
    "an image of another size": Damage(
        on_image(5, lambda p: Image.new("RGB", (40, 20)).save(p)),
        "train-0005_nsd-01028.png is 40 x 20 pixels",
        AS_STORED,
    ),
    "one image twice": Damage(
        _same_bytes,
        "training_images has 1 group of copies, largest 2: train-0008_nsd-01049.png, "
        "train-0009_nsd-01056",
        AS_STORED,
    ),
    "a test image that was trained on": Damage(
        _copy_of_training_image,
        "1 test image is also a training image: "
        "test-0003_nsd-00014.png is train-0005_nsd-01028.png",
        AT_FIT,
        file="test-0003_nsd-00014.png",
    ),
    "a test image with a training image's number": Damage(
        _same_nsd_number,
        "1 test image is also a training image: "
        "test-0003_nsd-01028.png is train-0005_nsd-01028.png",
        file="test-0003_nsd-01028.png",
    ),
}
