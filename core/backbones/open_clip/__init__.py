"""open_clip's networks: cards (``family``, from ``table.json``), torch code (``networks``)."""
