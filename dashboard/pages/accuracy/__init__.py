"""Where the model is right."""
