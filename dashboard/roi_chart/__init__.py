"""Values per ROI and hemisphere: the chart every page shares, and the ROI classes' colours."""

from cortiscope.roi_chart.component import FRONTEND, roi_chart
from cortiscope.roi_chart.model import Axis, Mark, RoiPick, RoiRow, Series
from cortiscope.roi_chart.palette import MODEL_COLOURS, ROI_CLASS_COLOURS, Shades

__all__ = [
    "FRONTEND",
    "MODEL_COLOURS",
    "ROI_CLASS_COLOURS",
    "Axis",
    "Mark",
    "RoiPick",
    "RoiRow",
    "Series",
    "Shades",
    "roi_chart",
]
