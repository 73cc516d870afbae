"""The stimulus on screen: gallery in the sidebar, search, and what the model did with it.

Gallery and search field are apart: another image leaves the field as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import streamlit as st

from cortiscope import services, state
from cortiscope.core.datasets import StimulusNote, Subject
from cortiscope.core.runs import Run
from cortiscope.markup import Html, as_text, html
from cortiscope.navigation import link_with
from cortiscope.regions import redraw, region
from cortiscope.stimulus_files import stimulus_address
from cortiscope.stimulus_gallery import GalleryPick, stimulus_gallery

_SET = "picture-set"

ROLE_WORDS = {
    "": "",
    "fit": "The model was fitted on this image, so its prediction is not a test of the model.",
    "validation": "Validation image: kept from fitting, used to choose between models.",
    "report": "Kept from fitting and choosing, for the report alone.",
    "left out": "Left out of fitting and choosing: it is a test image, or nearly one.",
    "test": "Held-out test image: it took no part in fitting or choosing.",
}


@dataclass(frozen=True, eq=False)
class ChosenPictures:
    """Pictures of a subject that somebody put together; kept as long as the session.

    Parameters
    ----------
    subject : its id.
    pictures : split and row (from 0) of each, at least one.
    """

    subject: str
    name: str
    pictures: tuple[tuple[str, int], ...]

    @cached_property
    def held(self) -> frozenset[tuple[str, int]]:
        """The same, to be looked up."""
        return frozenset(self.pictures)


def chosen_pictures(subject: Subject) -> ChosenPictures | None:
    """Return the set that somebody put together of a subject's pictures, or None."""
    kept: ChosenPictures | None = st.session_state.get(_SET)
    return kept if kept is not None and kept.subject == subject.id else None


def keep_set(kept: ChosenPictures | None) -> None:
    """Keep a set, and show its first picture unless one of it is on screen; None forgets it."""
    st.session_state[_SET] = kept
    shown = state.current().image_name
    if kept and (shown is None or (shown.split, shown.number - 1) not in kept.held):
        split, row = kept.pictures[0]
        state.change(image=state.ImageName(split, row + 1))


def _shown_set(subject: Subject) -> ChosenPictures | None:
    """Return the set if the picture on screen is of it: whoever leaves it sees all pictures."""
    kept, shown = chosen_pictures(subject), state.current().image_name
    if kept is None or shown is None or (shown.split, shown.number - 1) not in kept.held:
        return None
    return kept


@dataclass(frozen=True)
class StimulusChoice:
    """An image of a subject: split, row (from 0), and its role for the model, if there is one."""

    split: str
    row: int
    role: str
    note: StimulusNote

    @property
    def name(self) -> str:
        """As in the address: ``test-12``, counted from 1."""
        return f"{self.split}-{self.row + 1}"


def stimulus_on_screen(subject: Subject, run: Run | None) -> StimulusChoice:
    """Return the image on screen: the selection's, or the first that can stand for it."""
    split, row = _from_address(subject, run)
    found = _found(subject, state.current().search)
    if found and (split, row) not in found:
        # Another picture than those that were searched for would pretend to be one of them.
        split, row = found[0]
    role = "" if run is None else run.role_of(split, row)
    return StimulusChoice(split, row, role, _note(subject, split, row))


def pick_stimulus(
    subject: Subject, run: Run | None, *, redraws: Callable[[], Sequence[str]] = tuple
) -> StimulusChoice:
    """Draw the gallery into the container at hand and return the image on screen.

    Parameters
    ----------
    run : the model on screen, whose images are marked by their role; None without one.
    redraws : says which regions follow when another image is picked; where it says none, the one
        in which the gallery stands does.
    """
    shown = stimulus_on_screen(subject, run)

    def take(picked: GalleryPick) -> None:
        state.change(image=state.ImageName(picked.split, picked.number + 1))
        redraw(*redraws())

    stimulus_gallery(
        key="gallery",
        base_url=stimulus_address(subject),
        order=_found(subject, state.current().search) or _n_images(subject),
        current=(shown.split, shown.row),
        roles=_roles(subject, run),
        caption=shown.note.caption,
        role_text=ROLE_WORDS[shown.role],
        stamp=subject.stamp,
        on_pick=take,
    )
    state.change(image=state.ImageName(shown.split, shown.row + 1))
    return shown


def linked_pictures(
    subject: Subject,
    pictures: Iterable[tuple[str, int, str]],
    *,
    page: str | None = None,
    side: int = 96,
) -> Html:
    """Return small pictures as figures; each is a link that brings its image on screen.

    Parameters
    ----------
    pictures : split, row and the words below each.
    page : where the image is shown (see ``navigation.link_with``).
    side : pixels.
    """
    named = tuple((*one, _note(subject, *one[:2]).caption) for one in pictures)
    return _figures(stimulus_address(subject), named, page, side)


