"""Ridge regression and its limit without a penalty, for many vertices at once."""
