r"""Gabor energy: contrast energy of quadrature pairs (Kay et al. 2008, Nature 452:352).

A pair's energy is sqrt(sine^2 + cosine^2) at every place. Its filters are built in the frequency
domain, where a pair is one Gaussian about the preferred frequency: the Gaussian kept on one side
only gives the analytic response, whose real and imaginary parts are the pair's two responses::

    H(u, v) = 2 exp(-((u' - f)^2 / (2 su^2) + v'^2 / (2 sv^2)))

with (u', v') the frequency turned into the filter's orientation. Energy is a magnitude, which a
shift of the spectrum leaves alone; so each filter takes a small window of the spectrum about its
preferred frequency and turns that back into space, at as few samples as the window has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cortiscope.core.backbones.base import FixedBackbone, FixedFamily, Reduce, finish
from cortiscope.core.backbones.card import Axes, BackboneCard, LayerInfo, WeightsSpec
from cortiscope.core.stimuli import square_crop

if TYPE_CHECKING:
    import torch
    from PIL import Image

INPUT_SIZE = 128
MAP_SIZE = 32
N_ORIENTATIONS = 8
FREQUENCIES = (2, 4, 8, 16, 32)
"""Cycles per image width; over the 8.4 degree frame these are .24 to 3.8 cycles per degree."""

BAND_LAYERS = tuple(f"energy_{frequency}" for frequency in FREQUENCIES)
# Half width at half height of one octave's band along the preferred orientation (1/3 of f), and
# an orientation bandwidth that lets 8 orientations tile the circle: values as in Gabor pyramids.
_SD_ALONG = 1 / 3 / math.sqrt(2 * math.log(2))
_SD_ACROSS = math.tan(math.pi / N_ORIENTATIONS / 2) / math.sqrt(2 * math.log(2)) * 1.2
# Mirrored margin on each side: the Fourier transform wraps round, and without a margin the
# difference between left and right edge would count as an edge in the picture.
_MARGIN = 16
_PADDED = INPUT_SIZE + 2 * _MARGIN  # 160 = 2^5 * 5, quick to transform


class GaborBackbone(FixedBackbone):
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
        super().__init__(card, weights, device, layers)
        self._bands = {
            name: tuple(part.to(device) for part in _band_filters(frequency))
            for name, frequency in zip(BAND_LAYERS, FREQUENCIES, strict=True)
        }

    def preprocess(self, image: Image.Image) -> torch.Tensor:
        """Return grey levels 0 to 1, (1, INPUT_SIZE, INPUT_SIZE)."""
        import torch

        grey = square_crop(image, INPUT_SIZE).convert("L")
        pixels = torch.frombuffer(bytearray(grey.tobytes()), dtype=torch.uint8)
        return pixels.reshape(1, INPUT_SIZE, INPUT_SIZE).float() / 255

    def forward(  # noqa: D102 - as in Backbone
        self, batch: torch.Tensor, layers: Sequence[str], reduce: Reduce | None = None
    ) -> dict[str, torch.Tensor]:
        import torch
        from torch.nn import functional

        self.check_layers(layers)
        needed = BAND_LAYERS if "energy" in layers else [n for n in BAND_LAYERS if n in layers]
        with torch.inference_mode():
            padded = functional.pad(batch.to(self.device), (_MARGIN,) * 4, mode="reflect")
            spectrum = torch.fft.fft2(padded[:, 0])  # (n, _PADDED, _PADDED)
            responses = {name: _energy(spectrum, *self._bands[name]) for name in needed}
            if "energy" in layers:
                responses["energy"] = torch.cat([responses[name] for name in BAND_LAYERS], dim=1)
            return finish(responses, layers, reduce)


def _band_filters(frequency: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return one band's windows into the spectrum and the filters' gains in them.

    Returns
    -------
    windows : (N_ORIENTATIONS, size * size), indices into the flattened unshifted spectrum.
    gains : (N_ORIENTATIONS, size, size). The response to a grating of the preferred frequency
        and orientation with contrast 1 has energy 1.
    """
    import torch

    centre = frequency * _PADDED / INPUT_SIZE  # cycles per padded width
    # Wide enough for three SDs, and for one sample per place of the map.
    size = next(s for s in (40, 80, _PADDED) if s / 2 >= 3 * _SD_ALONG * centre)
    offsets = torch.arange(-size // 2, size // 2)
    windows, gains = [], []
    for k in range(N_ORIENTATIONS):
        angle = math.pi * k / N_ORIENTATIONS
        across_picture = round(centre * math.cos(angle)) + offsets
        down_picture = round(centre * math.sin(angle)) + offsets
        v, u = torch.meshgrid(down_picture, across_picture, indexing="ij")
        along = u * math.cos(angle) + v * math.sin(angle)
        across = -u * math.sin(angle) + v * math.cos(angle)
        gain = 4 * torch.exp(
            -((along - centre) ** 2) / (2 * (_SD_ALONG * centre) ** 2)
            - across**2 / (2 * (_SD_ACROSS * centre) ** 2)
        )
        # One side only, nothing at the mean level, and nothing at or past the highest frequency.
        gain[(along <= 0) | (u.abs() >= _PADDED // 2) | (v.abs() >= _PADDED // 2)] = 0
        windows.append(((v % _PADDED) * _PADDED + u % _PADDED).flatten())
        gains.append(gain)
    return torch.stack(windows), torch.stack(gains).float()


def _energy(spectrum: torch.Tensor, windows: torch.Tensor, gains: torch.Tensor) -> torch.Tensor:
    """Return energy maps (n, N_ORIENTATIONS, MAP_SIZE, MAP_SIZE) of one band.

    spectrum : (n, _PADDED, _PADDED), complex; windows and gains as by ``_band_filters``.
    """
    import torch
    from torch.nn import functional

    size = gains.shape[-1]
    bands = spectrum.flatten(1)[:, windows.flatten()].reshape(-1, N_ORIENTATIONS, size, size)
    analytic = torch.fft.ifft2(bands * (gains * (size / _PADDED) ** 2))
    margin = _MARGIN * size // _PADDED
    energy = analytic.abs()[..., margin : size - margin, margin : size - margin]
    return functional.adaptive_avg_pool2d(energy, MAP_SIZE)


_LAYERS = (
    *(
        LayerInfo(name, (N_ORIENTATIONS, MAP_SIZE, MAP_SIZE), 0.0, Axes("map"))
        for name in BAND_LAYERS
    ),
    LayerInfo("energy", (N_ORIENTATIONS * len(FREQUENCIES), MAP_SIZE, MAP_SIZE), 1.0, Axes("map")),
)

GABOR = FixedFamily(
    BackboneCard(
        name="gabor",
        title="Gabor energy",
        family="built in",
        summary=(
            "Local contrast at 5 spatial frequencies and 8 orientations, whatever its "
            "phase: the classical model of primary visual cortex."
        ),
        input_size=INPUT_SIZE,
        preprocessing=f"Central square at {INPUT_SIZE} px, grey (ITU-R 601 luma), 0 to 1.",
        weights=("fixed",),
        default_weights="fixed",
        layers_offered=("energy", *BAND_LAYERS),
        licence="BSD-3-Clause",
        paper="Kay et al. 2008, doi 10.1038/nature06713",
        source="cortiscope.core.backbones.gabor",
        revision=2,
    ),
    _LAYERS,
    GaborBackbone,
)
