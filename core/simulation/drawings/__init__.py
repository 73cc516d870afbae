"""How the things and places in a simulated scene are drawn: one module per kind."""
