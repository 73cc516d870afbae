import numpy as np
import pytest
from PIL import Image

from cortiscope.core.stimuli import StimulusImages
from tests.data.tiny_backbone import CountingLoader, make_tiny_backbone


@pytest.fixture
def images(tmp_path):
    """Seven pictures of unequal sizes."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "images"
    folder.mkdir()
    for i in range(7):
        pixels = rng.integers(0, 256, (40 + i, 50 - i, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"s{i}.png")
    return StimulusImages.from_folder(folder)


@pytest.fixture
def loader():
    return CountingLoader()


@pytest.fixture
def tiny_backbone():
    return make_tiny_backbone()
