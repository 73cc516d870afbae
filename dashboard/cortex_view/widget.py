"""The viewer in a notebook: the same JavaScript as in the app, as an anywidget.

A widget has one module, and no server of its own. So the viewer's bundle travels as text, which the
viewer puts into the files that it saves, and the geometry comes as bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from cortiscope.cortex_view.assets import AssetRef, stored_asset
from cortiscope.cortex_view.component import FRONTEND
from cortiscope.cortex_view.payload import CortexMap, encode_payload
from cortiscope.cortex_view.selection import (
    CortexRegion,
    PickedVertex,
    read_picks,
    read_region,
)

_LOADER = """
const BUNDLE = %s;
let entry;
export default {
  async render(context) {
    entry ??= import(URL.createObjectURL(new Blob([BUNDLE], { type: "text/javascript" })));
    return (await entry).render(context, BUNDLE);
  },
};
"""


@cache
def widget_module() -> str:
    """Return the viewer as one JavaScript module, for anywidget."""
    return _LOADER % json.dumps(FRONTEND.bundle)


class CortexWidget(anywidget.AnyWidget):
    """One to six maps on one cortex, in a notebook.

    Parameters
    ----------
    maps : the views, side by side.
    assets : from ``register_assets``, for the subject whose values these are.
    folder : where that has stored them.
    height : pixels, controls included.
    picks : vertices to mark: ``PickedVertex`` or ``(hemisphere, vertex)``.
    focus_roi : a ROI to bring forward: its name, or ``(name, hemisphere)``.
    view : camera to start from (``payload.check_view``).
    stamp : printed on maps with ``simulated``.
    """

    _esm = widget_module()
    _message = traitlets.Bytes().tag(sync=True)
    _assets = traitlets.Dict().tag(sync=True)
    _picked = traitlets.Any(None, allow_none=True).tag(sync=True)
    _region = traitlets.Any(None, allow_none=True).tag(sync=True)
    _view = traitlets.Any(None, allow_none=True).tag(sync=True)

    def __init__(
        self,
        maps: Sequence[CortexMap],
        *,
        assets: AssetRef,
        folder: Path,
        height: int = 520,
        picks: Iterable[PickedVertex | tuple[str, int]] | None = None,
        focus_roi: str | tuple[str, str] | None = None,
        view: Mapping[str, Any] | None = None,
        stamp: str = "SIMULATED",
    ) -> None:
        self.assets, self._height, self._stamp = assets, height, stamp
        given = None if picks is None else tuple(picks)
        names = (assets.geometry, assets.space, assets.tables)
        super().__init__(
            _assets={name: stored_asset(folder, name) for name in names},
            _message=self._encoded(maps, picks=given, focus_roi=focus_roi, view=view),
        )

    def show(self, maps: Sequence[CortexMap], *, focus_roi: str | None = None) -> None:
        """Show other maps of the same subject; the camera and what is marked stay."""
        self._message = self._encoded(maps, focus_roi=focus_roi)

    def _encoded(self, maps: Sequence[CortexMap], **choices: Any) -> bytes:
        return encode_payload(
            maps,
            self.assets,
            height=self._height,
            stamp=self._stamp,
            publish_view=True,
            **choices,
        )

    @property
    def picks(self) -> tuple[PickedVertex, ...]:
        """The vertices that were clicked, in order."""
        return read_picks(self._picked) if self._picked else ()

    @property
    def region(self) -> CortexRegion | None:
        """The region that was brushed; None where none was."""
        return read_region(self._region) if self._region else None

    @property
    def view(self) -> dict[str, Any] | None:
        """The camera and all choices after the last interaction, to be given as ``view`` again."""
        return dict(self._view) if self._view else None
