"""The left column: what is asked, top to bottom in the order in which the mathematics reads."""

from fmstudio.gui.panels.field import FieldPanel
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.gui.panels.panel import Panel, PanelEntry
from fmstudio.gui.panels.path import PathPanel
from fmstudio.gui.panels.source import SourcePanel
from fmstudio.gui.panels.target import TargetPanel

LEFT_PANELS: tuple[PanelEntry, ...] = (
    PanelEntry("source", "Source", SourcePanel),
    PanelEntry("target", "Target", TargetPanel),
    PanelEntry("path", "Path", PathPanel),
    PanelEntry("field", "Field", FieldPanel),
    PanelEntry("motion", "Motion", MotionPanel),
)

__all__ = ["LEFT_PANELS", "Panel", "PanelEntry"]
