"""One model per part of the vertices, merged: who predicts what, and that work can be resumed."""

import dataclasses

import numpy as np
import pytest

from cortiscope.core.encoding import LinearPredictor, RegressorSpec, TrainingData, VertexTable, Work
from cortiscope.core.encoding.checkpoint import MemoryCheckpoint
from cortiscope.core.encoding.predictor import EnsemblePredictor, Member, merge
from cortiscope.core.encoding.regressors import REGRESSORS, restore_predictor
from cortiscope.core.encoding.scopes import SCOPES, fit_scoped, scope_parts
from cortiscope.core.errors import InvalidInput


def _table():
    return VertexTable(
        positions=np.zeros((7, 3)),
        hemispheres=np.array([0, 0, 0, 0, 1, 1, 1]),
        rois={"V1v": np.array([0, 1, 4]), "FFA-1": np.array([1, 2])},
        roi_classes={"prf-visualrois": np.array([0, 1, 4]), "floc-faces": np.array([1, 2])},
    )


def _data(rng, n=14):
    design = rng.normal(size=(n, 3)).astype(np.float32)
    responses = rng.normal(size=(n, 7)).astype(np.float32)
    return TrainingData(design, responses, vertices=_table())


def test_parts_of_each_scope():
    def parts(scope):
        return {p.name: p.vertices.tolist() for p in scope_parts(scope, 7, _table())}

    assert parts("both") == {"both hemispheres": [0, 1, 2, 3, 4, 5, 6]}
    assert parts("hemisphere") == {"lh": [0, 1, 2, 3], "rh": [4, 5, 6]}
    assert parts("roi") == {
        "lh.V1v": [0, 1],
        "lh.FFA-1": [1, 2],
        "rh.V1v": [4],
        "lh.rest": [3],
        "rh.rest": [5, 6],
    }
    assert parts("roi_class") == {
        "prf-visualrois": [0, 1, 4],
        "floc-faces": [1, 2],
        "rest": [3, 5, 6],
    }


def test_a_scope_that_needs_rois_says_so():
    with pytest.raises(InvalidInput, match="hemispheres and ROIs"):
        scope_parts("roi", 7, None)
    with pytest.raises(InvalidInput, match="scope"):
        scope_parts("lobe", 7, _table())


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("encoder", ["lasso", "ridge"])
def test_every_vertex_gets_the_mean_of_the_models_fitted_for_it(rng, scope, encoder):
    data = _data(rng)
    spec = RegressorSpec(encoder)
    got = fit_scoped(data, spec, scope).predict(data.design)
    total, count = np.zeros_like(got), np.zeros(7)
    for part in scope_parts(scope, 7, _table()):
        alone = fit_scoped(data.of_vertices(part.vertices), spec, "both")
        total[:, part.vertices] += alone.predict(data.design)
        count[part.vertices] += 1
    np.testing.assert_allclose(got, total / count, atol=1e-5)


class _Squared:
    """A predictor that is not linear: the mean of its design's squares, times its numbers."""

    kind = "squared"

    def __init__(self, numbers):
        self.numbers = np.asarray(numbers, dtype=np.float32)

    @property
    def n_vertices(self):
        return len(self.numbers)

    def predict(self, design, vertices=None):
        chosen = self.numbers if vertices is None else self.numbers[vertices]
        return (design**2).mean(1, keepdims=True) * chosen

    def arrays(self):
        return {"numbers": self.numbers}

    def structure(self):
        return {"kind": self.kind}

    @classmethod
    def restore(cls, structure, array):
        return cls(array("numbers"))


def test_members_that_are_not_linear_are_kept_and_averaged(rng, monkeypatch):
    design = rng.normal(size=(5, 3)).astype(np.float32)
    linear = LinearPredictor(rng.normal(size=(3, 2)), rng.normal(size=2))
    members = [
        Member("a", np.array([0, 3]), linear),
        Member("b", np.array([3, 1, 2]), _Squared([1, 2, 3])),
    ]
    merged = merge(members, 4)
    assert isinstance(merged, EnsemblePredictor)
    squared = (design**2).mean(1)
    flat = linear.predict(design)
    expected = np.stack([flat[:, 0], 2 * squared, 3 * squared, (flat[:, 1] + squared) / 2], axis=1)
    np.testing.assert_allclose(merged.predict(design), expected, atol=1e-6)
    some = np.array([3, 0])
    np.testing.assert_allclose(merged.predict(design, some), expected[:, some], atol=1e-6)

    entry = dataclasses.replace(REGRESSORS["tree"], name="squared", predictor=_Squared)
    monkeypatch.setitem(REGRESSORS, "squared", entry)
    again = restore_predictor(merged.structure(), merged.arrays().__getitem__)
    np.testing.assert_allclose(again.predict(design), expected, atol=1e-6)


def test_a_vertex_without_a_model_is_an_error():
    one = LinearPredictor(np.ones((2, 1), np.float32), np.zeros(1, np.float32))
    with pytest.raises(InvalidInput, match="1 vertices"):
        merge([Member("a", np.array([1]), one)], 2)


def test_finished_parts_are_not_fitted_again(rng):
    data, spec = _data(rng), RegressorSpec("lasso")
    whole = fit_scoped(data, spec, "roi")
    kept = MemoryCheckpoint()

    def stop_half_way(share, message):
        if share > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit_scoped(data, spec, "roi", Work(progress=stop_half_way, checkpoint=kept))
    finished = [name for name in kept.pieces if name.endswith("fitted")]
    assert 0 < len(finished) < 5
    heard = []
    again = fit_scoped(
        data, spec, "roi", Work(progress=lambda s, m: heard.append(m), checkpoint=kept)
    )
    assert sum(m.startswith("found") for m in heard) == len(finished)
    np.testing.assert_array_equal(again.coef, whole.coef)
