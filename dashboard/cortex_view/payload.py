"""One message per image: what to draw, as a short header and float32 maps."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cortiscope.cortex_view.assets import AssetRef
from cortiscope.cortex_view.colour import KINDS, TABLES
from cortiscope.cortex_view.container import pack
from cortiscope.cortex_view.selection import (
    CortexRegion,
    PickedVertex,
    checked_picks,
    checked_positions,
)
from cortiscope.cortex_view.space import SIDES

ROLES = ("measured", "predicted", "difference", "score")
PRESETS = ("lateral", "medial", "ventral", "dorsal", "anterior", "posterior")
MAX_VIEWS = 6


@dataclass(frozen=True)
class ColourScale:
    """How values become colours; maps that are compared should share one scale.

    Parameters
    ----------
    kind : ``diverging`` (symmetric about 0), ``sequential``, ``cyclic`` (``low`` and ``high`` are
        one and the same point of the circle) or ``categorical``.
    low, high : the range, in the unit of the values. Diverging needs ``low == -high``.
    unit : printed after the range, for instance ``z`` or ``r``.
    label : what the values are, for instance ``response``.
    """

    kind: str
    low: float
    high: float
    unit: str = ""
    label: str = ""

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind is {self.kind!r}; allowed: {', '.join(KINDS)}.")
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise ValueError(
                f"The range is {self.low} to {self.high}; allowed: finite, low below high."
            )
        if self.kind == "diverging" and not math.isclose(self.low, -self.high):
            raise ValueError(
                f"A diverging scale is symmetric about 0; {self.low} to {self.high} is not. "
                f"Use -{max(abs(self.low), abs(self.high))} to its opposite."
            )


@dataclass(frozen=True)
class CortexMap:
    """One view.

    Parameters
    ----------
    title, subtitle : printed above the brain.
    values : (n_left + n_right,) in the order of the space; NaN where there is no value.
    scale : colours and range.
    role : ``measured``, ``predicted``, ``difference`` or ``score``; sets the title's colour.
    simulated : prints the stamp on this view, on screen and in exported pictures.
    reliability : (n_left + n_right,) 0 to 1, or None: lets the viewer fade unreliable values
        towards the cortex (value by reliability); the numbers stay as they are. Sent in 255 steps,
        and once where maps share it; NaN counts 0.
    reliability_label : what it is, with its unit if it has one, for instance ``noise ceiling, r``.
    counts : (n_left + n_right,) how many measured vertices each value is the mean of, or None
        where it is one vertex's own; said on hover. More than 255 count as 255.
    """

    title: str
    values: np.ndarray
    scale: ColourScale
    subtitle: str = ""
    role: str = "measured"
    simulated: bool = False
    reliability: np.ndarray | None = None
    reliability_label: str = "reliability"
    counts: np.ndarray | None = None

    def __post_init__(self) -> None:
        if self.role not in ROLES:
            raise ValueError(f"role is {self.role!r}; allowed: {', '.join(ROLES)}.")


def encode_payload(
    maps: Sequence[CortexMap],
    assets: AssetRef,
    *,
    height: int,
    picks: Iterable[PickedVertex | tuple[str, int]] | None = None,
    region: CortexRegion | None = None,
    lit: Mapping[str, np.ndarray] | None = None,
    focus_roi: str | tuple[str, str] | None = None,
    view: Mapping[str, Any] | None = None,
    stamp: str = "SIMULATED",
    publish_view: bool = False,
    draw: Callable[[str], bytes] | None = None,
    address: str | None = None,
    key: str = "",
) -> bytes:
    """Return the message for one image, checked.

    With ``draw``, which takes the message's id, a picture goes with it: for a browser that cannot
    draw by itself.
    """
    if not 1 <= len(maps) <= MAX_VIEWS:
        raise ValueError(f"{len(maps)} maps given; allowed: 1 to {MAX_VIEWS}.")
    arrays: dict[str, np.ndarray] = {}
    listing = []
    trusts: dict[bytes, str] = {}
    for position, cortex_map in enumerate(maps):
        values = np.asarray(cortex_map.values)
        if values.shape != (assets.n_values,):
            raise ValueError(
                f"Map {cortex_map.title!r} has values of shape {values.shape}; this space has "
                f"({assets.n_values},): {assets.n_left} left vertices, then {assets.n_right} "
                "right."
            )
        arrays[f"map{position}"] = values.astype(np.float32)
        trust = None
        if cortex_map.reliability is not None:
            reliability = np.asarray(cortex_map.reliability)
            if reliability.shape != values.shape:
                raise ValueError(
                    f"Map {cortex_map.title!r} has reliability of shape {reliability.shape}; "
                    f"its values have {values.shape}."
                )
            steps = reliability_steps(reliability)
            name = trusts.setdefault(steps.tobytes(), f"reliability{position}")
            arrays[name] = steps
            trust = {"array": name, "label": cortex_map.reliability_label}
        if cortex_map.counts is not None:
            counts = np.asarray(cortex_map.counts)
            if counts.shape != values.shape:
                raise ValueError(
                    f"Map {cortex_map.title!r} has counts of shape {counts.shape}; "
                    f"its values have {values.shape}."
                )
            arrays[f"counts{position}"] = np.clip(counts, 0, 255).astype(np.uint8)
        scale = cortex_map.scale
        listing.append(
            {
                "title": cortex_map.title,
                "subtitle": cortex_map.subtitle,
                "role": cortex_map.role,
                "simulated": bool(cortex_map.simulated),
                "reliability": trust,
                "scale": {
                    "kind": scale.kind,
                    "low": float(scale.low),
                    "high": float(scale.high),
                    "unit": scale.unit,
                    "label": scale.label,
                },
            }
        )
    header: dict[str, Any] = {
        "geometry": assets.geometry,
        "space": assets.space,
        "tables": assets.tables,
        "maps": listing,
        "height": int(height),
        "picks": None if picks is None else checked_picks(picks),
        "focus": _checked_focus(focus_roi),
        "view": check_view(view),
        "stamp": stamp,
        "publish": bool(publish_view),
        "address": _checked_parameter(address),
        "key": key,
    }
    if region is not None:
        arrays["region"] = checked_positions(region, assets.n_values)
    for side, numbers in (lit or {}).items():
        if side not in SIDES:
            raise ValueError(f"lit has the key {side!r}; allowed: {', '.join(SIDES)}.")
        arrays[f"lit_{side}"] = np.asarray(numbers).astype(np.uint32)
    # The id lets the browser skip a rerun that changed nothing, and shows tests what is painted.
    digest = hashlib.blake2b(repr(header).encode(), digest_size=8)
    for part, array in arrays.items():
        digest.update(part.encode() + array.tobytes())
    name = digest.hexdigest()
    if draw is not None:
        arrays["still"] = np.frombuffer(draw(name), np.uint8)
    return pack({"id": name, **header}, arrays)


def reliability_steps(reliability: np.ndarray) -> np.ndarray:
    """Return (n,) uint8 of reliabilities 0 to 1: fading needs no more than a screen shows."""
    # fmax takes the number where the other is none: NaN counts 0.
    steps: np.ndarray = np.rint(np.fmin(np.fmax(reliability, 0), 1) * 255).astype(np.uint8)
    return steps


def check_view(view: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a camera state with known keys only, or say which is wrong.

    Keys, all optional: ``preset`` (a view's name), ``surface`` (0 folded, 1 inflated, 2 flat),
    ``rotation`` (quaternion w, x, y, z of the right hemisphere), ``zoom``, ``pan`` (x, y in view
    widths), ``framing`` (``data`` or ``whole``; without it ``whole`` where zoom or pan are given);
    ``own`` (view number as text -> such a camera, for views that turn on their own);
    ``threshold`` (or ``[below, above]``: values between are hidden), ``range`` (low, high),
    ``tables`` (kind -> name); ``scales`` (number of a further scale as text -> its ``threshold``,
    ``range``, ``table``, where maps have several); ``opacity`` (0 to 1), ``reliability`` (from,
    to), ``groups`` (ROI groups outlined), ``labels``.
    """
    if view is None:
        return None
    checks: dict[str, Callable[[Any], bool]] = {
        **_CAMERA_CHECKS,
        "own": _is_own,
        **_SCALE_CHECKS,
        "tables": lambda v: (
            isinstance(v, Mapping) and all(name in TABLES.get(k, ()) for k, name in v.items())
        ),
        "opacity": lambda v: _numbers([v], 1) and 0 <= v <= 1,
        "reliability": lambda v: _numbers(v, 2) and v[0] <= v[1],
        "scales": _is_scales,
        "groups": lambda v: (
            isinstance(v, list | tuple) and all(isinstance(name, str) for name in v)
        ),
        "labels": lambda v: isinstance(v, bool),
    }
    for key, value in view.items():
        if key not in checks:
            raise ValueError(f"Unknown view key {key!r}; allowed: {', '.join(checks)}.")
        if not checks[key](value):
            raise ValueError(f"The view's {key} is {value!r}, which is not allowed.")
    return {key: list(v) if isinstance(v, tuple) else v for key, v in view.items()}


