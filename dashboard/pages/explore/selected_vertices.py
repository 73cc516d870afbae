"""The panel of what was selected on the cortex: a brushed region, and several picked vertices."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import numpy as np

from cortiscope import services, state
from cortiscope.charts.style import PREDICTED
from cortiscope.core.datasets import Subject
from cortiscope.core.evaluation.report import images_of
from cortiscope.core.runs import Run
from cortiscope.markup import Html, show_html, signed
from cortiscope.navigation import link_to_place
from cortiscope.panels.downloads import csv_button, csv_text, numbering, place_columns, rounded
from cortiscope.panels.selection import region_came_last, region_positions
from cortiscope.state import RoiName
from cortiscope.subject.locations import Location, find_location
from cortiscope.subject.model_menu import model_title

_MOST_ROIS = 6


@dataclass(frozen=True)
class ImageResponses:
    """Responses to the image on screen.

    Parameters
    ----------
    image : its name, as in ``test-12``.
    measured : (n_vertices,), or None where there is none.
    predicted : (n_vertices,).
    """

    image: str
    measured: np.ndarray | None
    predicted: np.ndarray


def show_selected(
    subject: Subject, run: Run, responses: ImageResponses, detail: Callable[[], None]
) -> None:
    """Draw what was selected last, its ``detail``, and what was selected before.

    A single vertex or ROI needs the detail alone.
    """
    if not subject.space.is_placed:
        detail()
        return
    region = region_positions(subject)
    locations = [
        location
        for name in state.current().picked
        if (location := find_location(subject, name)) is not None
    ]

    def show_region() -> None:
        if region is not None and len(region):
            _region(subject, run, responses, region)

    def show_picks() -> None:
        if len(locations) > 1:
            _picks(subject, run, responses, locations)

    panels = [show_picks, detail, show_region]
    for show in reversed(panels) if region_came_last(subject) else panels:
        show()


def _region(subject: Subject, run: Run, responses: ImageResponses, region: np.ndarray) -> None:
    n_left = int((region < subject.space.slice_of(subject.space.parts[0]).stop).sum())
    n_right = len(region) - n_left
    words = f"{n_left:,} left, {n_right:,} right"
    if not (n_left and n_right):
        words = f"all {'left' if n_left else 'right'}"
    facts = [(f"{len(region):,}", f"<b>vertices</b> that have data, {words}")]
    for name, values, definition in (
        ("measured", responses.measured, escape(subject.conventions.meaning)),
        ("predicted", responses.predicted, escape(model_title(run))),
    ):
        if values is not None:
            mean = signed(float(np.nanmean(values[region])), 2)
            of = f"<b>{name}</b>, mean over them for image {escape(responses.image)} ({definition})"
            facts.append((f"{mean} <small>{escape(subject.conventions.unit)}</small>", of))
    facts.append(_accuracy(subject, run, region))
    facts.append(("ROIs", _overlap(subject, region)))
    rows = "".join(f"<dt>{number}</dt><dd>{said}</dd>" for number, said in facts)
    show_html(
        '<p class="cs-title">Brushed region</p><dl class="cs-facts">{rows}</dl>', rows=Html(rows)
    )
    csv_button(
        subject,
        "vertices of the region (CSV)",
        f"region-{responses.image}",
        lambda: _table(subject, run, responses, region),
    )


def _accuracy(subject: Subject, run: Run, positions: np.ndarray) -> tuple[str, str]:
    report = run.report
    r = np.asarray(report.r)[positions]
    scored = int(np.isfinite(r).sum())
    if not scored:
        return "r", "constant responses: no correlation"
    ceiling = "ceiling unknown"
    if report.ceiling is not None:
        mean = np.sqrt(np.asarray(report.ceiling)[positions]).mean()
        ceiling = f"mean ceiling {mean:.2f}"
    return (
        f"{signed(np.nanmean(r))} <small>r</small>",
        f"<b>mean</b> over {scored:,} vertices of Pearson r over {report.n_images} "
        f"{escape(images_of(report, subject))}; {ceiling}",
    )


def _overlap(subject: Subject, region: np.ndarray) -> str:
    """Say how much of which ROIs it holds, the best covered first."""
    locations = services.locations(subject.id, subject.state)
    held = Counter((roi, locations[k].part) for k in region.tolist() for roi in locations[k].rois)
    if not held:
        return "it overlaps with none"
    sizes = Counter((roi, location.part) for location in locations for roi in location.rois)
    ranked = sorted(held, key=lambda place: (-held[place] / sizes[place], place))
    words = [
        link_to_place(f"{roi} {side}", RoiName(roi, side))
        + f" {held[roi, side]} of {sizes[roi, side]}"
        for roi, side in ranked
    ]
    more = len(words) - _MOST_ROIS
    rest = f" · and {more} more" if more > 0 else ""
    return f"vertices it holds of each: {' · '.join(words[:_MOST_ROIS])}{rest}"


def _picks(
    subject: Subject, run: Run, responses: ImageResponses, locations: list[Location]
) -> None:
    positions = np.array([location.position for location in locations])
    report = run.report
    r = np.asarray(report.r)[positions]
    columns = [
        ("measured", responses.measured),
        ("predicted", responses.predicted),
    ]
    shown = [(name, values[positions]) for name, values in columns if values is not None]
    # As on the cortex.
    colours = f"background:light-dark({','.join(PREDICTED)});color:light-dark(#fff,#000)"
    head = "".join(f"<th>{name}</th>" for name, _ in shown)
    rows = "".join(
        f'<tr><td class="cs-left"><b class="cs-number" style="{colours}">{k + 1}</b> '
        f"{_to_vertex(location)}</td>"
        f'<td class="cs-left">{_to_rois(location)}</td>'
        + "".join(f"<td>{signed(float(values[k]), 2)}</td>" for _, values in shown)
        + f"<td>{signed(r[k]) if np.isfinite(r[k]) else 'constant'}</td></tr>"
        for k, location in enumerate(locations)
    )
    show_html(
        '<p class="cs-title">{n_locations} picked vertices</p><div class="cs-scroll">'
        '<table class="cs-table"><thead><tr><th>vertex</th><th class="cs-left">ROIs</th>{head}'
        "<th>r</th></tr></thead><tbody>{rows}</tbody></table></div>"
        '<p class="cs-note">{label} to image {image}; Pearson r over {n_images} {images_of}.</p>',
        n_locations=len(locations),
        head=Html(head),
        rows=Html(rows),
        label=subject.conventions.label("Responses"),
        image=responses.image,
        n_images=report.n_images,
        images_of=images_of(report, subject),
    )
    csv_button(
        subject,
        "picked vertices (CSV)",
        f"picks-{responses.image}",
        lambda: _table(subject, run, responses, positions),
    )


def _to_vertex(location: Location) -> Html:
    words = f"{location.part} {location.number}"
    return link_to_place(words, location.roi, location.name)


def _to_rois(location: Location) -> str:
    names = [RoiName(roi, location.part) for roi in location.rois]
    return ", ".join(link_to_place(name.name, name) for name in names) or "none"


def _table(subject: Subject, run: Run, responses: ImageResponses, positions: np.ndarray) -> str:
    """Write one row per vertex: where it is, both responses, r and its ceiling."""
    report = run.report
    header, places = place_columns(subject)
    facts = subject.conventions
    columns = {facts.column("predicted"): responses.predicted, "r": np.asarray(report.r)}
    if responses.measured is not None:
        columns = {facts.column("measured"): responses.measured, **columns}
    if report.ceiling is not None:
        columns["ceiling"] = np.sqrt(np.asarray(report.ceiling))
    numbers = zip(*(rounded(values[positions]) for values in columns.values()), strict=True)
    rows = ((*places[k], *n) for k, n in zip(positions.tolist(), numbers, strict=True))
    definition = (
        f"responses to image {responses.image} ({facts.meaning}); predicted "
        f"by {model_title(run)}; r: Pearson, {report.n_images} "
        f"{images_of(report, subject)}; ceiling: the highest r the noise allows; "
        f"{numbering(subject)}"
    )
    return csv_text(subject, definition, [*header, *columns], rows)
