"""A subject: images, responses, vertices, ROIs, and what is known about the noise ceiling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path

import numpy as np

from cortiscope.core.brain import (
    HEMISPHERES,
    ChallengeSpace,
    Hemisphere,
    Parcellation,
    Part,
    ResponseSpace,
)
from cortiscope.core.datasets.conventions import Conventions
from cortiscope.core.datasets.fingerprint import (
    DataIdentity,
    Digest,
    file_behind,
    former_fingerprint,
)
from cortiscope.core.datasets.responses import ResponseRows
from cortiscope.core.errors import IncompatibleSpace, InvalidInput, NoPositions, shortened
from cortiscope.core.progress import Progress, silent
from cortiscope.core.stimuli import StimulusImages
from cortiscope.core.storage import content_hashes


@dataclass(frozen=True)
class StimulusNote:
    """What is known about one stimulus beside its pixels."""

    captions: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def caption(self) -> str:
        """The first caption, or an empty text."""
        return self.captions[0] if self.captions else ""


@dataclass(frozen=True)
class Split:
    """The images of one split and the responses to them, row for row.

    Parameters
    ----------
    name : ``train`` or ``test``.
    responses : part of the subject's space -> (n_stimuli, n_vertices) floats, in the units that
        the subject's conventions say; memory-mapped; in the space's order; None where there are
        none.
    truth : the same shape, free of noise; simulated subjects only.
    repeats : (n_stimuli,) trials averaged per image; None where unknown.
    notes : one per stimulus, or empty.
    """

    name: str
    images: StimulusImages
    responses: Mapping[Part, np.ndarray] | None = None
    truth: Mapping[Part, np.ndarray] | None = None
    repeats: np.ndarray | None = None
    notes: tuple[StimulusNote, ...] = ()

    def __len__(self) -> int:
        return len(self.images)

    def __repr__(self) -> str:
        known = "known" if self.responses is not None else "unknown"
        return f"<Split {self.name}: {len(self):,} images, responses {known}>"

    def response_rows(self, rows: np.ndarray | slice) -> np.ndarray:
        """Return (n_rows, n_vertices over all parts) float32 of measured responses."""
        if self.responses is None:
            raise ValueError(f"There are no responses to the {self.name} images.")
        return self.rows_on_disk(np.arange(len(self))[rows])[:]

    def rows_on_disk(self, rows: np.ndarray) -> ResponseRows:
        """Return the measured responses of some rows without reading them."""
        if self.responses is None:
            raise ValueError(f"There are no responses to the {self.name} images.")
        return ResponseRows(list(self.responses.values()), rows)

    def truth_rows(self, rows: np.ndarray | slice) -> np.ndarray | None:
        """Return the noise-free responses of some rows, or None where there are none."""
        return None if self.truth is None else _joined(self.truth, rows)


def _joined(parts: Mapping[Part, np.ndarray], rows: np.ndarray | slice) -> np.ndarray:
    read = [np.asarray(values[rows], dtype=np.float32) for values in parts.values()]
    return read[0] if len(read) == 1 else np.concatenate(read, axis=-1)


@dataclass(frozen=True)
class Subject:
    """One subject of a dataset.

    Parameters
    ----------
    id : as the folder is called, for instance ``subj01`` or ``sim01``.
    layout : which loader read it.
    simulated : stamped on everything that shows this subject.
    space : where the responses are.
    ncsnr : (n_vertices over all parts,) signal SD over noise SD of single trials, or None.
    test_ceiling : (n_vertices,) fractions of the test split's variance, or None.
    conventions : what the numbers mean, as far as anybody says.
    details : what else the folder says about itself.
    """

    id: str
    folder: Path
    layout: str
    space: ResponseSpace
    parcellation: Parcellation
    train: Split
    test: Split
    simulated: bool = False
    ncsnr: np.ndarray | None = None
    test_ceiling: np.ndarray | None = None
    conventions: Conventions = Conventions()
    details: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for split in (self.train, self.test):
            for arrays in (split.responses, split.truth):
                if arrays is not None and tuple(arrays) != self.space.parts:
                    raise IncompatibleSpace(
                        f"The {split.name} split of {self.id} has the parts {', '.join(arrays)}; "
                        f"its space has {', '.join(self.space.parts)}."
                    )

    def __repr__(self) -> str:
        """Three lines: which subject, its images, where its responses are."""
        space, names = self.space, self.parcellation.roi_names
        named = [f"{space.n_vertices(p):,} {p.value}" for p in space.parts]
        is_placed = isinstance(space, ChallengeSpace)
        counts = " + ".join(named) if is_placed else f"{space.n_vertices():,}"
        rois = f"; {len(names)} ROIs: {', '.join(names)}" if names else "; no ROIs"
        stamp = f", {self.stamp}" if self.stamp else ""
        return (
            f"<Subject {self.id}, layout {self.layout}{stamp}\n"
            f" {self.train!r}, {self.test!r}\n"
            f" {counts} {space.unit}{shortened(rois, 80)}>"
        )

    @cached_property
    def identity(self) -> DataIdentity:
        """Digests of everything in it; the first time all its files are read."""
        return identify(self)

    def identified(self, progress: Progress) -> Subject:
        """Return it with its identity known; ``progress`` follows the reading of its files."""
        if "identity" not in self.__dict__:
            self.__dict__["identity"] = identify(self, progress)
        return self

    @property
    def fingerprint(self) -> str:
        """Changes with whatever most models are fitted to: pictures, responses, space, splits."""
        return self.identity.fit()

    @property
    def report_fingerprint(self) -> str:
        """Changes with what scores are summed up with: ceilings, ncsnr, ROIs, captions, notes."""
        return self.identity.report

    @property
    def state(self) -> str:
        """Both of these: the key of whatever is kept of a subject in memory."""
        return f"{self.fingerprint}.{self.report_fingerprint}"

    @cached_property
    def former_fingerprints(self) -> tuple[str, ...]:
        """What older runs know these data by.

        They knew ids, captions, and 32 rows of each file of responses; of plain arrays also vertex
        numbers, ROIs, repeats and ncsnr. Data that share it may be others than were fitted.
        """
        others: list[np.ndarray | None] = []
        if self.layout == "arrays" and isinstance(self.space, ChallengeSpace):
            others += [self.space.index[h] for h in HEMISPHERES]
            labels = self.parcellation.labels.values()
            others += [of_class[h] for of_class in labels for h in HEMISPHERES]
            others += [self.train.repeats, self.test.repeats, self.ncsnr]
        splits = [
            (split.images.ids, split.images.captions, (split.responses or {}).values())
            for split in (self.train, self.test)
        ]
        return (former_fingerprint(self.id, splits, [o for o in others if o is not None]),)

    def cortex(self, what: str = "A map of the cortex") -> ChallengeSpace:
        """Return the vertices' places on fsaverage, for ``what`` needs them.

        Raises
        ------
        NoPositions : the positions of the responses are unknown.
        """
        if isinstance(self.space, ChallengeSpace):
            return self.space
        raise NoPositions(
            f"{what} needs to know where on the cortex responses come from; {self.id} has "
            f"{self.space.n_vertices():,} {self.space.unit} of unknown position: no hemispheres, "
            "no vertex numbers, no ROIs.",
            "Everything over all voxels works: fits of the scope 'both', scores, comparisons, "
            "predictions.",
        )

    @property
    def stamp(self) -> str:
        """The words that go on every figure and export of simulated data, else empty."""
        return f"SIMULATED {self.id}" if self.simulated else ""

    def split(self, name: str) -> Split:
        """Return the split called ``train`` or ``test``."""
        return {"train": self.train, "test": self.test}[name]

    def roi_vertices(self, name: str, hemisphere: Hemisphere) -> np.ndarray:
        """Positions (n,) of a ROI's vertices in arrays over both hemispheres (left first)."""
        start = self.space.slice_of(hemisphere).start
        return self.parcellation.vertices(name, hemisphere) + start


