"""Folders of images and responses, read into one typed Subject. One file per layout."""

from cortiscope.core.datasets.discover import (
    SubjectRef,
    find_subjects,
    open_subject,
    require_outside_data,
)
from cortiscope.core.datasets.subject import Split, StimulusNote, Subject

__all__ = [
    "Split",
    "StimulusNote",
    "Subject",
    "SubjectRef",
    "find_subjects",
    "open_subject",
    "require_outside_data",
]
