from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SHARED = Path(__file__).resolve().parents[3].parent / "shared"


@pytest.fixture
def shared():
    """Photographs and a TORCH_HOME beside the repository, where there are any."""
    if not (SHARED / "photos").is_dir() or not (SHARED / "weights").is_dir():
        pytest.skip("needs ../shared/photos and ../shared/weights beside the repository")
    return SHARED


@pytest.fixture
def real_weights(shared, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(shared / "weights"))


@pytest.fixture
def no_weights(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return tmp_path / "torch" / "hub" / "checkpoints"


@pytest.fixture
def picture():
    rng = np.random.default_rng(3)
    coarse = rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((320, 240), Image.Resampling.BICUBIC)
