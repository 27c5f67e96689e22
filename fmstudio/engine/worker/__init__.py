"""The side of the engine that knows torch: specs become objects of ``flows``, requests become work."""
