"""Between a layer and the regressor: scaling and fewer numbers per image, on fit images only."""
