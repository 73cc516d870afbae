r"""Gabor energy: contrast energy of quadrature pairs (Kay et al. 2008, Nature 452:352).

A pair's energy is sqrt(sine^2 + cosine^2) at every place. Its filters are built in the frequency
domain, where a pair is one Gaussian about the preferred frequency: the Gaussian kept on one side
only gives the analytic response, whose real and imaginary parts are the pair's two responses::

    H(u, v) = 2 exp(-((u' - f)^2 / (2 su^2) + v'^2 / (2 sv^2)))

with (u', v') the frequency turned into the filter's orientation. A band of low frequencies needs
few samples in space, so each band is computed from the middle of the spectrum alone: exact, and
most of the time goes into the highest band only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as functional
from PIL import Image

from core.backbones.base import Backbone, Reduce, finish
from core.backbones.card import BackboneCard, LayerInfo, WeightsSpec
from core.backbones.gabor_family import (
    BAND_LAYERS,
    FREQUENCIES,
    INPUT_SIZE,
    MAP_SIZE,
    N_ORIENTATIONS,
)
from core.stimuli import square_crop

# Half width at half height of one octave's band along the preferred orientation (1/3 of f), and
# an orientation bandwidth that lets 8 orientations tile the circle: values as in Gabor pyramids.
_SD_ALONG = 1 / 3 / math.sqrt(2 * math.log(2))
_SD_ACROSS = math.tan(math.pi / N_ORIENTATIONS / 2) / math.sqrt(2 * math.log(2)) * 1.2
# Mirrored margin on each side: the Fourier transform wraps round, and without a margin the
# difference between left and right edge would count as an edge in the picture.
_MARGIN = 16
_PADDED = INPUT_SIZE + 2 * _MARGIN  # 160 = 2^5 * 5, quick to transform


class GaborBackbone(Backbone):
    """Gabor energy of a grey picture, as maps per spatial frequency and orientation.

    Layers: ``energy_<f>`` for f in FREQUENCIES, (orientation, height, width), and ``energy``,
    all of them along the first axis with frequency varying slowest. Orientation k prefers bars
    turned by 180 k / N_ORIENTATIONS degrees from the vertical.
    """

    def __init__(
        self,
        card: BackboneCard,
        weights: WeightsSpec,
        device: torch.device,
        layers: tuple[LayerInfo, ...],
    ) -> None:
        super().__init__(card, weights, device)
        self._layers = layers
        self._bands = {
            name: _band_filters(frequency).to(device)
            for name, frequency in zip(BAND_LAYERS, FREQUENCIES, strict=True)
        }

    def layers(self) -> tuple[LayerInfo, ...]:  # noqa: D102 - as in Backbone
        return self._layers

    def preprocess(self, image: Image.Image) -> torch.Tensor:
        """Return grey levels 0 to 1, (1, INPUT_SIZE, INPUT_SIZE)."""
        grey = square_crop(image, INPUT_SIZE).convert("L")
        pixels = torch.frombuffer(bytearray(grey.tobytes()), dtype=torch.uint8)
        return pixels.reshape(1, INPUT_SIZE, INPUT_SIZE).float() / 255

    def forward(  # noqa: D102 - as in Backbone
        self, batch: torch.Tensor, layers: Sequence[str], reduce: Reduce | None = None
    ) -> dict[str, torch.Tensor]:
        self.check_layers(layers)
        needed = BAND_LAYERS if "energy" in layers else [n for n in BAND_LAYERS if n in layers]
        with torch.inference_mode():
            padded = functional.pad(batch.to(self.device), (_MARGIN,) * 4, mode="reflect")
            spectrum = torch.fft.fft2(padded[:, 0])  # (n, _PADDED, _PADDED)
            responses = {name: _energy(spectrum, self._bands[name]) for name in needed}
            if "energy" in layers:
                responses["energy"] = torch.cat([responses[name] for name in BAND_LAYERS], dim=1)
            return finish(responses, layers, reduce)


def _band_filters(frequency: int) -> torch.Tensor:
    """Return the transfer functions of one band, (N_ORIENTATIONS, size, size), unshifted.

    ``size`` is the number of samples that hold the band; the response to a grating of the
    preferred frequency and orientation with contrast 1 has energy 1.
    """
    centre = frequency * _PADDED / INPUT_SIZE  # cycles per padded width
    highest = centre * (1 + 3 * _SD_ALONG)
    size = next(s for s in (_PADDED // 4, _PADDED // 2, _PADDED) if s / 2 >= min(highest, 80))
    axis = torch.fft.fftfreq(size, 1 / size, dtype=torch.float64)
    v, u = torch.meshgrid(axis, axis, indexing="ij")  # cycles down, cycles across
    filters = []
    for k in range(N_ORIENTATIONS):
        angle = math.pi * k / N_ORIENTATIONS
        along = u * math.cos(angle) + v * math.sin(angle)
        across = -u * math.sin(angle) + v * math.cos(angle)
        gain = 4 * torch.exp(
            -((along - centre) ** 2) / (2 * (_SD_ALONG * centre) ** 2)
            - across**2 / (2 * (_SD_ACROSS * centre) ** 2)
        )
        # One side only, and nothing at the mean level or at the ambiguous highest frequency.
        gain[along <= 0] = 0
        gain[(u == -size / 2) | (v == -size / 2)] = 0
        filters.append(gain)
    return torch.stack(filters).float()


def _energy(spectrum: torch.Tensor, filters: torch.Tensor) -> torch.Tensor:
    """Return energy maps (n, N_ORIENTATIONS, MAP_SIZE, MAP_SIZE) of one band.

    spectrum : (n, _PADDED, _PADDED), complex; filters : (N_ORIENTATIONS, size, size).
    """
    size = filters.shape[-1]
    low = _middle_of_spectrum(spectrum, size) * (size / _PADDED) ** 2
    analytic = torch.fft.ifft2(low[:, None] * filters)  # (n, orientations, size, size)
    margin = _MARGIN * size // _PADDED
    energy = analytic.abs()[..., margin : size - margin, margin : size - margin]
    return functional.adaptive_avg_pool2d(energy, MAP_SIZE)


def _middle_of_spectrum(spectrum: torch.Tensor, size: int) -> torch.Tensor:
    """Keep the ``size`` lowest frequencies of each axis of an unshifted spectrum."""
    if size == spectrum.shape[-1]:
        return spectrum
    half = size // 2
    rows = torch.cat([spectrum[..., :half, :], spectrum[..., -half:, :]], dim=-2)
    return torch.cat([rows[..., :half], rows[..., -half:]], dim=-1)
