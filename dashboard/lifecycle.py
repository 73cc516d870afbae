"""What happens once per server process, outside any script run."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from cortiscope.work import photographs


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Set aside what imports have made, so that no later garbage collection walks over it.

    Streamlit collects fully after each script run; with the scientific stack imported that took
    130 ms a run, and next to nothing once frozen.
    """
    import cortiscope.services  # noqa: F401 - imported here to be frozen with the rest

    gc.collect()
    gc.freeze()
    yield {}
    # Only here: a server that is told to end does not come to Python's own end.
    photographs.remove_all()
