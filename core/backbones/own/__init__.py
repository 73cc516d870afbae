"""Networks of one's own as backbones: registered once, kept in the home, made again anywhere."""
