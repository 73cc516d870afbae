"""A run predicts with the framing it was fitted with, and says which that was."""

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.backbones import Framing, WeightsSpec, load_backbone, resolve_weights
from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import Reduction
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.pipeline.methods import methods_text
from cortiscope.core.pipeline.predict import (
    BackboneCache,
    FeatureSource,
    occluded_designs,
    picture_design,
    predict_images,
)
from cortiscope.core.runs import EncodingSpec, RunStore
from tests.data.tiny_world import write_subject

STRETCH = Framing("stretch", 64)


def _spec(subject, name="squeezenet1_1", layer="features.3", framing=STRETCH):
    weights = resolve_weights(name, WeightsSpec("fixed" if name == "pixels" else "untrained"))
    feature = FeatureSpec(name, weights, layer, Pooling("grid", 3), framing=framing)
    return EncodingSpec(subject.id, subject.fingerprint, (feature,), Reduction("pca", 6))


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    home = tmp_path_factory.mktemp("framed")
    folder = write_subject(home / "s1")
    rng = np.random.default_rng(0)
    for path in sorted(folder.rglob("*.png")):  # wide pictures: a crop would lose their sides
        pixels = rng.integers(0, 256, (32, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path)
    subject = open_subject(folder)
    run = fit(
        subject,
        _spec(subject),
        features=FeatureStore(home / "features"),
        runs=RunStore(home / "runs"),
    )
    return subject, run


def test_files_and_pictures_are_framed_as_the_fit_images_were(fitted):
    subject, run = fitted
    assert run.spec.features[0].framing == STRETCH
    stored = run.predict_rows("test", np.arange(6))
    fresh = predict_images(run, subject.test.images)
    np.testing.assert_allclose(
        np.concatenate([fresh[h] for h in HEMISPHERES], 1), stored, atol=1e-4
    )
    cache = BackboneCache()
    for i in (0, 4):
        design, _ = picture_design(run, subject.test.images.load(i), cache)
        np.testing.assert_allclose(design, np.asarray(run.array("design_test"))[i], atol=1e-4)


def test_occlusion_covers_the_whole_picture(fitted):
    subject, run = fitted
    picture = subject.test.images.load(0)
    designs = occluded_designs(run, picture, BackboneCache(), grid=2)
    pixels = np.asarray(picture).copy()
    pixels[:, 44:] = 255 - pixels[:, 44:]  # outside the central square
    other = occluded_designs(run, Image.fromarray(pixels), BackboneCache(), grid=2)
    assert np.abs(designs - other).max() > 1e-3


def test_no_patch_lies_where_the_network_sees_nothing(fitted, tmp_path):
    subject, _ = fitted
    spec = _spec(subject, framing=Framing())
    run = fit(subject, spec, features=FeatureStore(tmp_path / "f"), runs=RunStore(tmp_path / "r"))
    backbones = BackboneCache()
    # Detail in the ring alone that torchvision's 224 of 256 pixels leave out, on grey.
    picture = np.full((256, 300, 3), 128, np.uint8)
    picture[:14] = picture[-14:] = picture[:, :36] = picture[:, -36:] = [255, 0, 0]
    designs = occluded_designs(run, Image.fromarray(picture), backbones, grid=4)
    np.testing.assert_allclose(designs, np.broadcast_to(designs[1, 1], designs.shape), atol=1e-4)
    # A spot inside it is found by the patch that covers it.
    picture[20:40, 42:62] = 0
    whole, _ = picture_design(run, Image.fromarray(picture), backbones)
    designs = occluded_designs(run, Image.fromarray(picture), backbones, grid=4)
    change = np.abs(designs - whole).sum(axis=2)
    assert np.unravel_index(change.argmax(), change.shape) == (0, 0)


def test_the_run_and_its_methods_say_so(fitted):
    subject, run = fitted
    assert {source.framing for source in run.sources} == {"stretch:64"}
    assert "pictures stretched to 64 px" in methods_text(subject, run)


def test_another_framing_is_another_model_and_the_published_one_keeps_its_name(fitted):
    subject, _ = fitted
    published = _spec(subject, framing=Framing())
    feature = published.features[0]
    before = FeatureSpec(feature.backbone, feature.weights, feature.layer, feature.pooling)
    assert feature == before
    names = {_spec(subject, framing=f).run_id for f in (STRETCH, Framing("stretch", 65))}
    assert len(names | {published.run_id}) == 3


def test_a_backbone_without_framings_is_told_before_anything_is_computed(fitted, tmp_path):
    subject, _ = fitted
    spec = _spec(subject, "pixels", "pixels")
    store, runs = FeatureStore(tmp_path / "features"), RunStore(tmp_path / "runs")
    with pytest.raises(InvalidInput, match="Raw pixels reads pictures in one way only"):
        fit(subject, spec, features=store, runs=runs)
    assert not list(tmp_path.rglob("*.*"))


def test_a_loaded_network_serves_both_framings():
    cache, name = BackboneCache(), "squeezenet1_1"
    weights = resolve_weights(name, WeightsSpec("untrained"))
    sources = [
        FeatureSource(FeatureSpec(name, weights, "", framing=f), ("features.3",))
        for f in (STRETCH, Framing())
    ]
    stretched, published = (cache.get(s) for s in sources)
    assert stretched.network is published.network
    assert cache.get(sources[0]) is stretched
    assert published.input_size == load_backbone(name, weights).input_size == 224


def test_a_run_in_bfloat16_keeps_that_and_sees_new_pictures_so(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.cpu._is_avx512_bf16_supported", lambda: True)
    subject, _ = fitted
    spec = _spec(subject, "squeezenet1_1", "features.3").at_precision("bfloat16")
    store, runs = FeatureStore(tmp_path / "features"), RunStore(tmp_path / "runs")
    run = fit(subject, spec, features=store, runs=runs)
    (feature,) = run.spec.features
    assert feature.precision == "bfloat16"
    stored = store.get([feature], subject.test.images)[feature.layer]
    fresh = predict_images(run, subject.test.images)
    from cortiscope.core.pipeline.designs import Reductions

    design = Reductions(run.reductions).transform([stored.reshape(len(stored), -1)])[0]
    np.testing.assert_allclose(
        np.concatenate(list(fresh.values()), axis=1), run.fitted.predict(design), atol=1e-4
    )
    assert run.method == "ridge stretch:64 bfloat16"
    assert "pictures stretched to 64 px · bfloat16" in run.title
