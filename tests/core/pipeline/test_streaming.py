"""Reducing while images pass: what comes out is what stored features give, and none is stored."""

import dataclasses
import shutil

import numpy as np
import pytest

from cortiscope.core.backbones import WeightsSpec
from cortiscope.core.datasets import open_subject
from cortiscope.core.encoding import Reduction
from cortiscope.core.errors import InvalidInput
from cortiscope.core.features import FeatureSpec, FeatureStore, Pooling, extract
from cortiscope.core.features.upkeep import clean, stored_items
from cortiscope.core.pipeline import streaming
from cortiscope.core.pipeline.fit import fit_all
from cortiscope.core.pipeline.streaming import ImageSets, ReducedSpace, ReducedStore
from cortiscope.core.runs import EncodingSpec, RunStore, SubjectData
from tests.data.tiny_backbone import CountingLoader
from tests.data.tiny_world import write_subject

LAYERS = ("block1", "block2")
CENTRED = Reduction.parse("ipca:4:6", scaling="none")
FLOORED = Reduction.parse("ipca:4:6")


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch):
    monkeypatch.setattr(extract, "CHUNK_IMAGES", 3)
    monkeypatch.setattr(streaming, "_PATIENCE", 0)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    for k, name in enumerate(("s1", "s2")):
        write_subject(folder / name, seed=k)
    return folder


@pytest.fixture
def subject(world):
    return open_subject(world, "s1")


def _features(dtype="float32"):
    weights = WeightsSpec("untrained")
    return tuple(FeatureSpec("small_cnn", weights, x, Pooling("none"), dtype) for x in LAYERS)


def _spec(subject, features, reduction=CENTRED, on_the_way="always", **more):
    return EncodingSpec(
        *(subject.id, subject.fingerprint, features, reduction), on_the_way=on_the_way, **more
    )


def _fit(folder, subject, specs, loader=None, others=None, **settings):
    store = FeatureStore(folder / "features", loader or CountingLoader(), **settings)
    runs = RunStore(folder / "runs")
    return store, fit_all(subject, specs, features=store, runs=runs, others=others)


def _whole_features(store):
    return [i for i in stored_items(store.root) if not i.backbone.startswith("reduced")]


def _assert_equal(found, expected):
    for name in ("design_train", "design_test", "residual_train", "residual_test", "report_r"):
        a, b = np.asarray(found.array(name)), np.asarray(expected.array(name))
        np.testing.assert_allclose(a, b, atol=2e-4 * np.nanmax(np.abs(b)), err_msg=name)
    for ours, theirs in zip(found.reductions, expected.reductions, strict=True):
        np.testing.assert_allclose(ours.mean, theirs.mean, atol=1e-5)
        np.testing.assert_allclose(ours.scale, theirs.scale, atol=1e-5)
        np.testing.assert_allclose(ours.components, theirs.components, atol=1e-4)
        np.testing.assert_allclose(ours.explained, theirs.explained, rtol=1e-3)


@pytest.mark.parametrize("reduction", [CENTRED, FLOORED], ids=lambda r: r.label)
@pytest.mark.parametrize("spaces", ["one", "layer"])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_both_paths_give_the_same_model(tmp_path, subject, reduction, spaces, dtype):
    runs = []
    for how in ("always", "never"):
        spec = _spec(subject, _features(dtype), reduction, how, spaces=spaces)
        store, (run,) = _fit(tmp_path / how, subject, [spec])
        assert bool(_whole_features(store)) == (how == "never")
        runs.append(run)
    assert runs[0].id == runs[1].id
    _assert_equal(*runs)


def test_both_paths_give_the_same_model_of_several_subjects(tmp_path, world, subject):
    other = open_subject(world, "s2")
    along = (SubjectData(other.id, other.fingerprint),)
    runs = []
    for how in ("always", "never"):
        spec = _spec(subject, _features(), CENTRED, how, with_subjects=along)
        runs += _fit(tmp_path / how, subject, [spec], others={other.id: other})[1]
    assert runs[0].record["n_fit_by_subject"][other.id] > 0
    _assert_equal(*runs)


def test_all_layers_and_reductions_share_two_passes(tmp_path, subject):
    loader = CountingLoader()
    specs = [
        _spec(subject, (f,), r) for f in _features() for r in (CENTRED, Reduction.parse("ipca:3:5"))
    ]
    n_fit, n_train, n_test = 16, len(subject.train), len(subject.test)
    _, runs = _fit(tmp_path, subject, specs, loader)
    assert len({run.id for run in runs}) == 4
    # The other reduction scales features, which takes a pass of its own before.
    assert loader.n_images == 2 * n_fit + n_train + n_test
    assert loader.n_loaded == 1
    again = [dataclasses.replace(s, recipe="x") for s in specs]
    (tmp_path / "runs").rename(tmp_path / "old-runs")
    _fit(tmp_path, subject, again, loader)
    assert loader.n_loaded == 1


