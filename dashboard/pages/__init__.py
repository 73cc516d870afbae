"""The pages, each a folder with a ``page.py`` that ends in its ``PAGE``: here in their order.

Only folders stand here: Streamlit would take a module beside this one for a page of its own.
"""

from cortiscope.pages.accuracy.page import PAGE as ACCURACY
from cortiscope.pages.compare.page import PAGE as COMPARE
from cortiscope.pages.data.page import PAGE as DATA
from cortiscope.pages.explore.page import PAGE as EXPLORE
from cortiscope.pages.lab.page import PAGE as LAB
from cortiscope.pages.your_image.page import PAGE as YOUR_IMAGE

PAGES = (EXPLORE, ACCURACY, COMPARE, YOUR_IMAGE, LAB, DATA)
