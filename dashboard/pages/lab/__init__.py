"""The page Lab: four questions to a subject's responses and to a model."""
