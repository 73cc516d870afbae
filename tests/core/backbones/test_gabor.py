import numpy as np
import pytest
import torch
from PIL import Image

from cortiscope.core.backbones import load_backbone
from cortiscope.core.backbones.gabor import FREQUENCIES, INPUT_SIZE, N_ORIENTATIONS


@pytest.fixture(scope="module")
def gabor():
    return load_backbone("gabor", device="cpu")


def grating(frequency, degrees, phase=0.0, contrast=1.0):
    """Return a grating (1, 1, side, side) whose bars are turned from the vertical."""
    y, x = np.mgrid[:INPUT_SIZE, :INPUT_SIZE] / INPUT_SIZE
    angle = np.deg2rad(degrees)
    wave = np.cos(2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle)) + phase)
    return torch.tensor(0.5 + 0.5 * contrast * wave, dtype=torch.float32)[None, None]


def energy(gabor, batch):
    """Return energy averaged over the picture's middle, (frequency, orientation)."""
    maps = gabor.forward(batch, ["energy"])["energy"][0, :, 8:-8, 8:-8]
    return maps.mean((1, 2)).reshape(len(FREQUENCIES), N_ORIENTATIONS).numpy()


@pytest.mark.parametrize("f", range(len(FREQUENCIES)))
@pytest.mark.parametrize("k", range(N_ORIENTATIONS))
def test_a_grating_drives_its_own_filter_most(gabor, f, k):
    found = energy(gabor, grating(FREQUENCIES[f], 180 * k / N_ORIENTATIONS))
    assert np.unravel_index(found.argmax(), found.shape) == (f, k)


def test_energy_does_not_depend_on_phase_and_grows_with_contrast(gabor):
    at_phases = [energy(gabor, grating(8, 0, p))[2, 0] for p in np.linspace(0, np.pi, 5)]
    assert np.ptp(at_phases) < 0.05
    assert at_phases[0] == pytest.approx(1, abs=0.05)
    assert energy(gabor, grating(8, 0, contrast=0.5))[2, 0] == pytest.approx(0.5, abs=0.05)


def test_uniform_pictures_have_no_energy(gabor):
    assert energy(gabor, torch.full((1, 1, INPUT_SIZE, INPUT_SIZE), 0.7)).max() < 1e-5


def test_energy_is_where_the_contrast_is(gabor):
    picture = torch.full((1, 1, INPUT_SIZE, INPUT_SIZE), 0.5)
    picture[..., :64, 64:] = grating(16, 45)[..., :64, 64:]  # upper right
    maps = gabor.forward(picture, ["energy_16"])["energy_16"][0, 2]
    quarters = {
        (v, h): float(maps[v : v + 16, h : h + 16].mean()) for v in (0, 16) for h in (0, 16)
    }
    assert max(quarters, key=quarters.get) == (0, 16)
    assert quarters[0, 16] > 5 * quarters[16, 0]


def test_energy_equals_filtering_at_full_size(gabor):
    """The windows about the preferred frequencies give what the whole spectrum gives."""
    from cortiscope.core.backbones.gabor import _MARGIN, _PADDED

    batch = torch.rand((1, 1, INPUT_SIZE, INPUT_SIZE), generator=torch.Generator().manual_seed(1))
    spectrum = np.fft.fft2(np.pad(batch[0, 0].numpy(), _MARGIN, mode="reflect"))
    for name, (windows, gains) in gabor._bands.items():
        size = gains.shape[-1]
        found = gabor.forward(batch, [name])[name][0].numpy()
        for k in range(N_ORIENTATIONS):
            full = np.zeros(_PADDED * _PADDED)
            full[windows[k]] = gains[k].flatten()
            analytic = np.fft.ifft2(spectrum * full.reshape(_PADDED, _PADDED))
            inner = np.abs(analytic)[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
            # At the coarse places both are samples of one band-limited function.
            sampled = inner[:: _PADDED // size, :: _PADDED // size]
            block = len(sampled) // 32
            expected = sampled.reshape(32, block, 32, block).mean((1, 3))
            np.testing.assert_allclose(found[k], expected, atol=1e-5)


def test_grey_input_is_the_central_square(gabor):
    wide = Image.new("RGB", (300, 100), "black")
    wide.paste("white", (100, 0, 200, 100))
    assert gabor.preprocess(wide).shape == (1, INPUT_SIZE, INPUT_SIZE)
    assert float(gabor.preprocess(wide).min()) == 1.0
