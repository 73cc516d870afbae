"""Pages: one folder each, with its own panels; ``main.PAGES`` names them."""
