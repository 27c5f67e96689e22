"""What is asked: two ends, how they are paired, and the way between them."""
