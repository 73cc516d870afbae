"""One sentence for how a library brings a picture to a network's input."""

from __future__ import annotations

from collections.abc import Sequence

_SCALES = {
    (0.0, 1.0): "values 0 to 1",
    (0.5, 0.5): "mean .5 and SD .5",
    (0.485, 0.229): "ImageNet's mean and SD",
    (0.48145466, 0.26862954): "CLIP's mean and SD",
}


def in_words(
    side: int,
    resized: int,
    interpolation: str,
    mean: Sequence[float],
    deviation: Sequence[float],
    cut: str = "center",
) -> str:
    """Describe resizing, cutting and scaling.

    Parameters
    ----------
    side : of the square that the network sees, in pixels.
    resized : length in pixels to which the picture is brought first.
    mean, deviation : of the three channels, by which values 0 to 1 are scaled.
    cut : "center" (shorter side resized), "squash" (both sides), "border" or "longest" (longer
        side, the rest filled up).
    """
    scale = _SCALES.get((mean[0], deviation[0])) or (
        f"mean {_numbers(mean)} and SD {_numbers(deviation)}"
    )
    if cut == "squash" and resized == side:
        return f"Squeezed to {side} x {side} px ({interpolation}), {scale}."
    first = {
        "center": f"Shorter side to {resized} px",
        "squash": f"Squeezed to {resized} x {resized} px",
    }.get(cut, f"Longer side to {resized} px, the rest filled up")
    return f"{first} ({interpolation}), central {side} px square, {scale}."


def _numbers(values: Sequence[float]) -> str:
    return "/".join(f"{value:.3g}" for value in values)
