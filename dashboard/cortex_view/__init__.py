"""A cortex viewer for Streamlit: several maps of one brain, one camera, drawn in the browser.

Independent of the rest of the project: it takes arrays and knows nothing of models or images.
Geometry and the subject's vertices are served once over HTTP; a new image sends float32 values
for the subject's own vertices only. Turning, flattening, recolouring and hovering need no server.
"""

from cortiscope.cortex_view.address import read_view, write_view
from cortiscope.cortex_view.assets import (
    AssetRef,
    cortex_asset_route,
    register_assets,
    write_asset,
)
from cortiscope.cortex_view.colour import colour_table
from cortiscope.cortex_view.component import FRONTEND, CortexEvent, cortex_view
from cortiscope.cortex_view.geometry import CortexGeometry, HemisphereMesh
from cortiscope.cortex_view.payload import ColourScale, CortexMap
from cortiscope.cortex_view.selection import (
    CortexRegion,
    PickedVertex,
    read_picks,
    read_region,
)
from cortiscope.cortex_view.space import CortexRoi, CortexSpace
from cortiscope.cortex_view.still import StillRequest, StillScale, framing_of, still_scales
from cortiscope.frontends import frontend_route

__all__ = [
    "FRONTEND",
    "AssetRef",
    "ColourScale",
    "CortexEvent",
    "CortexGeometry",
    "CortexMap",
    "CortexRegion",
    "CortexRoi",
    "CortexSpace",
    "HemisphereMesh",
    "PickedVertex",
    "StillRequest",
    "StillScale",
    "colour_table",
    "cortex_asset_route",
    "cortex_view",
    "framing_of",
    "frontend_route",
    "read_picks",
    "read_region",
    "read_view",
    "register_assets",
    "still_scales",
    "write_asset",
    "write_view",
]
