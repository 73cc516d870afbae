"""Ordered, identified collections of picture files, loaded one at a time.

The order is part of the identity: row i of every response and feature array belongs to image i.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from cortiscope.core.errors import InvalidInput
from cortiscope.core.progress import Progress, silent
from cortiscope.core.stimuli.copies import copy_labels
from cortiscope.core.stimuli.decode import decode_image
from cortiscope.core.stimuli.listing import list_images, name_in
from cortiscope.core.storage.content import combined, content_hashes


@dataclass(frozen=True)
class StimulusImages:
    """Pictures in the order of the rows of every array that belongs to them.

    Attributes
    ----------
    ids : unique identifiers, one per picture.
    paths : their files, in the same order.
    captions : per picture, what people wrote about it (none, one or several sentences); empty
        where nothing is known of any picture.
    """

    ids: tuple[str, ...]
    paths: tuple[Path, ...]
    captions: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if self.captions and len(self.captions) != len(self.ids):
            raise InvalidInput(f"Captions of {len(self.captions)} images for {len(self.ids)}.")
        if len(self.ids) != len(self.paths):
            raise InvalidInput(f"{len(self.ids)} image ids for {len(self.paths)} image files.")
        if len(set(self.ids)) != len(self.ids):
            twice = next(i for i in self.ids if self.ids.count(i) > 1)
            raise InvalidInput(f"The image id {twice!r} occurs twice; ids must be unique.")

    @classmethod
    def from_paths(cls, paths: Iterable[Path]) -> StimulusImages:
        """Identify files by their names without suffix; the order stays as given."""
        listed = tuple(paths)
        return cls(tuple(p.stem for p in listed), listed)

    @classmethod
    def from_folder(cls, folder: Path) -> StimulusImages:
        """Take all pictures of a folder in natural order of their names."""
        return cls.from_files(folder, list_images(folder))

    @classmethod
    def from_files(cls, folder: Path, paths: Iterable[Path]) -> StimulusImages:
        """Identify a folder's files by their names without suffix; deeper ones with their folder's.

        The order stays as given.
        """
        listed = tuple(paths)
        return cls(tuple(name_in(folder, p.with_suffix("")) for p in listed), listed)

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __repr__(self) -> str:
        return f"<StimulusImages ({len(self)})>"

    def load(self, index: int) -> Image.Image:
        """Decode picture ``index`` to upright RGB (core.stimuli.decode_image)."""
        return decode_image(self.paths[index], name=self.paths[index].name).image

    def subset(self, indices: Iterable[int]) -> StimulusImages:
        """Return the pictures at ``indices``, in that order."""
        chosen = [int(i) for i in indices]
        return StimulusImages(
            tuple(self.ids[i] for i in chosen),
            tuple(self.paths[i] for i in chosen),
            tuple(self.captions[i] for i in chosen) if self.captions else (),
        )

    def groups(self, progress: Progress = silent) -> np.ndarray:
        """Label pictures (n,) so that copies of one stimulus, and only they, have equal labels."""
        return groups_over([self], progress)[0]

    def captions_of(self, index: int) -> tuple[str, ...]:
        """Return the captions of picture ``index`` that are not blank; empty where it has none."""
        found = tuple(c.strip() for c in self.captions[index]) if self.captions else ()
        return tuple(c for c in found if c)

    def check_captions(self, at_least: int = 1) -> None:
        """Raise InvalidInput that names the pictures with fewer captions than ``at_least``."""
        lacking = [self.ids[i] for i in range(len(self)) if len(self.captions_of(i)) < at_least]
        if not lacking:
            return
        what = "no caption" if at_least == 1 else f"fewer than {at_least} captions"
        named = ", ".join(lacking[:5]) + (", ..." if len(lacking) > 5 else "")
        who = (
            f"The image {named} has"
            if len(lacking) == 1
            else f"{len(lacking)} of {len(self)} images ({named}) have"
        )
        raise InvalidInput(
            f"{who} {what}.",
            "Every image needs them: 'caption' or 'captions' in cortiscope_sidecar/stimuli.json "
            "of a subject's folder, or --captions FILE with a folder of images.",
        )

    def caption_key(self) -> str:
        """Return 16 hexadecimal digits of the captions, in order; pictures play no part.

        Raises
        ------
        InvalidInput
            Images have no caption; they are named.
        """
        self.check_captions()
        captions = [self.captions_of(i) for i in range(len(self))]
        return hashlib.sha256(json.dumps(captions).encode()).hexdigest()[:16]

    def content_key(self) -> str:
        """Return 16 hexadecimal digits of the files' bytes, in order; names play no part."""
        return combined(content_hashes().digests(self.paths))[:16]


def groups_over(
    sets: Sequence[StimulusImages], progress: Progress = silent
) -> tuple[np.ndarray, ...]:
    """Label the pictures of several sets together, (n,) per set (``core.stimuli.copies``).

    Raises
    ------
    MissingData, DamagedFile : a file that cannot be read.
    """
    paths = [path for images in sets for path in images.paths]
    edges = np.cumsum([len(images) for images in sets])[:-1]
    return tuple(np.split(copy_labels(paths, progress), edges))
