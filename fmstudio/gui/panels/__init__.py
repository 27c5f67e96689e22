"""The left column: what is asked, top to bottom in the order in which the mathematics reads."""

from fmstudio.gui.panels.end import source_panel, target_panel
from fmstudio.gui.panels.field import FieldPanel
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.gui.panels.panel import Panel, PanelEntry
from fmstudio.gui.panels.path import PathPanel

LEFT_PANELS: tuple[PanelEntry, ...] = (
    PanelEntry("source", "Source", source_panel),
    PanelEntry("target", "Target", target_panel),
    PanelEntry("path", "Path", PathPanel),
    PanelEntry("field", "Field", FieldPanel),
    PanelEntry("motion", "Motion", MotionPanel),
)

__all__ = ["LEFT_PANELS", "Panel", "PanelEntry"]