def identify(subject: Subject, progress: Progress = silent) -> DataIdentity:
    """Hash everything of a subject that enters a result; files once, as long as they stay.

    Raises
    ------
    MissingData, DamagedFile : a file that was there when the subject was opened.
    """
    splits = (subject.train, subject.test)
    arrays = [a for s in splits for group in (s.responses, s.truth) for a in (group or {}).values()]
    files = [file for a in arrays if (file := file_behind(a)) is not None]
    files += [path for s in splits for path in s.images.paths]
    digests = content_hashes().digests(files, progress, f"the data of {subject.id}")
    known = dict(zip(files, digests, strict=True))
    parts = {f.name: Digest(known) for f in fields(DataIdentity)}
    for split in splits:
        for digest in parts.values():
            digest.say(split.name, len(split))
        parts["pictures"].say(split.images.ids, [known[path] for path in split.images.paths])
        parts["responses"].arrays(split.responses)
        parts["notes"].arrays(split.truth)
        parts["captions"].say(split.images.captions)
        parts["notes"].say([note.categories for note in split.notes])
        parts["reliability"].arrays({"repeats": split.repeats})
    parts["reliability"].arrays({"ncsnr": subject.ncsnr, "ceiling": subject.test_ceiling})
    space = subject.space
    parts["space"].say(space.n_vertices(), [str(p) for p in space.parts])
    if isinstance(space, ChallengeSpace):
        parts["space"].say(space.n_template)
        parts["space"].arrays(space.index)
    for name, labels in subject.parcellation.labels.items():
        parts["rois"].say(name, sorted(subject.parcellation.names[name].items()))
        parts["rois"].arrays(labels)
    parts["notes"].say(subject.simulated, subject.conventions.to_json(), subject.details)
    return DataIdentity(**{name: digest.short() for name, digest in parts.items()})


def vertex_maps(
    subject_id: str,
    space: ResponseSpace,
    values: np.ndarray | Mapping[str, np.ndarray],
    title: str = "",
) -> dict[str, np.ndarray]:
    """Return title -> (n_vertices,) of one map, which gets ``title``, or of several.

    Raises
    ------
    IncompatibleSpace : a map has another number of values than the subject has vertices.
    InvalidInput : its values are no numbers.
    """
    maps = {title: np.asarray(values)}
    if isinstance(values, Mapping):
        maps = {name: np.asarray(each) for name, each in values.items()}
    for name, each in maps.items():
        which = f"The map {name!r}" if isinstance(values, Mapping) else "The map"
        if each.dtype.kind not in "biuf":
            raise InvalidInput(
                f"{which} holds {shortened(repr(each.tolist()), 60)}, which are no numbers.",
                "Give an array such as model.report.r, or titles with such arrays.",
            )
        if each.shape != (space.n_vertices(),):
            raise IncompatibleSpace(
                f"{which} has the shape {each.shape}; {subject_id} has "
                f"{space.n_vertices():,} {space.unit}.",
                "Give one number for each, in the order of the subject: left, then right.",
            )
    return maps
