"""Nothing fitted depends on held-out images or responses: for every encoder and every recipe."""

import dataclasses

import numpy as np
import pytest

from cortiscope.core.backbones import WeightsSpec, resolve_weights
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import REGRESSORS, Reduction, RegressorSpec, regressor_names
from cortiscope.core.encoding.neural.moving import FinetuneSettings
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling
from cortiscope.core.pipeline.cross_subject import allowed_rows
from cortiscope.core.pipeline.finetuning import finetuned
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.recipes import RECIPES, Choice, Source, configurations, recipe_names
from cortiscope.core.runs import EncodingSpec, RunStore
from cortiscope.core.runs.spec import usual_features
from cortiscope.core.storage import Home
from tests.data.tiny_world import write_subject

# Fitted on the images that may be fitted; everything else in a run is computed from it.
_NOT_FITTED = ("design_", "residual_", "validation_", "report_")
_UNTRAINED = resolve_weights("small_cnn", WeightsSpec("untrained"))
_CHEAP = (
    Choice("pixels", ("pixels",), "fixed", Pooling("grid", 4)),
    Choice("gabor", ("energy",), "fixed", Pooling("grid", 2)),
    Choice("small_cnn", ("block1",), "untrained", Pooling("grid", 2)),
    Choice("small_cnn", ("block2",), "untrained", Pooling("grid", 2)),
)


def _regressor_specs(name, reduction=None):
    def make(subject, others):
        features = tuple(
            FeatureSpec(b, resolve_weights(b), layer, Pooling("grid", 2))
            for b, layer in (("pixels", "pixels"), ("gabor", "energy"))
        )
        return (
            EncodingSpec.of(
                subject,
                features,
                reduction=reduction or usual_features(name)[1]
                if reduction or REGRESSORS[name].reads_places
                else Reduction("pca", 3),
                encoder=RegressorSpec(name),
                spaces="layer",
            ),
        )

    return make


def _recipe_specs(name):
    """The recipe as it is, but for its networks: these are not fitted, and cheap ones serve."""

    def make(subject, others):
        recipe = RECIPES[name]
        sources = tuple(Source((c,)) for c in _CHEAP[: len(recipe.sources)])
        cheap = dataclasses.replace(recipe, sources=sources)
        return configurations(cheap, subject, others)[:1]

    return make


def _finetuned_specs(moves):
    def make(subject, others):
        feature = FeatureSpec("small_cnn", _UNTRAINED, "block1", Pooling("grid", 2))
        home = Home.from_environment()
        found = finetuned(
            subject,
            [EncodingSpec.of(subject, (feature,), reduction=Reduction("pca", 3))],
            FinetuneSettings(moves=moves, learning_rate=0.01, max_epochs=4, seed=1),
            features=FeatureStore(home.features),
            runs=RunStore(home.runs),
        )
        assert found[0].features[0].weights.finetuned
        return found

    return make


CASES = [pytest.param(_regressor_specs(n), id=n) for n in regressor_names()]
CASES += [
    pytest.param(_regressor_specs("ridge", Reduction(kind, 3)), id=kind)
    for kind in ("autoencoder", "random_projection")
]
CASES += [pytest.param(_recipe_specs(n), id=f"recipe {n}") for n in recipe_names()]
CASES += [pytest.param(_finetuned_specs(m), id=f"finetune {m}") for m in ("adapters", "all")]


def _write(root):
    return [
        write_subject(root / "s1"),
        write_subject(root / "s2", n_train=14, n_test=5, seed=1),
    ]


def _fit(root, folders, make, surfaces):
    subjects = [open_subject(f) for f in folders]
    (run,) = fit_all(
        subjects[0],
        make(subjects[0], subjects[1:]),
        features=FeatureStore(root / "features"),
        runs=RunStore(root / "runs"),
        others={s.id: s for s in subjects[1:]},
        surfaces=surfaces,
    )
    return subjects, run


def _change_what_is_held_out(folders, rows):
    """Other responses and other pictures for every image that was not fitted."""
    rng = np.random.default_rng(7)
    for folder, fitted in zip(folders, rows, strict=True):
        for split in ("training", "test"):
            pictures = sorted((folder / f"{split}_split/{split}_images").iterdir())
            kept = set(fitted.tolist()) if split == "training" else set()
            for k, path in enumerate(pictures):
                if k not in kept:
                    path.write_bytes(_picture(rng))
            for short in ("lh", "rh"):
                path = folder / f"{split}_split/{split}_fmri/{short}_{split}_fmri.npy"
                values = np.load(path)
                held = [k for k in range(len(values)) if k not in kept]
                values[held] = rng.normal(size=(len(held), values.shape[1])) * 9 + 5
                np.save(path, values)


def _picture(rng):
    import io

    from PIL import Image

    stream = io.BytesIO()
    Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("make", CASES)
def test_nothing_fitted_changes_with_what_is_held_out(tmp_path, surfaces, make, monkeypatch):
    folders = _write(tmp_path / "data")
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home a"))
    subjects, before = _fit(tmp_path / "a", folders, make, surfaces)
    rows = allowed_rows(subjects[0], np.array(before.array("fit_rows")), subjects[1:])
    # Fitted alone, a subject's images are all but its own held-out ones.
    rows = (np.array(before.array("fit_rows")), *rows[1:])
    _change_what_is_held_out(folders, rows)
    monkeypatch.setenv("CORTISCOPE_HOME", str(tmp_path / "home b"))
    _, after = _fit(tmp_path / "b", folders, make, surfaces)
    assert before.spec.features == after.spec.features
    names = {p.stem for p in before.folder.glob("*.npy")}
    assert names == {p.stem for p in after.folder.glob("*.npy")}
    for name in sorted(n for n in names if not n.startswith(_NOT_FITTED)):
        np.testing.assert_array_equal(before.array(name), after.array(name), err_msg=name)
    assert not np.array_equal(before.array("report_r"), after.array("report_r"))
