"""What the user asked: frozen specs, one immutable document. No torch, no Qt, no computation."""
