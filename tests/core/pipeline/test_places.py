"""Features that keep their places, from the pictures to a run's receptive fields."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cortiscope.core.backbones import WeightsSpec, resolve_weights
from cortiscope.core.backbones.framing import Framing
from cortiscope.core.backbones.picture_backbone import Stretched
from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import open_subject
from cortiscope.core.datasets.conventions import Fact
from cortiscope.core.encoding import Reduction, RegressorSpec, fit_places
from cortiscope.core.encoding.fields.predictor import fields_of
from cortiscope.core.errors import InvalidImage, InvalidInput
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
from cortiscope.core.pipeline.designs import PlacedDesign, check_places, picture_grid
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.pipeline.predict import BackboneCache, picture_design, predict_images
from cortiscope.core.pipeline.training import prepare
from cortiscope.core.runs import EncodingSpec, RunStore
from cortiscope.core.runs.spec import usual_features
from tests.data.tiny_world import write_subject


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return FeatureStore(tmp_path_factory.mktemp("features"))


@pytest.fixture(scope="module")
def subject(tmp_path_factory):
    return open_subject(write_subject(tmp_path_factory.mktemp("data") / "s1", n_train=24))


def layer(backbone, name, size):
    return FeatureSpec(backbone, resolve_weights(backbone), name, Pooling("grid", size))


MAPS = (layer("gabor", "energy_4", 8), layer("pixels", "pixels", 4))


def spec_of(subject):
    settings = {"n_sizes": 2, "smallest": 0.1, "largest": 0.3}
    regressor = RegressorSpec("receptive_fields").with_settings(**settings)
    return EncodingSpec.of(subject, MAPS, reduction=Reduction("places", 0), encoder=regressor)


def test_a_run_keeps_its_fields_and_predicts_the_same_from_files(subject, store, tmp_path):
    run = fit(subject, spec_of(subject), features=store, runs=RunStore(tmp_path))
    again = RunStore(tmp_path).open(run.id)
    stored = again.predict_rows("test", np.arange(6))
    fresh = predict_images(again, subject.test.images)
    fresh = np.concatenate([fresh[h] for h in HEMISPHERES], 1)
    np.testing.assert_allclose(fresh, stored, atol=1e-4)
    design, residual = picture_design(again, subject.test.images.load(3), BackboneCache())
    np.testing.assert_allclose(again.fitted.predict(design[None])[0], stored[3], atol=1e-4)
    assert residual == pytest.approx(0, abs=1e-3)
    fields = fields_of(again.fitted)
    assert fields.x.shape == (12,)
    assert np.abs(fields.x).max() < 1.2 * 4.2  # degrees, of pictures of 8.4
    grids = again.fitted.grids
    assert [(g.channels, g.height, g.width) for g in grids] == [(8, 8, 8), (3, 4, 4)]
    np.testing.assert_allclose(grids[0].box, (-4.2, 4.2, 4.2, -4.2), atol=0.05)


def test_designs_are_read_from_the_store_in_parts_and_scaled_by_channel(subject, store):
    spec = spec_of(subject)
    run_data = prepare([subject], spec, store)
    design, rows = run_data.fit_designs[0], run_data.rows.fit[0]
    assert isinstance(design, PlacedDesign)
    expected = []
    for feature in MAPS:
        maps = np.asarray(store.get([feature], subject.train.images)[feature.layer], np.float64)
        fitted = maps[rows]
        sd = fitted.var(0).mean((1, 2)) ** 0.5
        sd = np.maximum(sd, 0.1 * np.median(np.repeat(sd, maps[0, 0].size)))
        expected.append((maps - fitted.mean(0)) / sd[:, None, None])
    flat = np.concatenate([e.reshape(len(e), -1) for e in expected], axis=1)
    np.testing.assert_allclose(run_data.design["train"][3:9], flat[3:9], atol=1e-4)
    np.testing.assert_allclose(design[np.array([4, 0])], flat[rows[[4, 0]]], atol=1e-4)
    assert design.shape == np.asarray(design).shape


def test_channels_are_reduced_alike_at_every_place(rng):
    mixing = rng.normal(size=(5, 5)) * [3, 2, 1, 0.2, 0.1]
    maps = np.einsum("icp,dc->idp", rng.normal(size=(80, 5, 6)), mixing).astype(np.float32)
    fitted = fit_places(maps.reshape(80, -1), Reduction("places", 2, "none"), 5, np.arange(60))
    centred = maps - maps[:60].mean(0)
    channels = centred[:60].transpose(0, 2, 1).reshape(-1, 5).astype(float)
    _, values, axes = np.linalg.svd(channels, full_matrices=False)
    expected = np.einsum("icp,kc->ikp", centred, axes[:2])
    found = fitted.transform(maps.reshape(80, -1)).reshape(80, 2, 6)
    np.testing.assert_allclose(np.abs(found), np.abs(expected), atol=1e-3)
    np.testing.assert_allclose(fitted.explained, (values**2 / (values**2).sum())[:2], atol=1e-5)
    outside = np.sqrt((centred**2).sum((1, 2)) - (expected**2).sum((1, 2)))
    flat = maps.reshape(80, -1)
    np.testing.assert_allclose(fitted.residual(flat, fitted.transform(flat)), outside, atol=1e-2)


def test_a_network_that_sees_the_middle_has_its_grid_there(store):
    card = "alexnet"  # the shorter side to 256 pixels, of which the middle 224
    feature = FeatureSpec(card, WeightsSpec("untrained"), "features.12", Pooling("grid", 6))
    grid = picture_grid(store, feature, (256, 6, 6), 8.0)
    np.testing.assert_allclose(grid.box, (-3.5, 3.5, 3.5, -3.5), atol=0.05)
    assert picture_grid(store, feature, (1000,), None).n_places == 1


def test_what_keeps_no_places_and_pictures_of_unknown_size_are_refused(subject, store, tmp_path):
    tokens = replace(MAPS[0], pooling=Pooling("none"))
    with pytest.raises(InvalidInput, match=r"no map of places.*--pool grid:16"):
        picture_grid(store, tokens, (50, 768), 8.4)
    with pytest.raises(InvalidInput, match="picture_degrees"):
        picture_grid(store, MAPS[0], (8, 8, 8), None)
    facts = replace(subject.conventions, picture_degrees=Fact(None, "unknown"))
    unknown = replace(subject, conventions=facts)
    with pytest.raises(InvalidInput, match="picture_degrees"):
        prepare([unknown], spec_of(subject), store)
    untouched = FeatureStore(tmp_path / "features")
    with pytest.raises(InvalidInput, match="picture_degrees"):
        fit(unknown, spec_of(unknown), features=untouched, runs=RunStore(tmp_path / "runs"))
    assert not untouched.root.exists()  # refused before any network works


def test_places_of_pictures_that_are_not_square_are_those_of_their_middle_or_none(
    subject, store, tmp_path
):
    wide = open_subject(write_subject(tmp_path / "wide"))
    path = wide.train.images.paths[4]
    Image.new("RGB", (48, 32), (9, 90, 200)).save(path)
    wide = open_subject(wide.folder)
    assert prepare([wide], spec_of(wide), store).grids[0].box == pytest.approx(
        (-4.2, 4.2, 4.2, -4.2), abs=0.05
    )  # Gabor energies and pixels are of the central square
    squeezed = replace(MAPS[1], framing=Framing("stretch", 64))
    places = Reduction("places", 0)
    spec = EncodingSpec.of(wide, (squeezed,), reduction=places, encoder=RegressorSpec("ridge"))
    with pytest.raises(InvalidInput, match=rf"{path.name} is 48 x 32 pixels.*--reduce pca"):
        fit(wide, spec, features=store, runs=RunStore(tmp_path / "runs"))
    path.write_bytes(b"no picture")
    with pytest.raises(InvalidImage, match=f"{path.name} is not a picture"):
        check_places([wide], spec)
    Image.new("RGB", (48, 32), (9, 90, 200)).save(path)
    check_places([wide], replace(spec, reduction=Reduction("pca", 3)))  # keeps no places
    check_places([subject], replace(spec, subject="s1"))  # square pictures

    class Squeezing:
        def backbone(self, _):
            return SimpleNamespace(
                preprocess=Stretched(SimpleNamespace(mean=(0, 0, 0), std=(1, 1, 1)), 64)
            )

    feature = FeatureSpec("alexnet", WeightsSpec("untrained"), "features.12", Pooling("grid", 6))
    with pytest.raises(InvalidInput, match="48 x 32"):
        picture_grid(Squeezing(), feature, (256, 6, 6), 8.0, [wide.train.images])
    assert picture_grid(Squeezing(), feature, (256, 6, 6), 8.0, [subject.train.images]).box


def test_subjects_who_saw_pictures_of_other_sizes_share_no_places(subject, store, tmp_path):
    other = open_subject(write_subject(tmp_path / "s2", seed=1))
    facts = replace(other.conventions, picture_degrees=Fact(12.0, "sidecar"))
    along = replace(other, conventions=facts)
    spec = EncodingSpec.of(subject, MAPS, along=[other], reduction=Reduction("places", 0))
    with pytest.raises(InvalidInput, match=r"s1: 8.4 degrees, s2: 12 degrees"):
        prepare([subject, along], spec, store)
    assert prepare([subject, other], spec, store).grids


def test_other_regressors_take_the_same_design_flattened(subject, store, tmp_path):
    spec = replace(spec_of(subject), encoder=RegressorSpec("ridge_gcv"))
    run = fit(subject, spec, features=store, runs=RunStore(tmp_path))
    assert run.fitted.coef.shape == (8 * 64 + 3 * 16, 12)


def test_layers_that_keep_places_are_spaces_of_their_own_and_named_so():
    assert usual_features("receptive_fields") == (Pooling("grid", 16), Reduction("places", 0))
    assert usual_features("ridge")[1] == Reduction("pca", 200)
    assert Reduction.parse("places") == Reduction("places", 0)
    assert Reduction.parse("places:64").components == 64
    assert Reduction.parse("places:64").label == "places kept, PCA 64 of channels"
    with pytest.raises(InvalidInput, match=r"places\[:K\]"):
        Reduction.parse("places:x")
