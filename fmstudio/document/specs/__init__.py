"""Frozen specs; unions are discriminated by ``kind``."""
