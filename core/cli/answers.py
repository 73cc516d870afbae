"""The talk of the app with its helping processes: one JSON object per line each way.

Answers carry the question's id and either ``result`` or ``error``. The process ends when its
input does.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from cortiscope.core.errors import CoreError


def answer_lines(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Answer questions until the input ends; return how many there were."""
    answered = 0
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            said = {"result": answer(request)}
        except CoreError as error:
            said = {"error": {"kind": error.kind, "message": error.message, "hint": error.hint}}
        except Exception as error:  # the process must outlive any one file
            said = {"error": {"kind": "defect", "message": f"{error!r}", "hint": ""}}
        print(json.dumps({"id": request.get("id"), **said}), flush=True)
        answered += 1
    return {"answered": answered}


def show_answered(result: dict[str, Any]) -> str:
    """Format for people."""
    return f"answered {result['answered']}"


def encode_array(values: np.ndarray) -> dict[str, Any]:
    """Pack float32 values for JSON."""
    values = np.ascontiguousarray(values, dtype=np.float32)
    return {"shape": list(values.shape), "base64": base64.b64encode(values.tobytes()).decode()}


def read_array(packed: dict[str, Any]) -> np.ndarray:
    """Unpack what ``encode_array`` packed."""
    flat = np.frombuffer(base64.b64decode(packed["base64"]), dtype=np.float32)
    return flat.reshape(packed["shape"])
