"""The pictures on which two models disagree most, and on whose side the measurement is."""

from __future__ import annotations

import numpy as np

from cortiscope import services
from cortiscope.core.errors import InvalidInput
from cortiscope.core.evaluation import Disagreement, disagreement, same_images
from cortiscope.core.evaluation.report import images_of
from cortiscope.markup import Html, html, show_html, show_note, show_title, signed
from cortiscope.pages.compare.pair import Pair
from cortiscope.panels.detail import default_locations, locations_on_screen
from cortiscope.panels.downloads import csv_button, csv_text
from cortiscope.panels.stimulus import linked_pictures
from cortiscope.regions import region

_N_SHOWN = 12


@region("compare-pictures")
def show_pictures(pair: Pair) -> None:
    """Draw them for the ROI, vertex or brushed region that was selected last."""
    subject, (a, b), (first, second) = pair.subject, pair.runs, pair.letters
    if not same_images(a, b):
        show_note(
            "{a} and {b} were scored on different images: none was predicted by both.",
            **{"a": first, "b": second},
        )
        return
    place = locations_on_screen(subject) or default_locations(subject)
    key = place.positions.astype(np.int64).tobytes()
    (of_a, measured), (of_b, _) = (services.reported_at(run, subject, key) for run in (a, b))
    show_title(
        "Where {a} and {b} disagree most: {place}", place=place.title, **{"a": first, "b": second}
    )
    try:
        found = disagreement(of_a, of_b, measured, stimuli=pair.scored[0].stimuli)
    except InvalidInput as error:
        show_note("{words}", words=f"{error.message} {error.hint}".strip())
        return
    show_html(
        '<p class="cs-verdict">{words}</p>', words=_verdict(pair, found, len(place.positions))
    )
    show_html('<div class="cs-strip cs-wide">{figures}</div>', figures=_figures(pair, found))
    show_note(
        "The first {n} of {k}. Chosen by the predictions alone: the largest differences of {a} and "
        "{b} in the mean response over {images}. Predictions and measurement are z-scored over "
        "these images first, since plain distance favours the model that predicts smaller "
        "responses. Two models that are equally good share the pictures, .5 each; the interval "
        "(Wilson) applies to pictures chosen alike. Select another ROI or region above. {stamp}",
        **{"n": min(_N_SHOWN, len(found.images)), "k": len(found.images), "a": first, "b": second},
        images=f"{a.report.n_images} {images_of(a.report, subject)}",
        stamp=subject.stamp,
    )
    csv_button(subject, "pictures", "compare-pictures", lambda: _csv(pair, found, place.title))


def _verdict(pair: Pair, found: Disagreement, n: int) -> str:
    """Say with whom the measurement sides, and how sure that is."""
    a, b = pair.letters
    if found.low > 0.5:
        side = f"The measurement sides with {a}"
    elif found.high < 0.5:
        side = f"The measurement sides with {b}"
    else:
        side = "The measurement sides with neither"
    unit = pair.subject.space.unit
    return (
        f"{side}: nearer to {a} in {100 * found.rate:.0f} % of {len(found.images)} pictures "
        f"[{100 * found.low:.0f}, {100 * found.high:.0f}], mean of {n:,} {unit}."
    )


def _numbers(pair: Pair, found: Disagreement, image: int) -> Html:
    """Write both predictions and the measurement of one picture, in SD."""
    a, b = pair.letters
    return html(
        "{a} {of_a} · {b} {of_b}<br>measured {m}",
        **{"a": a, "of_a": signed(found.a[image], 1), "b": b, "of_b": signed(found.b[image], 1)},
        m=signed(found.measured[image], 1),
    )


def _figures(pair: Pair, found: Disagreement) -> Html:
    split, rows = pair.runs[0].reported
    return linked_pictures(
        pair.subject,
        [(split, int(rows[k]), _numbers(pair, found, k)) for k in found.images[:_N_SHOWN]],
        page="",
    )


def _csv(pair: Pair, found: Disagreement, place: str) -> str:
    a, b = pair.letters
    split, rows = pair.runs[0].reported
    words = (
        f"{place}; {pair.images}; the {len(found.images)} pictures on which the predictions of {a} "
        f"and {b} differ most; mean responses z-scored over images; with_{a.lower()}: 1 where the "
        f"measurement is nearer to {a}; rate {found.rate:.3f} [{found.low:.3f}, {found.high:.3f}]"
    )
    header = ["image", f"predicted_{a.lower()}", f"predicted_{b.lower()}", "measured"]
    numbers = (
        (f"{split}-{rows[k] + 1}", *(f"{z[k]:.4f}" for z in (found.a, found.b, found.measured)), s)
        for k, s in zip(found.images, found.with_a, strict=True)
    )
    return csv_text(pair.subject, words, [*header, f"with_{a.lower()}"], numbers)
