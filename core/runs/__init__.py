"""Fitted encoding models on disk: arrays and JSON, no pickle, readable with numpy alone."""

from core.runs.drafts import FolderCheckpoint
from core.runs.spec import EncodingSpec, SubjectData
from core.runs.store import RUN_FORMAT, Run, RunSource, RunStore

__all__ = [
    "RUN_FORMAT",
    "EncodingSpec",
    "FolderCheckpoint",
    "Run",
    "RunSource",
    "RunStore",
    "SubjectData",
]
