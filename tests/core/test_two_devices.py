"""No tensor of the CPU meets one of a GPU: seen without a GPU, for every regressor there is."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch._subclasses.fake_tensor import FakeTensorDeviceMismatchError, FakeTensorMode

from cortiscope.core.backbones import load_backbone, parse_weights
from cortiscope.core.backbones.base import choose_device
from cortiscope.core.encoding import (
    RegressorSpec,
    TrainingData,
    VertexTable,
    Work,
    fit_regressor,
    regressor_names,
)
from cortiscope.core.encoding.neural.training import _Training
from cortiscope.core.encoding.ridge.spectrum import Spectrum
from cortiscope.core.encoding.training import PictureGrid
from cortiscope.core.errors import InvalidInput, UnknownName, WorkFailed
from cortiscope.core.features import FeatureStore
from cortiscope.core.features.extract import _Forward, batch_for, extract_one
from cortiscope.core.features.pooling import Pooling
from cortiscope.core.pipeline import fit as fitting
from tests.pretended_gpu import OnGpu, TwoDevices, pretended_gpu

# Numpy or scikit-learn alone.
WITHOUT_TORCH = {"neighbours", "tree", "forest"}
SHORT = {
    "n_trees": 3,
    "max_epochs": 3,
    "n_samples": 3,
    "n_sizes": 2,
    "fineness": 1,
    "alphas": (1.0, 10.0),
    "shares": (0.1,),
}


@pytest.fixture
def data(rng):
    x = rng.normal(size=(26, 7)).astype(np.float32)
    y = x @ rng.normal(size=(7, 6)) + rng.normal(size=(26, 6))
    rois = {"V1v": np.array([0, 1, 4])}
    sides = np.array([0, 0, 0, 1, 1, 1], dtype=np.int8)
    table = VertexTable(
        rng.normal(size=(6, 3)).astype(np.float32), sides, rois, {"early": rois["V1v"]}
    )
    grids = (PictureGrid(3), PictureGrid(1, 2, 2, (-2.0, 2.0, 2.0, -2.0)))
    spaces = (slice(0, 3), slice(3, 7))
    return TrainingData(x, y.astype(np.float32), spaces, table, grids=grids)


def _short(name):
    spec = RegressorSpec(name)
    return spec.with_settings(**{k: v for k, v in SHORT.items() if hasattr(spec.settings, k)})


@pytest.mark.parametrize("name", regressor_names())
def test_a_fit_on_the_gpu_mixes_no_devices_and_gives_the_numbers_of_the_cpu(data, name):
    with pretended_gpu() as gpu:
        found = fit_regressor(data, _short(name), Work("cuda"))
    assert gpu.n_calls > 0 or name in WITHOUT_TORCH
    expected = fit_regressor(data, _short(name), Work("cpu"))
    np.testing.assert_array_equal(found.predict(data.design), expected.predict(data.design))


def test_a_tensor_that_was_left_on_the_cpu_is_found(data, monkeypatch):
    shrinkage = Spectrum.shrinkage
    monkeypatch.setattr(
        Spectrum, "shrinkage", lambda own, a: shrinkage(own, a).as_subclass(torch.Tensor)
    )
    with pretended_gpu(), pytest.raises(TwoDevices, match="a tensor of the CPU"):
        fit_regressor(data, _short("ridge"), Work("cuda"))


@pytest.mark.parametrize("name", ["gabor", "small_cnn", "timm:vit_tiny_patch16_224"])
def test_a_backbone_on_the_gpu_mixes_no_devices(name, rng, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    picture = Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8))
    weights = parse_weights(name, None if name == "gabor" else "untrained")
    found = {}
    # Modules are moved by way of their parameters' data, which have no subclass.
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        for device in ("cpu", "cuda"):
            with pretended_gpu() as gpu:
                backbone = load_backbone(name, weights, device)
                layers = [info.name for info in backbone.layers()][-2:]
                found[device] = extract_one(
                    backbone,
                    picture,
                    layers,
                    Pooling("grid", 2) if name == "gabor" else Pooling("mean"),
                )
            assert (gpu.n_calls > 0) == (device == "cuda")
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(False)
    for layer, values in found["cpu"].items():
        np.testing.assert_array_equal(found["cuda"][layer], values)


CALLS = {
    "a + b": lambda a, b: a + b,
    "b + a": lambda a, b: b + a,
    "in place": lambda a, b: a.add_(b),
    "product": lambda a, b: a @ b,
    "where": lambda a, b: torch.where(a > 0, a, b),
    "cat": lambda a, b: torch.cat([a, b]),
    "addmm": lambda a, b: torch.addmm(a, a, b),
    "out": lambda a, b: torch.mm(a, a, out=b),
    "solve": lambda a, b: torch.linalg.solve(a, b),
    "index_select": lambda a, b: torch.index_select(a, 0, b[0].long() * 0),
    "gather": lambda a, b: torch.gather(a, 0, b.long() * 0),
    "linear": lambda a, b: torch.nn.functional.linear(a, b),
    "no dimensions": lambda a, b: a + b.sum(),
    "like": lambda a, b: a + torch.ones_like(a),
}


@pytest.mark.parametrize("call", CALLS)
def test_the_rule_is_that_of_torchs_own_fake_tensors(call):
    refused = []
    for mode, error in (
        (FakeTensorMode(), FakeTensorDeviceMismatchError),
        (pretended_gpu(), TwoDevices),
    ):
        with mode:
            a, b = torch.ones(3, 3, device="cuda"), torch.ones(3, 3)
            try:
                CALLS[call](a, b)
                refused.append(False)
            except error:
                refused.append(True)
    assert refused[0] == refused[1] == (call not in ("no dimensions", "like"))


def test_numpy_reads_nothing_of_a_gpu_and_what_is_fetched_is_of_the_cpu():
    with pretended_gpu():
        a = torch.arange(3.0, device="cuda:0")
        for read in (a.numpy, lambda: np.asarray(a)):
            with pytest.raises(TypeError, match="can't convert cuda"):
                read()
        assert a.cpu().numpy().tolist() == a.to("cpu").tolist() == [0, 1, 2]
        assert type(a.double() + 1) is OnGpu
        assert a[torch.tensor([2])].device.type == "cuda"
        with pytest.raises(TwoDevices):
            torch.arange(3)[a.long()]


# What a GPU runs out of: a stand-in with room for so many at once.


class _Small:
    """A backbone with memory for two images."""

    device = torch.device("cuda", 1)
    input_size = 64

    def __init__(self, room=2):
        self.room, self.sizes = room, []
        self.card = type("Card", (), {"title": "Small"})

    def forward(self, batch, layers, reduce):
        self.sizes.append(len(batch))
        if len(batch) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return {name: batch * 2 for name in layers}


def test_a_batch_without_memory_is_halved_and_that_is_said():
    backbone = _Small()
    forward = _Forward(backbone, ["a"], None)
    assert forward.words == ""
    batch = torch.arange(14.0).reshape(7, 2)
    np.testing.assert_array_equal(forward(batch)["a"], 2 * batch)
    assert backbone.sizes == [7, 3, 1, 1, 1, 1, 1, 1, 1]
    assert "memory is short: 1 at once" in forward.words
    np.testing.assert_array_equal(forward(batch[:2])["a"], 2 * batch[:2])
    with pytest.raises(WorkFailed, match="cuda:1 has no memory for one image in Small.*cuda:1"):
        _Forward(_Small(room=0), ["a"], None)(batch)


def test_the_batch_is_what_free_memory_takes(monkeypatch):
    free = {}
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free["bytes"], 2**40))
    found = []
    for free["bytes"] in (2**20, 2**30, 2**33):
        found.append(batch_for(_Small()))
    assert found[0] == 1
    assert 8 < found[1] < 128
    assert found[2] == 128
    backbone = _Small()
    backbone.device = torch.device("cpu")
    assert batch_for(backbone) == 32


@pytest.mark.parametrize("name", ["head_residual", "head_positional"])
def test_a_head_without_memory_takes_fewer_vertices_at_once(data, name, monkeypatch):
    expected = fit_regressor(data, _short(name)).predict(data.design)
    parts = _Training._parts

    def small(own, n_stimuli):
        if parts(own, n_stimuli)[0].stop > 2:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return parts(own, n_stimuli)

    said = []
    monkeypatch.setattr(_Training, "_parts", small)
    work = Work(progress=lambda share, words: said.append(words))
    found = fit_regressor(data, _short(name), work).predict(data.design)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert "memory is short: 1 vertices at once" in said[0]

    def none(own, n_stimuli):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(_Training, "_parts", none)
    with pytest.raises(torch.OutOfMemoryError):
        fit_regressor(data, _short(name))


def test_a_fit_without_memory_says_what_to_do(monkeypatch):
    def full(*_):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(fitting, "fit_prepared", full)
    spec = type("Spec", (), {"encoder": RegressorSpec("ridge")})
    with pytest.raises(WorkFailed, match="cuda:1 has no memory left to fit ridge.*--device cpu"):
        fitting._fitted(None, spec, None, Work("cuda:1"))


def test_devices_are_named_and_counted(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert [str(choose_device(d)) for d in ("auto", "cuda", "cuda:1")] == ["cuda", "cuda", "cuda:1"]
    with pytest.raises(InvalidInput, match="torch sees 2 GPU"):
        choose_device("cuda:2")
    for wrong in ("gpu", "cuda:", "cuda:x", "cuda1", "mps"):
        with pytest.raises(UnknownName, match="Unknown device"):
            choose_device(wrong)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert str(choose_device("auto")) == "cpu"
    with pytest.raises(InvalidInput, match="torch sees no GPU"):
        choose_device("cuda:1")


def test_missing_features_are_computed_on_the_device_that_was_asked_for(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "cortiscope.core.features.store.load_backbone",
        lambda name, weights, device: asked.append(device) or load_backbone(name, weights, "cpu"),
    )
    from cortiscope.core.features import FeatureSpec

    store = FeatureStore(tmp_path)
    spec = FeatureSpec("pixels", parse_weights("pixels", None), "pixels", Pooling("grid", 2))
    store.backbone(spec)
    store.on("cuda:1").backbone(spec)
    assert asked == ["auto", "cuda:1"]
