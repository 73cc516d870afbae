"""The Algonauts 2023 layout: one folder per subject, as released."""
