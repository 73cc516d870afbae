"""Receptive fields: where on the picture each vertex looks, and what it reads there."""
