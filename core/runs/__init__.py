"""Fitted encoding models on disk: arrays and JSON, no pickle, readable with numpy alone."""

from core.runs.drafts import FolderCheckpoint
from core.runs.spec import RUN_FORMAT, EncodingSpec, SubjectData
from core.runs.store import Run, RunSource, RunStore, SetAside

__all__ = [
    "RUN_FORMAT",
    "EncodingSpec",
    "FolderCheckpoint",
    "Run",
    "RunSource",
    "RunStore",
    "SetAside",
    "SubjectData",
]
