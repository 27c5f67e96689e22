"""fmstudio: a studio for flow matching and diffusion in two dimensions.

Importing the package imports nothing heavy; ``from fmstudio import flows`` is the mathematics alone.
"""

__version__ = "0.1.0"
