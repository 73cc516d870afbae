"""Where vertices look: their receptive fields drawn on the picture, found and known.

Of a model without receptive fields nothing is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from cortiscope import services
from cortiscope.core.datasets import Subject
from cortiscope.core.encoding.neural.attention import REST
from cortiscope.core.runs import Run
from cortiscope.core.simulation.recipe import INDIVIDUALS
from cortiscope.markup import Html, html, show_html
from cortiscope.panels.selection import brush
from cortiscope.regions import redraw
from cortiscope.stimulus_files import stimulus_address

_MOST = 60
_DOT = 0.1  # degrees
_BY_CONSTRUCTION = (
    "The simulation drew Gaussian fields: a model of Gaussian fields is of the right family by "
    "construction here."
)


def show_fields(
    subject: Subject, run: Run, positions: np.ndarray, current: tuple[str, int] | None
) -> None:
    """Draw the fields of some vertices on the picture, where the model has any.

    Parameters
    ----------
    positions : (n,) of the vertices.
    current : split and row of the image on screen; the middle of an empty square without one.
    """
    degrees = _degrees(subject)
    x, y, sigma, sure = (
        None if values is None else np.asarray(values)[positions]
        for values in (services.run_map(run, f"prf_{n}") for n in ("x", "y", "sigma", "sure"))
    )
    if degrees is None or x is None or y is None:
        return
    # Places without a size, of which no model says how sure they are, are dots.
    sizes = np.full(len(x), _DOT) if sigma is None else sigma
    sure = np.ones(len(x)) if sure is None else sure
    placed = np.isfinite(x)
    drawn = placed & (sure > 0) if len(positions) > 1 else placed
    known = services.true_fields(subject)
    truth = None if known is None else known[positions]
    rings = [
        _ring((x[k], y[k], sizes[k]), degrees, "found") for k in _evenly(np.flatnonzero(drawn))
    ]
    if truth is not None and len(positions) == 1 and np.isfinite(truth[0, :3]).all():
        rings.append(_ring(tuple(truth[0, :3].tolist()), degrees, "known"))
    picture = Html("")
    if current is not None:
        split, row = current
        base = stimulus_address(subject)
        picture = html(
            '<img alt="" src="{base}/{split}/{row}?s=320">', base=base, split=split, row=row
        )
    if len(positions) == 1:
        words = _of_one(x, y, sigma, sure, truth)
    else:
        words = f"{_of_many(drawn, sized=sigma is not None)}{_error(x, y, drawn, truth)}"
    gaussian = [person.name for person in INDIVIDUALS if not person.signed]
    by_construction = subject.simulated and subject.id in gaussian and sigma is not None
    note = _BY_CONSTRUCTION if by_construction else ""
    show_html(
        '<p class="cs-note">where the model finds that <b>{who}</b>, in a picture of {degrees}°</p>'
        '<div class="cs-fields" role="img" aria-label="{words}">{picture}{rings}</div>'
        '<p class="cs-note">{words} {note}</p>',
        who="it looks" if len(positions) == 1 else "they look",
        degrees=f"{degrees:g}",
        words=words,
        picture=picture,
        rings=Html("".join(rings)),
        note=note,
    )


def pick_by_place(subject: Subject, run: Run, *, redraws: Sequence[str]) -> None:
    """Offer to select the vertices that look at a place of the picture, of a model that knows.

    Parameters
    ----------
    redraws : the regions that follow a selection.
    """
    degrees = _degrees(subject)
    x, y, sure = (services.run_map(run, f"prf_{name}") for name in ("x", "y", "sure"))
    if degrees is None or x is None or y is None:
        return
    sure = np.ones(len(x)) if sure is None else sure
    half = float(degrees) / 2
    with st.popover("Select by place", icon=":material/my_location:"):
        st.caption("Vertices whose field has its centre in a circle on the picture, if it is sure.")
        across = st.slider("right of the middle (°)", -half, half, 0.0, 0.1, key="field-x")
        up = st.slider("above the middle (°)", -half, half, 0.0, 0.1, key="field-y")
        radius = st.slider("radius (°)", 0.0, half, min(1.0, half), 0.1, key="field-radius")
        positions = np.flatnonzero((sure > 0) & (np.hypot(x - across, y - up) <= radius))

        def take() -> None:
            brush(subject, positions)
            redraw(*redraws)

        words = f"Select {len(positions):,} vertices"
        st.button(words, key="field-go", on_click=take, disabled=not len(positions))


def show_attention(
    subject: Subject, run: Run, positions: np.ndarray, current: tuple[str, int] | None
) -> None:
    """Draw over the picture what the query of some vertices attends to, where the model has any.

    Parameters
    ----------
    positions : (n,) of the vertices; the query is that of most of them.
    """
    degrees = _degrees(subject)
    if degrees is None or current is None:
        return
    found = services.attention(run, *current)
    if found is None or max(grid.n_places for grid in found.grids) == 1:
        return
    whose = int(np.bincount(found.of_vertex[positions]).argmax())
    grid, every = max(zip(found.grids, found.shares, strict=True), key=lambda one: one[0].n_places)
    shares = every[0, whose]
    left, top, right, bottom = (100 * end / degrees for end in grid.box)
    # Shares are of the places of all layers.
    n_places, n = sum(own.n_places for own in found.grids), len(found.grids)
    others = f" One of {n} layers is drawn." if n > 1 else ""
    cells = [f'<i style="opacity:{share:.2f}"></i>' for share in (shares / shares.max()).ravel()]
    split, row = current
    show_html(
        '<p class="cs-note">what <b>{who}</b> attends to in this picture</p>'
        '<div class="cs-fields" role="img" aria-label="{words}">'
        '<img alt="" src="{base}/{split}/{row}?s=320">'
        '<div class="cs-attention" style="{box}">{cells}</div></div><p class="cs-note">{words}</p>',
        who=_asking(found.queries[whose]),
        words="Attention of its query, the mean over heads; the brightest place has "
        f"{100 * shares.max():.0f} % of it, {100 / n_places:.1f} % would be even.{others}",
        base=stimulus_address(subject),
        split=split,
        row=row,
        box=f"left:{50 + left:.1f}%;top:{50 - top:.1f}%;width:{right - left:.1f}%;"
        f"height:{top - bottom:.1f}%;grid-template-columns:repeat({grid.width},1fr)",
        cells=Html("".join(cells)),
    )


def _asking(query: str) -> str:
    """Say in words whose query it is, of a name as in ``rh.FFA-1``."""
    side, _, roi = query.rpartition(".")
    where = {"lh": "left", "rh": "right"}.get(side)
    if where is None:
        return "the model"
    return f"the {where} hemisphere outside its ROIs" if roi == REST else f"{roi} {where}"


def _degrees(subject: Subject) -> float | None:
    """Return the side of the pictures in degrees, where it is known."""
    return subject.conventions.picture_degrees.value


def _evenly(places: np.ndarray) -> np.ndarray:
    step = max(1, -(-len(places) // _MOST))
    return places[::step]


def _ring(field: tuple[float, float, float], degrees: float, kind: str) -> str:
    """Return a circle of one SD about a field's centre, in percent of the picture."""
    x, y, sigma = (float(v) for v in field)
    side = 200 * sigma / degrees
    return html(
        '<i class="cs-ring-{kind}" style="left:{left}%;top:{top}%;width:{side}%"></i>',
        kind=kind,
        left=f"{50 + 100 * x / degrees:.1f}",
        top=f"{50 - 100 * y / degrees:.1f}",
        side=f"{side:.1f}",
    )


