"""A run on float16 features sees new images rounded as the fit images were."""

import numpy as np
import pytest

from cortiscope.core.backbones import WeightsSpec, load_backbone, resolve_weights
from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import Reduction
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
from cortiscope.core.features.pooling import pool
from cortiscope.core.pipeline.fit import fit
from cortiscope.core.pipeline.predict import BackboneCache, picture_design, predict_images
from cortiscope.core.runs import EncodingSpec, RunStore
from tests.data.tiny_world import write_subject


@pytest.fixture(scope="module", params=["float32", "float16"])
def fitted(tmp_path_factory, request):
    home = tmp_path_factory.mktemp(request.param)
    subject = open_subject(write_subject(home / "s1"))
    features = tuple(
        FeatureSpec(name, resolve_weights(name), layer, Pooling("grid", 3), request.param)
        for name, layer in (("pixels", "pixels"), ("gabor", "energy"))
    )
    spec = EncodingSpec(
        *(subject.id, subject.fingerprint, features, Reduction("none")), spaces="layer"
    )
    store = FeatureStore(home / "features")
    return subject, fit(subject, spec, features=store, runs=RunStore(home / "runs"))


def test_a_training_image_gets_the_design_that_the_fit_saw(fitted):
    subject, run = fitted
    cache = BackboneCache()
    for i in (0, 7):
        design, _ = picture_design(run, subject.train.images.load(i), cache)
        np.testing.assert_allclose(design, np.asarray(run.array("design_train"))[i], atol=2e-5)


def test_the_rounding_is_larger_than_what_the_designs_may_differ_by(fitted):
    subject, run = fitted
    (pixels, _) = run.reductions
    backbone = load_backbone("pixels", WeightsSpec("fixed"), "cpu")
    batch = backbone.preprocess(subject.train.images.load(0))[None]
    exact = pool(batch, backbone.layers()[0], Pooling("grid", 3)).numpy().reshape(1, -1)
    unrounded = pixels.transform(exact)[0]
    seen = np.asarray(run.array("design_train"))[0, : len(unrounded)]
    rounds = run.record["spec"]["features"][0].get("dtype") == "float16"
    assert (np.abs(unrounded - seen).max() > 2e-4) == rounds


def test_files_are_predicted_as_the_stored_designs_are(fitted):
    subject, run = fitted
    fresh = predict_images(run, subject.train.images)
    stored = run.predict_rows("train", slice(None))
    np.testing.assert_allclose(
        np.concatenate([fresh[h] for h in HEMISPHERES], 1), stored, atol=1e-5
    )
