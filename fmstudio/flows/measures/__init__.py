"""How near, how straight, how dense."""
