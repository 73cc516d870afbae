"""What can be gone to by name, for the command palette: pages, ROIs, layers, models, pictures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cortiscope import navigation, services, state
from cortiscope.address_bar import LINK_CLASS
from cortiscope.command_palette import PREFIX, command_palette
from cortiscope.core.brain import HEMISPHERES
from cortiscope.core.datasets import Subject
from cortiscope.core.errors import CoreError
from cortiscope.stimulus_files import spelled, stimulus_address, subject_spelled
from cortiscope.subject.model_menu import ModelMenu
from cortiscope.subject.roi_style import roi_colour

# Pages on which a ROI in focus is seen; elsewhere it is gone to on the first.
_WITH_ROIS = frozenset({"", "accuracy", "compare"})
# A caption is cut here, and pictures beyond are gone to by their numbers.
_LONGEST_CAPTION, _MOST_CAPTIONS = 120, 20_000


def show_palette(page: str) -> None:
    """Mount the palette, with what this visitor may open.

    Parameters
    ----------
    page : end of the address of the page on screen.
    """
    chosen = state.current().subject
    command_palette(
        key="command-palette",
        link_class=LINK_CLASS,
        source=f"{PREFIX}/{spelled(chosen)}" if chosen else "",
        pages=navigation.pages_in_bar(),
        roi_page="" if page in _WITH_ROIS else "./",
    )


def destinations(name: str) -> Mapping[str, Any] | None:
    """Return what there is of a subject, by its name as in addresses; None where it cannot be."""
    try:
        subject = services.subject(subject_spelled(name))
        menu = ModelMenu.of(services.runs_of(subject.id))
    except (CoreError, ValueError):
        return None
    return {
        "rois": _rois(subject),
        "models": _models(menu),
        "pictures": _pictures(subject),
        "base": stimulus_address(subject),
    }


def _rois(subject: Subject) -> list[tuple[str, str]]:
    if not subject.space.is_placed:
        return []
    return [
        (
            f"{roi} {h.value} · {roi_colour(subject.parcellation.class_of(roi))[0]}",
            str(state.RoiName(roi, h)),
        )
        for roi in subject.parcellation.roi_names
        for h in HEMISPHERES
        if len(subject.roi_vertices(roi, h))
    ]


def _models(menu: ModelMenu) -> list[tuple[str, str, int, str]]:
    groups: dict[str, int] = {}
    found = []
    for run in menu.runs:
        group = groups.setdefault(menu.layers_like(run)[0].id, len(groups))
        found.append((menu.titles[run.id], run.id, group, run.layer))
    return found


def _pictures(subject: Subject) -> dict[str, dict[str, Any]]:
    found, left = {}, _MOST_CAPTIONS
    for split in (subject.test, subject.train):
        words = [note.caption or ", ".join(note.categories) for note in split.notes[:left]]
        left -= len(words)
        captions = [one[:_LONGEST_CAPTION] for one in words]
        found[split.name] = {"n": len(split), "captions": captions}
    return found
