"""What is known exactly of p_t."""
