"""The page of ``example.py``: the chart with made-up values.

``?kind=response`` shows measured and predicted, ``accuracy`` bars under their ceiling, ``compare``
three models.
"""

from __future__ import annotations

import random

import streamlit as st

from cortiscope.roi_chart import ROI_CLASS_COLOURS, Axis, Mark, RoiRow, Series, roi_chart

CLASSES = {
    "prf-visualrois": ("early visual", "V1v V1d V2v V2d V3v V3d hV4"),
    "floc-bodies": ("bodies", "EBA FBA-1 FBA-2 mTL-bodies"),
    "floc-faces": ("faces", "OFA FFA-1 FFA-2 mTL-faces aTL-faces"),
    "floc-places": ("places", "OPA PPA RSC"),
    "floc-words": ("words", "OWFA VWFA-1 VWFA-2 mfs-words mTL-words"),
    "streams": ("streams", "early midventral midlateral midparietal ventral lateral parietal"),
}
ABSENT = {"mTL-bodies", "mTL-faces", "aTL-faces", "mTL-words"}


def made_up_rows(kind: str, seed: int) -> list[RoiRow]:
    """Return rows with values from a fixed seed."""
    rng = random.Random(f"{kind}{seed}")
    rows = []
    for group, (title, names) in CLASSES.items():
        for roi in names.split():
            for hemisphere in ("left", "right"):
                absent = roi in ABSENT or (roi == "FFA-2" and hemisphere == "left")
                marks, ceiling = made_up_marks(kind, rng)
                rows.append(
                    RoiRow(
                        roi=roi,
                        group=group,
                        group_title=title,
                        colour=ROI_CLASS_COLOURS[group],
                        hemisphere=hemisphere,
                        n_vertices=0 if absent else rng.randint(18, 120),
                        marks=(None,) * len(marks) if absent else marks,
                        ceiling=None if absent else ceiling,
                        note="Few vertices: read with care." if roi == "OFA" else "",
                    )
                )
    return rows


def made_up_marks(kind: str, rng: random.Random) -> tuple[tuple[Mark, ...], float | None]:
    """Return one cell's marks and its ceiling."""
    if kind == "response":
        measured = rng.gauss(0.2, 0.7)
        predicted = 0.6 * measured + rng.gauss(0, 0.15)
        return (Mark(measured, measured - 0.2, measured + 0.2), Mark(predicted)), None
    ceiling = rng.uniform(0.55, 0.8)
    values = [ceiling * rng.uniform(0.55, 0.9) for _ in range(1 if kind == "accuracy" else 3)]
    return tuple(Mark(v, v - 0.05, v + 0.05) for v in values), ceiling


def main() -> None:
    """Draw one chart and say what was picked."""
    st.set_page_config(layout="wide")
    kind = st.query_params.get("kind", "response")
    seed = st.session_state.setdefault("seed", 0)
    settings = {
        "response": (
            [Series("measured"), Series("predicted", role="predicted", mark="ring")],
            Axis("mean response", "z", -1.5, 2.0),
            "Response of each ROI to this image",
            "Mean over the ROI's vertices of the response to image 113 (single-trial z, averaged "
            "over 3 repeats). Whiskers: 95 % interval.",
        ),
        "accuracy": (
            [Series("mean r", mark="bar")],
            Axis("mean r", "", 0.0, 0.85),
            "Accuracy of each ROI",
            "Mean r over the ROI's vertices, 200 held-out images; 95 % interval over "
            "images; the line with hatching is the noise ceiling.",
        ),
        "compare": (
            [
                Series("small CNN, block 5", role="a"),
                Series("Gabor energy", role="b", mark="ring"),
                Series("untrained CNN, block 5", role="c"),
            ],
            Axis("mean r", "", 0.0, 0.85),
            "Three models",
            "Mean r over the ROI's vertices, 200 held-out images; 95 % interval.",
        ),
    }
    series, axis, title, definition = settings[kind]
    picked = roi_chart(
        made_up_rows(kind, seed),
        series,
        axis,
        key="chart",
        title=title,
        definition=definition,
        stamp="SIMULATED sim01",
        focus=st.session_state.get("focus"),
        on_pick=lambda pick: st.session_state.update(focus=(pick.roi, pick.hemisphere)),
    )
    if picked is not None:
        st.write(f"picked {picked.roi} {picked.hemisphere} #{picked.count}")
    st.button("other values", on_click=lambda: st.session_state.update(seed=seed + 1))


main()
