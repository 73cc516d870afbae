"""One cortex, three ways to show it: this project's viewer, Plotly Mesh3d, nilearn's view_surf.

Start ``streamlit run tests/benchmarks/peer_views_entry.py``, then
``?way=ours|mesh3d|view_surf&views=2&template=fsaverage5``. The button steps to another image, whose
maps every way gets; ``p.step`` says the image and the milliseconds its script took.
"""

from __future__ import annotations

import time

import numpy as np
import streamlit as st

from cortiscope.cortex_view import ColourScale, CortexMap, cortex_view
from cortiscope.cortex_view.example import synthetic

HIGH = 2.5
SIDES = ("left", "right")


def ours(maps: list[np.ndarray], template: str) -> None:
    scale = ColourScale("diverging", -HIGH, HIGH, "z")
    shown = [CortexMap(f"map {i}", values, scale) for i, values in enumerate(maps)]
    cortex_view(shown, assets=synthetic.assets(template), key="cortex", height=560)


def _spread(values: np.ndarray, template: str, side: str) -> np.ndarray:
    """(n_vertices,) one hemisphere's map, 0 where there are no data."""
    vertices = synthetic.space(template).vertices
    n_left = len(vertices["left"])
    surface = getattr(synthetic.surfaces(template), side)
    full = np.zeros(len(surface.pial), dtype=np.float32)
    full[vertices[side]] = values[:n_left] if side == "left" else values[n_left:]
    return full


def mesh3d(maps: list[np.ndarray], template: str) -> None:
    import plotly.graph_objects as go
    from plotly.subplots import make_subplots

    columns = min(3, len(maps))
    rows = -(-len(maps) // columns)
    specs = [[{"type": "scene"}] * columns] * rows
    figure = make_subplots(rows, columns, specs=specs)
    for number, values in enumerate(maps):
        for side, shift in zip(SIDES, (-45, 45), strict=True):
            surface = getattr(synthetic.surfaces(template), side)
            x, y, z = surface.inflated.T
            i, j, k = surface.faces.T
            mesh = go.Mesh3d(
                x=x + shift, y=y, z=z, i=i, j=j, k=k,
                intensity=_spread(values, template, side),
                cmin=-HIGH, cmax=HIGH, colorscale="RdBu_r", showscale=False,
            )  # fmt: skip
            figure.add_trace(mesh, row=number // columns + 1, col=number % columns + 1)
    figure.update_layout(height=560, uirevision="same", margin={"l": 0, "r": 0, "t": 0, "b": 0})
    st.plotly_chart(figure, key="brains")


def view_surf(maps: list[np.ndarray], template: str) -> None:
    from nilearn.plotting import view_surf as show

    columns = st.columns(min(3, len(maps)))
    for number, values in enumerate(maps):
        with columns[number % len(columns)]:
            for side in SIDES:
                surface = getattr(synthetic.surfaces(template), side)
                picture = show(
                    [surface.inflated, surface.faces], _spread(values, template, side),
                    cmap="RdBu_r", vmax=HIGH, colorbar=False,
                )  # fmt: skip
                st.components.v1.html(picture.get_standalone(), height=280)


def maps_of(image: int, n_views: int, template: str) -> list[np.ndarray]:
    """Return one (n_values,) map per view, kept for the other ways."""
    return [synthetic.responses(image + i // 2, template)[i % 2] for i in range(n_views)]


def main() -> None:
    began = time.perf_counter()
    query = st.query_params
    template, n_views = query.get("template", "fsaverage5"), int(query.get("views", 2))
    image = st.session_state.setdefault("image", 0)
    if st.button("next"):
        image = st.session_state["image"] = image + 1
    maps = maps_of(image, n_views, template)
    made = time.perf_counter() - began
    {"ours": ours, "mesh3d": mesh3d, "view_surf": view_surf}[query["way"]](maps, template)
    passed = 1000 * (time.perf_counter() - began - made)
    st.html(f'<p class="step" data-image="{image}" data-ms="{passed:.1f}">{image}</p>')
    # What the maps themselves cost is none of the ways' business: those of the next step are
    # made while this one is looked at, or the first way to show it would pay for all.
    maps_of(image + 1, n_views, template)


main()
