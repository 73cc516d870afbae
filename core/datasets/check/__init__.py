"""What the checks of all layouts are made of: files, values, pictures, the sidecar, leftovers."""
