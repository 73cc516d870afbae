"""What is in a data folder."""