def _place(x: float, y: float) -> str:
    across = f"{abs(x):.1f}° {'right' if x >= 0 else 'left'}"
    return f"{across}, {abs(y):.1f}° {'up' if y >= 0 else 'down'}"


def _of_one(
    x: np.ndarray,
    y: np.ndarray,
    sigma: np.ndarray | None,
    sure: np.ndarray,
    truth: np.ndarray | None,
) -> str:
    if not np.isfinite(x[0]):
        found = "No field predicts it better than the whole picture."
        if sigma is None:
            found = "Less than two thirds of what it reads are at one place."
    else:
        doubt = "" if sure[0] > 0 else "; the model is not sure of it"
        found_sd = "" if sigma is None else f", SD {sigma[0]:.1f}°"
        found = f"Found (filled): {_place(x[0], y[0])}{found_sd}{doubt}."
    if truth is None or not np.isfinite(truth[0, :3]).all():
        return found
    tx, ty, size = truth[0, :3]
    apart = ""
    if np.isfinite(x[0]):
        apart = f"; {np.hypot(x[0] - tx, y[0] - ty):.1f}° apart"
    return f"{found} Known (dashed): {_place(tx, ty)}, SD {size:.1f}°{apart}."


def _of_many(drawn: np.ndarray, *, sized: bool) -> str:
    n, shown = int(drawn.sum()), len(_evenly(np.flatnonzero(drawn)))
    some = f", {shown} of them drawn" if shown < n else ""
    if not sized:
        mostly = "those that read two thirds or more there"
        return f"Places of {n} of {len(drawn)} vertices, {mostly}{some}."
    return f"Fields of {n} of {len(drawn)} vertices, those of which the model is sure{some}."


def _error(x: np.ndarray, y: np.ndarray, drawn: np.ndarray, truth: np.ndarray | None) -> str:
    if truth is None:
        return ""
    both = drawn & np.isfinite(truth[:, 0])
    if not both.any():
        return ""
    apart = np.median(np.hypot(x[both] - truth[both, 0], y[both] - truth[both, 1]))
    n = int(both.sum())
    return f" Their centres lie {apart:.2f}° from the known ones (median of {n})."
