"""ROI attention: torch against numpy, who reads whose answer, and what is attended to."""

from dataclasses import asdict

import numpy as np
import pytest
import torch

from cortiscope.core.encoding import RegressorSpec, TrainingData, VertexTable, fit_regressor
from cortiscope.core.encoding.neural.attention import AnswerReadout, AttentionTrunk, Queries
from cortiscope.core.encoding.neural.predictor import attention_of
from cortiscope.core.encoding.training import PictureGrid
from cortiscope.core.errors import InvalidInput

GRIDS = (PictureGrid(3, 2, 3, (-4, 4, 4, -4)), PictureGrid(2))
NAMES = ("lh.V1v", "rh.V1v", "lh.rest")
OF_VERTEX = np.array([0, 2, 1, 1, 0])


@pytest.fixture
def parts(rng):
    """A trunk and a readout with weights, and a design."""
    trunk = AttentionTrunk([asdict(grid) for grid in GRIDS], list(NAMES), 8, 2, dropout=0.0)
    readout = AnswerReadout(5, 8, OF_VERTEX)
    generator = torch.Generator().manual_seed(1)
    weights = {**trunk.initial(generator), **readout.initial(generator)}
    weights = {k: w + 0.1 * torch.randn(w.shape, generator=generator) for k, w in weights.items()}
    weights["of_vertex"] = torch.from_numpy(OF_VERTEX)
    return trunk, readout, weights, rng.normal(size=(7, 20)).astype(np.float32)