# The same ones stand beside each image, as long as vertex, ROI and model are the same.
@lru_cache(maxsize=128)
def _figures(
    base: str, pictures: tuple[tuple[str, int, str, str], ...], page: str | None, side: int
) -> Html:
    figures = []
    for split, row, words, caption in pictures:
        name = state.ImageName(split, row + 1)
        picture = html(
            '<img loading="lazy" alt="{name}{caption}" src="{base}/{split}/{row}?s={side}">',
            name=name,
            caption=f": {caption}" if caption else "",
            base=base,
            split=split,
            row=row,
            side=side,
        )
        link = link_with(picture, page=page, title=caption or str(name), image=name, search=None)
        figures.append(
            html("<figure>{link}<figcaption>{words}</figcaption></figure>", link=link, words=words)
        )
    return Html("".join(figures))


def _from_address(subject: Subject, run: Run | None) -> tuple[str, int]:
    start = _first(subject, run)
    asked, name = state.current().image, state.current().image_name
    if name is not None:
        if 1 <= name.number <= len(subject.split(name.split)):
            return name.split, name.number - 1
        shown = state.ImageName(start[0], start[1] + 1)
        state.tell(f"{subject.id} has no image “{asked}”; showing {shown}.")
    elif asked:
        shown = state.ImageName(start[0], start[1] + 1)
        state.tell(f"There is no image “{asked}”: images are named like test-12; showing {shown}.")
    return start


def _first(subject: Subject, run: Run | None) -> tuple[str, int]:
    """Where to start: an image that was not fitted, with measured responses if there are any."""
    if len(subject.test) and subject.test.responses is not None:
        return "test", 0
    rows = np.empty(0, int) if run is None else run.array("validation_rows")
    return "train", int(rows[0]) if rows.size else 0


def _note(subject: Subject, split: str, row: int) -> StimulusNote:
    notes = subject.split(split).notes
    return notes[row] if notes else StimulusNote()


def _roles(subject: Subject, run: Run | None) -> dict[str, str]:
    """Say per split what the model did: one letter per image for train, one for all of test."""
    return {} if run is None else {"train": _roles_of(run.id, len(subject.train)), "test": "h"}


@lru_cache(maxsize=32)
def _roles_of(run_id: str, n_images: int) -> str:
    run, letters = services.run(run_id), np.full(n_images, "-")
    letters[run.rows_of("fit")] = "f"
    letters[run.rows_of("validation")] = "v"
    letters[run.rows_of("report")] = "h"
    return "".join(letters)


@region("stimulus-search")
def show_search(subject: Subject, *, redraws: str) -> None:
    """Draw the search field, and how many images it finds.

    Parameters
    ----------
    redraws : the region that draws the gallery.
    """
    _offer_all(subject, redraws)
    if not subject.test.notes and not subject.train.notes:
        return
    asked = state.current().search
    key = state.widget_key("search", asked)

    def take() -> None:
        words = st.session_state[key].strip()
        state.seen("search", words)
        state.change(search=words)
        redraw(redraws, "stimulus-search")

    st.text_input(
        "search",
        asked,
        key=key,
        placeholder="search captions: face, street …",
        label_visibility="collapsed",
        on_change=take,
    )
    state.seen("search", asked)
    if not asked:
        return
    if found := _found(subject, asked):
        st.caption(f"{len(found)} of {sum(_n_images(subject).values())} images")
    else:
        st.warning(
            as_text(
                f"No caption or category contains “{asked}”: all images are offered, and the "
                "one on screen does not match."
            )
        )


def _offer_all(subject: Subject, redraws: str) -> None:
    """Say which set the gallery shows, and offer all pictures again."""
    if (kept := _shown_set(subject)) is None:
        return
    words, button = st.columns([3, 2], vertical_alignment="center")
    words.caption(as_text(f"{kept.name}: {len(kept.pictures)} pictures"))

    def forget() -> None:
        keep_set(None)
        redraw(redraws, "stimulus-search", "explore-map")

    button.button("all pictures", key="stimulus-all", type="tertiary", on_click=forget)


def _n_images(subject: Subject) -> dict[str, int]:
    return {"test": len(subject.test), "train": len(subject.train)}


def _found(subject: Subject, words: str) -> Sequence[tuple[str, int]]:
    """Return split and row of each image whose caption or categories hold all words.

    Of the set that is shown, if one is; without either nothing.
    """
    wanted, kept = tuple(words.lower().split()), _shown_set(subject)
    if not wanted:
        return kept.pictures if kept else ()
    return _found_by(subject.id, subject.state, wanted, kept)


# At each change of image several times, over the captions of 10,000.
@lru_cache(maxsize=64)
def _found_by(
    subject_id: str, data: str, wanted: tuple[str, ...], kept: ChosenPictures | None
) -> tuple[tuple[str, int], ...]:
    subject = services.subject(subject_id)
    return tuple(
        (name, k)
        for name in ("test", "train")
        for k, note in enumerate(subject.split(name).notes)
        if all(w in f"{note.caption} {' '.join(note.categories)}".lower() for w in wanted)
        and (kept is None or (name, k) in kept.held)
    )
