"""Fitted encoding models on disk: arrays and JSON, no pickle, readable with numpy alone."""

from core.runs.spec import EncodingSpec
from core.runs.store import Run, RunStore

__all__ = ["EncodingSpec", "Run", "RunStore"]
