"""Networks, what they learn from, and what follows from a learned field."""
