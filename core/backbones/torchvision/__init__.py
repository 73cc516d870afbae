"""torchvision's networks: cards (``family``, from ``table.json``), torch code (``networks``)."""