def test_predicting_in_numpy_is_what_was_trained_in_torch(parts):
    trunk, readout, weights, design = parts
    hidden = trunk.forward(weights, torch.from_numpy(design), lambda values, rate: values)
    expected = readout.forward(weights, hidden, slice(1, 5)).numpy()
    arrays = {k: w.numpy() for k, w in weights.items()}
    found = readout.apply(arrays, trunk.apply(arrays, design), np.arange(1, 5))
    assert hidden.shape == (7, trunk.width)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_an_answer_is_the_mean_of_values_by_attention_written_out(parts):
    trunk, _, weights, design = parts
    w = {k: v.numpy().astype(np.float64) for k, v in weights.items()}
    image = design[2].astype(np.float64)
    tokens = np.vstack([image[:18].reshape(3, 6).T @ w["grid0"], image[18:] @ w["grid1"]])
    tokens -= tokens.mean(axis=1, keepdims=True)
    tokens /= np.sqrt(tokens.var(axis=1, keepdims=True) + 1e-5)
    tokens = tokens * w["token_gain"] + w["token_offset"]
    keys, ask = (tokens + trunk._codes()) @ w["key"], w["queries"] @ w["ask"]
    heads = []
    for h in range(2):
        own = slice(4 * h, 4 * h + 4)
        scores = np.exp(ask[:, own] @ keys[:, own].T / 2)
        heads.append(scores / scores.sum(axis=1, keepdims=True))
    found = trunk.attention({k: v.numpy() for k, v in weights.items()}, design)
    np.testing.assert_allclose(found[2], np.mean(heads, axis=0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found.sum(axis=2), 1, rtol=1e-5)


def test_a_vertex_in_several_rois_reads_the_first_s_answer_and_one_in_none_its_hemisphere_s():
    table = VertexTable(
        np.zeros((6, 3), np.float32),
        np.array([0, 0, 0, 1, 1, 1], np.int8),
        {"V1v": np.array([0, 3]), "early": np.array([0, 1, 3, 4])},
    )
    queries = Queries.of(table, 6)
    named = [queries.names[k] for k in queries.of_vertex]
    assert named == ["lh.V1v", "lh.early", "lh.rest", "rh.V1v", "rh.early", "rh.rest"]
    assert Queries.of(None, 4).names == ("all",)


def _moving(rng, n=120):
    """Return images in which one of nine places shows what drives the left ROI, and which."""
    maps = 0.3 * rng.normal(size=(n, 4, 9)).astype(np.float32)
    where, how_much = rng.integers(9, size=n), rng.normal(size=n).astype(np.float32)
    maps[np.arange(n), 0, where] += 3.0  # it is seen here
    maps[np.arange(n), 1, where] += how_much  # and drives that much
    y = np.column_stack([how_much, 0.5 * how_much, 0.05 * rng.normal(size=n)])
    return maps.reshape(n, 36), y.astype(np.float32), where


def test_a_query_finds_what_drives_its_roi_wherever_it_is(rng):
    design, responses, where = _moving(rng)
    table = VertexTable(
        np.zeros((3, 3), np.float32), np.array([0, 0, 1], np.int8), {"FFA-1": np.array([0, 1])}
    )
    data = TrainingData(
        design, responses, vertices=table, grids=(PictureGrid(4, 3, 3, (-1, 1, 1, -1)),)
    )
    spec = RegressorSpec("roi_attention").with_settings(
        max_epochs=25, token_width=16, heads=2, learning_rate=5e-3, dropout=0.1
    )
    fitted = fit_regressor(data, spec)
    new, expected, there = _moving(np.random.default_rng(7), n=60)
    attention = attention_of(fitted, new)
    (shares,) = attention.shares
    assert attention.queries == ("lh.FFA-1", "rh.rest")
    assert attention.of_vertex.tolist() == [0, 0, 1]
    assert shares.shape == (60, 2, 3, 3)
    on_it = shares[:, 0].reshape(60, 9)[np.arange(60), there]
    assert np.median(on_it) > 3 / 9
    assert np.corrcoef(fitted.predict(new)[:, 0], expected[:, 0])[0, 1] > 0.6


def test_shuffled_tokens_destroy_it_and_what_reads_one_place_follows_no_content(rng):
    def world(rng, n):
        design, responses, where = _moving(rng, n)
        design.reshape(n, 4, 9)[:, 2] /= 0.3
        at_place_4 = design.reshape(n, 4, 9)[:, 2, 4]  # of V1v, whatever is seen elsewhere
        return design, np.column_stack([responses, at_place_4]).astype(np.float32), where

    design, responses, _ = world(rng, 160)
    table = VertexTable(
        np.zeros((4, 3), np.float32),
        np.array([0, 0, 1, 1], np.int8),
        {"FFA-1": np.array([0, 1]), "V1v": np.array([3])},
    )
    grids = (PictureGrid(4, 3, 3, (-1, 1, 1, -1)),)
    spec = RegressorSpec("roi_attention").with_settings(
        max_epochs=80, token_width=32, heads=1, learning_rate=5e-3, dropout=0.1
    )
    fitted = fit_regressor(TrainingData(design, responses, vertices=table, grids=grids), spec)
    new, _, there = world(np.random.default_rng(7), 90)
    order = np.stack([np.random.default_rng(k).permutation(9) for k in range(90)])
    mixed = np.stack([m[:, o] for m, o in zip(new.reshape(90, 4, 9), order, strict=True)])

    def on(place, design, query):
        found = attention_of(fitted, design)
        shares = found.shares[0][:, found.queries.index(query)].reshape(90, 9)
        return 9 * shares[np.arange(90), place]  # as a multiple of the area

    assert np.median(on(there, new, "lh.FFA-1")) > 3
    assert np.median(on(there, mixed.reshape(90, 36), "lh.FFA-1")) < 1.5
    away = there != 4
    assert np.median(on(there, new, "rh.V1v")[away]) < 1.5
    assert np.median(on(4, new, "rh.V1v")) > 3


def test_without_places_or_vertices_it_is_a_network_all_the_same(rng):
    design = rng.normal(size=(30, 5)).astype(np.float32)
    data = TrainingData(design, (design[:, :2] * 2).astype(np.float32))
    spec = RegressorSpec("roi_attention").with_settings(max_epochs=2, token_width=8, heads=1)
    fitted = fit_regressor(data, spec)
    assert attention_of(fitted, design).queries == ("all",)
    with pytest.raises(InvalidInput, match="no attention"):
        attention_of(fit_regressor(data, "ridge"), design)
    with pytest.raises(InvalidInput, match="multiple of heads"):
        RegressorSpec("roi_attention").with_settings(token_width=10, heads=4)


def test_one_place_of_the_picture_has_one_code_whatever_a_network_sees_of_it():
    whole, middle = PictureGrid(1, 4, 4, (-4, 4, 4, -4)), PictureGrid(1, 2, 2, (-2, 2, 2, -2))
    trunk = AttentionTrunk([asdict(whole), asdict(middle)], ["all"], 32, 1)
    codes = trunk._codes()
    np.testing.assert_allclose(codes[16:], codes[[5, 6, 9, 10]], atol=1e-6)
    assert np.abs(codes[0] - codes[16]).max() > 0.1
