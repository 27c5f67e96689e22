"""How particles and densities move."""
