"""The sidebar: subject, stimulus, and the encoder on screen."""

from __future__ import annotations

import base64
from collections.abc import Callable
from html import escape
from typing import NoReturn

import streamlit as st

from core.datasets import Subject
from core.errors import CoreError
from core.runs import Run
from dashboard import services, state
from dashboard.charts.theme import MEASURED as INK
from dashboard.charts.theme import theme
from dashboard.drawn_mesh import WAYS
from dashboard.encoder_menu import EncoderKey, EncoderMenu, encoder_title
from dashboard.errors import show_error
from dashboard.jobs import registry
from dashboard.look import stamp
from dashboard.navigation import link_to
from dashboard.panels.fit_dialog import fit_button
from dashboard.panels.mesh_menu import pick_mesh
from dashboard.panels.scores import INTERVAL, interval_text


def pick_subject() -> Subject:
    """Draw the subject menu and return the subject on screen."""
    chosen = choose_subject()
    try:
        subject = open_chosen(chosen)
    except CoreError as error:
        show_error(error)
        link_to("data", f"Everything that is wrong with {chosen}")
        st.stop()
    pick_mesh(subject, lambda ways, way: _menu("mesh", "drawn by", ways, way, WAYS.__getitem__))
    return subject


def choose_subject() -> str:
    """Draw the subject menu and return the id of the subject on screen, not yet opened."""
    ids = list(services.subject_folders())
    asked = state.current().subject
    if asked and asked not in ids:
        st.warning(f"The address asks for subject “{asked}”; there are {', '.join(ids)}.")
    chosen = asked if asked in ids else ids[0]
    for problem in services.data_folder_problems():
        st.sidebar.warning(str(problem))
    with st.sidebar:
        chosen = _menu("subject", "subject", ids, chosen, str)
    if chosen != asked:
        # Vertices, images and runs are the subject's own.
        state.change(subject=chosen, vertex="")
    return chosen


def open_chosen(chosen: str) -> Subject:
    """Open the subject on screen and print its stamp.

    Raises
    ------
    CoreError : its folder is damaged.
    """
    opened = services.subject(chosen)
    stamp(opened.stamp)
    return opened


def pick_encoder(subject: Subject) -> Run:
    """Draw the menus of backbone, layer and encoder, and return the run they name."""
    with st.sidebar:
        run = _pick_run(subject)
        fit_button(subject)
    if run is None:
        _say_that_none_is_fitted(subject)
    return run


def pick_pair(subject: Subject) -> tuple[Run, Run | None]:
    """Draw the menus of two encoders to compare; the second is None where there is no other."""
    with st.sidebar:
        first = _pick_run(subject)
        second = None if first is None else _pick_versus(subject, first)
        fit_button(subject)
    if first is None:
        _say_that_none_is_fitted(subject)
    return first, second


def _say_that_none_is_fitted(subject: Subject) -> NoReturn:
    """Say so where the page's figures would be, and end the page."""
    st.info(
        f"No encoder has been fitted to {subject.id} yet.{_on_the_way()} Fit one with the button "
        "in the sidebar; it appears here when it is done."
    )
    link_to("data", f"What the folder of {subject.id} holds")
    st.stop()


def _pick_run(subject: Subject) -> Run | None:
    menu = EncoderMenu.of(services.runs_of(subject.id))
    now = state.current()
    if not menu.runs:
        return None
    start = menu.default()
    wanted = EncoderKey(
        now.backbone or start.backbone, now.layer or start.layer, now.encoder or start.encoder
    )
    key = menu.nearest(wanted)
    for what in ("backbone", "layer", "encoder"):
        asked = getattr(now, what)
        if asked and getattr(key, what) != asked:
            st.warning(f"No encoder here has {what} “{asked}”; showing {getattr(key, what)}.")
    backbone = _menu("backbone", "backbone", menu.backbones(), key.backbone, menu.title_of)
    key = menu.nearest(EncoderKey(backbone, key.layer, key.encoder))
    layer = _menu("layer", "layer", menu.layers(backbone), key.layer, str)
    if curve := _curve(menu.layer_curve(backbone, key.encoder), layer):
        st.html(curve)
    key = menu.nearest(EncoderKey(backbone, layer, key.encoder))
    encoder = _menu("encoder", "encoder", menu.encoders(backbone, layer), key.encoder, str)
    state.change(backbone=backbone, layer=layer, encoder=encoder)
    run = services.reported(menu.runs[EncoderKey(backbone, layer, encoder)])
    st.html(score_line(run, subject.space.unit))
    if words := _on_the_way():
        st.caption(words)
    return run


def _on_the_way() -> str:
    """Say that the demo's other encoders are still being fitted, while they are."""
    job = registry().get("demo")
    if job is None or not job.running:
        return ""
    return (
        f" More of the demo’s encoders are being fitted ({job.progress:.0%}); reload to see them."
    )


