"""Folders of images and responses, read into one typed Subject: a folder of code per layout."""

from cortiscope.core.datasets.checking import check_folder, require_usable
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
    "check_folder",
    "find_subjects",
    "open_subject",
    "require_outside_data",
    "require_usable",
]