def _is_own(own: Any) -> bool:
    """Whether ``own`` gives cameras, and nothing else, to existing view numbers."""
    numbers = {str(i) for i in range(MAX_VIEWS)}
    return isinstance(own, Mapping) and all(
        number in numbers
        and isinstance(camera, Mapping)
        and all(k in _CAMERA_CHECKS and _CAMERA_CHECKS[k](v) for k, v in camera.items())
        for number, camera in own.items()
    )


def _is_scales(scales: Any) -> bool:
    """Whether ``scales`` gives choices, and nothing else, to further scales by their number."""
    checks = {**_SCALE_CHECKS, "table": lambda v: any(v in names for names in TABLES.values())}
    return isinstance(scales, Mapping) and all(
        number in {str(i) for i in range(1, MAX_VIEWS)}
        and isinstance(chosen, Mapping)
        and all(k in checks and checks[k](v) for k, v in chosen.items())
        for number, chosen in scales.items()
    )


def _numbers(values: Any, n: int) -> bool:
    return (
        isinstance(values, list | tuple)
        and len(values) == n
        and all(
            isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)
            for v in values
        )
    )


def _checked_parameter(name: str | None) -> str | None:
    if name is not None and not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise ValueError(f"address is {name!r}; allowed: letters, digits, _ and -.")
    return name


def _checked_focus(focus: str | tuple[str, str] | None) -> list[str | None] | None:
    if focus is None:
        return None
    name, side = (focus, None) if isinstance(focus, str) else focus
    if side is not None and side not in SIDES:
        raise ValueError(f"focus_roi is {focus!r}; allowed: a name, or (name, hemisphere).")
    return [name, side]


# Of one scale, and of one camera; below the helpers they are made of.
_SCALE_CHECKS: dict[str, Callable[[Any], bool]] = {
    "threshold": lambda v: (_numbers([v], 1) and v >= 0) or (_numbers(v, 2) and v[0] <= v[1]),
    "range": lambda v: _numbers(v, 2) and v[0] < v[1],
}
_CAMERA_CHECKS: dict[str, Callable[[Any], bool]] = {
    "preset": lambda v: v in PRESETS,
    "surface": lambda v: _numbers([v], 1) and 0 <= v <= 2,
    "rotation": lambda v: _numbers(v, 4) and any(v),
    "zoom": lambda v: _numbers([v], 1) and 0.1 <= v <= 100,
    "pan": lambda v: _numbers(v, 2),
    "framing": lambda v: v in ("data", "whole"),
}
