"""Where work runs: requests go in, rows of float32 come out. See messages, buffers and client."""
