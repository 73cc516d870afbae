import dataclasses
import json
import threading

import numpy as np
import pytest

from cortiscope.core.backbones import Framing, WeightsSpec
from cortiscope.core.config import fingerprint
from cortiscope.core.errors import InvalidInput, UnknownName
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
from cortiscope.core.features.extract import extract
from tests.data.tiny_backbone import make_tiny_backbone

UNTRAINED = WeightsSpec("untrained")


def spec(layer, weights=UNTRAINED, pooling=None):
    return FeatureSpec("small_cnn", weights, layer, pooling or Pooling())


@pytest.fixture
def store(tmp_path, loader):
    return FeatureStore(tmp_path / "features", loader)


def test_stored_features_are_the_extracted_ones(store, images, tiny_backbone):
    layers = ["block1", "head"]
    found = store.get([spec(layer) for layer in layers], images, batch_size=3)
    expected = extract(tiny_backbone, images, layers, Pooling())
    assert list(found) == layers
    for layer in layers:
        np.testing.assert_allclose(found[layer], expected[layer], atol=1e-5)
        assert found[layer].dtype == np.float32
        assert not found[layer].flags.writeable


def test_only_missing_layers_are_computed(store, images, loader):
    store.get([spec("block1")], images)
    store.get([spec("block1")], images)
    assert loader.n_loaded == 1
    before = {p: p.stat().st_mtime_ns for p in store.root.rglob("*.npy")}
    store.get([spec("block1"), spec("block2")], images)
    assert loader.n_loaded == 2
    assert len(list(store.root.rglob("*.npy"))) == 2
    assert all(p.stat().st_mtime_ns == time for p, time in before.items())
    assert store.has(spec("block2"), images)
    assert not store.has(spec("head"), images)


