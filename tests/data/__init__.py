"""Builders of the small worlds, folders and models that tests use."""
