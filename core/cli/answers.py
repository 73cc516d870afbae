"""The talk of the app with its helping processes: one JSON object per line each way.

Answers carry the question's id and either ``result`` or ``error``. The process ends when its
input does.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

from cortiscope.core.errors import CoreError


def answer_lines(answer: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Answer questions until the input ends; return how many there were."""
    answered = 0
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            told = {"result": answer(request)}
        except CoreError as error:
            told = {"error": {"kind": error.kind, "message": error.message, "hint": error.hint}}
        except Exception as error:  # the process must outlive any one file
            told = {"error": {"kind": "defect", "message": f"{error!r}", "hint": ""}}
        print(json.dumps({"id": request.get("id"), **told}), flush=True)
        answered += 1
    return {"answered": answered}


def show_answered(result: dict[str, Any]) -> str:
    """Format for people."""
    return f"answered {result['answered']}"
