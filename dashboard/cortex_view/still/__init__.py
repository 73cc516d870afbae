"""The viewer's picture drawn with numpy and Pillow, for browsers without WebGL2.

The same assets, camera, layout and colours as ``frontend/pure`` and ``frontend/draw/shaders.js``,
so that the two pictures agree pixel by pixel away from edges.
"""

from cortiscope.cortex_view.still.kept import kept_still
from cortiscope.cortex_view.still.picture import draw_still
from cortiscope.cortex_view.still.request import StillRequest, read_request

__all__ = ["StillRequest", "draw_still", "kept_still", "read_request"]