@pytest.mark.parametrize(
    "cut", ["half", "longer", "empty", "no record", "bad record", "zeroed rows"]
)
def test_damaged_files_are_made_anew(store, images, loader, cut):
    expected = np.array(store.get([spec("block1")], images)["block1"])
    (path,) = store.root.rglob("*.npy")
    record = path.with_suffix(".json")
    data = path.read_bytes()
    if cut == "half":
        path.write_bytes(data[: len(data) // 2])
    elif cut == "zeroed rows":
        # Of the right size, as a disk leaves it that lost what it had promised.
        path.write_bytes(data[:-4000] + bytes(4000))
    elif cut == "longer":
        path.write_bytes(data + b"0000")
    elif cut == "empty":
        path.write_bytes(b"")
    elif cut == "no record":
        record.unlink()
    else:
        record.write_text("{")
    np.testing.assert_array_equal(store.get([spec("block1")], images)["block1"], expected)
    assert loader.n_loaded == 2


def test_features_stored_before_there_were_seals_are_used(store, images, loader):
    store.get([spec("block1")], images)
    (path,) = store.root.rglob("*.json")
    record = json.loads(path.read_text())
    del record["xxh3"]
    path.write_text(json.dumps(record))
    store.get([spec("block1")], images)
    assert loader.n_loaded == 1


def test_different_images_weights_and_pooling_have_files_of_their_own(store, images):
    for wanted, pictures in [
        (spec("block1"), images),
        (spec("block1"), images.subset([1, 0])),
        (spec("block1", WeightsSpec("untrained", seed=1)), images),
        (spec("block1", pooling=Pooling("mean")), images),
        (spec("block1", pooling=Pooling("none")), images),
    ]:
        store.get([wanted], pictures)
    assert len(list(store.root.rglob("*.npy"))) == 5


def test_full_resolution_is_stored_as_it_is(store, images):
    wanted = spec("block1", pooling=Pooling("none"))
    assert store.get([wanted], images)["block1"].shape == (7, 4, 30, 30)


def test_record_says_what_the_array_is(store, images):
    store.get([spec("block1")], images)
    (path,) = store.root.rglob("*.json")
    record = json.loads(path.read_text())
    assert record["label"] == "Small CNN block1, untrained, seed 0"
    assert record["shape"] == [7, 4, 8, 8]
    assert record["spec"]["weights"]["kind"] == "untrained"


def test_failed_work_leaves_nothing_behind(store, images):
    images.paths[5].write_text("no picture")
    with pytest.raises(Exception, match=r"s5\.png"):
        store.get([spec("block1")], images, batch_size=2)
    assert [p for p in store.root.rglob("*") if p.is_file()] == []


def test_writers_at_the_same_time_both_succeed(store, images):
    found, errors = [], []

    def work():
        try:
            own = FeatureStore(store.root, make_tiny_backbone)
            found.append(own.get([spec("block1"), spec("block2")], images, batch_size=1))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    for other in found[1:]:
        np.testing.assert_array_equal(other["block2"], found[0]["block2"])
    assert len(list(store.root.rglob("*.npy"))) == 2


def test_bad_requests_are_told(store, images):
    with pytest.raises(InvalidInput, match="No features"):
        store.get([], images)
    with pytest.raises(InvalidInput, match="One pass"):
        store.get([spec("block1"), spec("block1", pooling=Pooling("mean"))], images)
    with pytest.raises(InvalidInput, match="no image"):
        store.get([spec("block1")], images.subset([]))
    with pytest.raises(UnknownName, match="block1"):
        store.get([spec("blok1")], images)


def test_key_holds_exactly_these_fields():
    assert [f.name for f in dataclasses.fields(FeatureSpec)] == [
        *("backbone", "weights", "layer", "pooling", "dtype", "framing", "precision")
    ]
    keys = {
        fingerprint(s)
        for s in (
            spec("block1"),
            spec("block2"),
            spec("block1", WeightsSpec("untrained", seed=1)),
            spec("block1", pooling=Pooling("mean")),
            dataclasses.replace(spec("block1"), backbone="pixels"),
            dataclasses.replace(spec("block1"), dtype="float16"),
            dataclasses.replace(spec("block1"), framing=Framing("stretch", 64)),
            dataclasses.replace(spec("block1"), framing=Framing("stretch", 65)),
            dataclasses.replace(spec("block1"), precision="bfloat16"),
        )
    }
    assert len(keys) == 9


def test_features_stored_before_there_were_dtypes_framings_and_precisions_keep_their_key():
    assert fingerprint(spec("block1")) == "bd80cbf48f6902f3"


def test_float16_is_stored_rounded_in_half_the_bytes_beside_float32(store, images):
    half = dataclasses.replace(spec("block1"), dtype="float16")
    found = store.get([half], images)["block1"]
    full = store.get([spec("block1")], images)["block1"]
    assert (found.dtype, full.dtype) == (np.float16, np.float32)
    np.testing.assert_array_equal(found, full.astype(np.float16))
    assert store.has(half, images)
    sizes = {np.load(p).dtype.name: p.stat().st_size for p in store.root.rglob("*.npy")}
    assert sizes["float32"] - 128 == 2 * (sizes["float16"] - 128)
    with pytest.raises(InvalidInput, match="dtype"):
        store.get([half, spec("block2")], images)
    with pytest.raises(InvalidInput, match="float64"):
        dataclasses.replace(half, dtype="float64")


def test_features_too_large_for_float16_are_told_and_not_stored(tmp_path, images):
    def load(name, weights):
        backbone = make_tiny_backbone(name, weights)
        forward = backbone.forward

        def large(*args):
            found = {name: values.clone() for name, values in forward(*args).items()}
            for layer, values in found.items():
                # One rounds to infinity, the other to 65504.
                values[-1] = 65520.0 if layer == "block2" else 65519.0
            return found

        backbone.forward = large
        return backbone

    store = FeatureStore(tmp_path / "features", load)
    specs = [dataclasses.replace(spec(x), dtype="float16") for x in ("block1", "block2")]
    with pytest.raises(InvalidInput, match=r"block2 reach 65520; .*65504"):
        store.get(specs, images)
    assert list(store.root.rglob("*.npy")) == []
    assert np.isfinite(store.get(specs[:1], images)["block1"]).all()
