"""What is on screen: locations, the mesh they are drawn on, the menu of models."""
