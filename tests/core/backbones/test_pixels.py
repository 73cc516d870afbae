import numpy as np
from PIL import Image

from cortiscope.core.backbones import load_backbone


def test_pixels_are_rgb_from_0_to_1():
    backbone = load_backbone("pixels", device="cpu")
    image = Image.new("RGB", (90, 60), (255, 0, 51))
    found = backbone.forward(backbone.preprocess(image)[None], ["pixels"])["pixels"]
    assert found.shape == (1, 3, 32, 32)
    np.testing.assert_allclose(found[0].mean((1, 2)), [1, 0, 0.2], atol=1e-6)
