"""One image: measured and predicted responses."""