@pytest.mark.parametrize("reduction", [CENTRED, FLOORED], ids=lambda r: r.label)
@pytest.mark.parametrize("n", [1, 6, 13, 16, 19, 30, 35, 50])
def test_a_stopped_pass_goes_on_to_the_same_bytes(tmp_path, subject, reduction, n):
    spec = _spec(subject, _features(), reduction, spaces="layer")
    sets = _sets(subject)
    spaces = [ReducedSpace(space, reduction) for space in spec.feature_spaces()]

    def compute(folder, loader):
        store = ReducedStore(FeatureStore(folder, loader))
        store.compute(spaces, sets, lambda *_: None, batch_size=2)
        found = {p.relative_to(folder): p.read_bytes() for p in sorted(folder.rglob("*.npy"))}
        assert not list(folder.rglob("*.draft")) + list(folder.rglob("*.part"))
        return found

    whole = CountingLoader()
    expected = compute(tmp_path / "whole", whole)

    def stop(seen):
        if seen >= n:
            raise KeyboardInterrupt

    loader = CountingLoader()
    loader.before_batch = stop
    stopped = False
    try:
        compute(tmp_path / "stopped", loader)
    except KeyboardInterrupt:
        stopped = True
    assert stopped == (n < whole.n_images)
    loader.before_batch = lambda seen: None
    assert compute(tmp_path / "stopped", loader) == expected
    # A batch of incremental PCA or a chunk of designs again, from the start of a network's batch.
    assert loader.n_images <= whole.n_images + 6 + 2


def test_a_damaged_state_is_computed_again(tmp_path, subject):
    spec, sets = _spec(subject, _features()[:1]), _sets(subject)
    space = ReducedSpace(spec.features, CENTRED)
    loader = CountingLoader()

    def stop(seen):
        if seen >= 14:
            raise KeyboardInterrupt

    loader.before_batch = stop
    store = ReducedStore(FeatureStore(tmp_path, loader))
    with pytest.raises(KeyboardInterrupt):
        store.compute([space], sets, lambda *_: None, batch_size=2)
    (state,) = tmp_path.rglob("state.npz")
    data = bytearray(state.read_bytes())
    data[len(data) // 2] ^= 1
    state.write_bytes(data)
    loader.before_batch = lambda seen: None
    loader.n_images = 0
    store.compute([space], sets, lambda *_: None, batch_size=2)
    assert loader.n_images == 16 + 20 + 6


def _sets(subject):
    rows = np.setdiff1d(np.arange(20), [3, 7, 8, 15])
    return ImageSets.of(
        [subject.train.images.subset(rows)], [subject.train.images, subject.test.images]
    )


def test_too_large_a_pass_is_reduced_on_the_way_by_itself(tmp_path, subject):
    needed = 4 * (4 * 30 * 30 + 6 * 7 * 7) * (len(subject.train) + len(subject.test))
    for limit, stores in ((needed, True), (needed - 1, False)):
        spec = _spec(subject, _features(), on_the_way="auto")
        store, _ = _fit(tmp_path / str(limit), subject, [spec], largest_pass=limit)
        assert bool(_whole_features(store)) == stores


def test_exact_pca_and_other_reductions_are_made_of_stored_features(tmp_path, subject):
    spec = _spec(subject, _features(), Reduction("pca", 4))
    store, _ = _fit(tmp_path, subject, [spec], largest_pass=0)
    assert len(_whole_features(store)) == 4
    space = ReducedSpace(_features(), Reduction("pca", 4))
    with pytest.raises(InvalidInput, match="PCA 4 cannot be fitted while images pass"):
        ReducedStore(store).compute([space], _sets(subject), lambda *_: None)


def test_progress_never_goes_back_and_ends_at_all(tmp_path, subject):
    shares = []
    spec = _spec(subject, _features(), FLOORED)
    fit_all(
        subject,
        [spec],
        features=FeatureStore(tmp_path / "features", CountingLoader()),
        runs=RunStore(tmp_path / "runs"),
        progress=lambda share, _: shares.append(share),
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_reduced_features_and_states_are_counted_and_cleaned(tmp_path, subject):
    spec = _spec(subject, _features(), spaces="layer")
    store, _ = _fit(tmp_path, subject, [spec])
    items = stored_items(store.root)
    assert {(i.backbone, i.kind) for i in items} == {("reduced/small_cnn", "features")}
    assert len(items) == 2 * 3
    files = [p for p in store.root.rglob("*") if p.is_file()]
    assert sum(i.n_bytes for i in items) == sum(p.stat().st_size for p in files)
    draft = store.root / "reduced" / "small_cnn" / f".{'a' * 16}-{'0' * 16}.draft"
    draft.mkdir()
    (draft / "state.npz").write_bytes(b"123")
    (draft / ".state.npz.77-0123abcd.part").write_bytes(b"12")
    assert [i.n_bytes for i in stored_items(store.root) if i.kind == "drafts"] == [5]
    assert len(clean(store.root, older_than_days=0)) == 6
    assert [i.kind for i in stored_items(store.root)] == ["drafts"]


def test_features_that_the_disk_cannot_hold_are_told_before_any_is_computed(
    tmp_path, subject, monkeypatch
):
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr("cortiscope.core.storage.write_failures.shutil.disk_usage", lambda _: usage)
    loader = CountingLoader()
    spec = _spec(subject, _features(), Reduction("pca", 4))
    with pytest.raises(
        InvalidInput, match=r"block1, block2 for 20 images take .* 1 kB free.* missing"
    ) as told:
        _fit(tmp_path, subject, [spec], loader)
    assert "ipca:K" in told.value.hint
    assert loader.n_images == 0