def _pick_versus(subject: Subject, first: Run) -> Run | None:
    menu = EncoderMenu.of(services.runs_of(subject.id))
    others = {str(k): r for k, r in menu.runs.items() if r.id != first.id}
    if not others:
        return None
    asked = state.current().versus
    if asked and asked not in others and asked != str(EncoderKey.of(first)):
        st.warning(f"The address compares with “{asked}”, which is not among the encoders here.")
    start = asked if asked in others else _twin(menu, first, others)
    chosen = _menu("versus", "versus", list(others), start, lambda k: encoder_title(others[k]))
    state.change(versus=chosen)
    return services.reported(others[chosen])


def _twin(menu: EncoderMenu, first: Run, others: dict[str, Run]) -> str:
    """Prefer the untrained network at the same layer: the comparison that means something."""
    own = EncoderKey.of(first)
    for key, run in others.items():
        if _place_of(run) == _place_of(first) and not key.startswith(own.backbone):
            return key
    return next(iter(others))


def _place_of(run: Run) -> tuple[tuple[str, ...], str, str]:
    """Name networks, layer and method, whatever the weights."""
    return tuple(source.backbone for source in run.sources), run.layer, run.method


def _menu(
    name: str, label: str, options: list[str], chosen: str, words: Callable[[str], str]
) -> str:
    # A menu forgets its state when another page is opened, and the browser may still hold an older
    # one. So the selection is the menu's default, and whenever it was changed elsewhere (address,
    # click, finished fit) a fresh menu takes the old one's place.
    seen, turn = f"menu-{name}-seen", f"menu-{name}-turn"
    if st.session_state.get(seen) != chosen:
        st.session_state[turn] = st.session_state.get(turn, 0) + 1
    value = st.selectbox(
        label,
        options,
        index=options.index(chosen),
        key=f"menu-{name}-{st.session_state[turn]}",
        format_func=words,
    )
    st.session_state[seen] = value
    return str(value)


def score_line(run: Run, unit: str) -> str:
    """Say how good the encoder is over all ``unit`` (vertices or voxels), with n and split."""
    whole = run.report.overall
    ceiling = f" of {whole.ceiling_r:.2f}" if whole.ceiling_r is not None else ""
    known = "attainable" if whole.ceiling_r is not None else "ceiling unknown"
    title = (
        f"Mean over {unit} of Pearson r between predicted and measured responses over held-out "
        f"images, with {INTERVAL}; attainable: mean square root of the noise ceiling."
    )
    return (
        f'<p class="cs-score" title="{escape(title)}"><b>r {whole.mean_r or 0:.2f}</b>'
        f"{interval_text(whole)}{ceiling} {known}<br>"
        f"mean over {whole.n - whole.n_undefined:,} {unit}, "
        f"{run.report.n_images} {run.report.split} images</p>"
    )


def _curve(points: list[tuple[str, float]], chosen: str) -> str:
    """Draw r over layers on the validation images, so that the choice is informed."""
    if len(points) < 2:
        return ""
    width, height, left, top = 240, 58, 6, 12
    ink = INK[theme()]
    values = [v for _, v in points]
    low, high = min(values), max(values)
    span = max(high - low, 0.02)
    xs = [left + k * (width - 2 * left) / (len(points) - 1) for k in range(len(points))]
    ys = [top + (high - v) / span * 26 for v in values]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))
    marks = []
    for (name, value), x, y in zip(points, xs, ys, strict=True):
        own = name == chosen
        label = (
            f'<text x="{min(max(x, 14), width - 14):.1f}" y="{y - 5:.1f}" text-anchor="middle" '
            f'font-weight="600" fill="{ink}">{value:.2f}</text>'
            if own
            else ""
        )
        marks.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3.2 if own else 2}" fill="{ink}" '
            f'opacity="{1 if own else 0.45}"><title>{escape(name)}: median r {value:.3f}</title>'
            f"</circle>{label}"
        )
    caption = f"median r on validation images, {escape(points[0][0])} to {escape(points[-1][0])}"
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="9.5">'
        f'<polyline points="{line}" fill="none" stroke="{ink}" opacity=".35"/>'
        f'{"".join(marks)}<text x="{left}" y="{height - 4}" fill="{ink}" opacity=".7">'
        f"{caption}</text></svg>"
    )
    # st.html lets no SVG through; a picture of it is allowed.
    packed = base64.b64encode(drawing.encode()).decode()
    words = "; ".join(f"{name} {value:.2f}" for name, value in points)
    return (
        f'<img class="cs-curve" alt="{escape(caption)}: {escape(words)}" '
        f'title="{escape(words)}" src="data:image/svg+xml;base64,{packed}">'
    )
