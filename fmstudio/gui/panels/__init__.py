"""The left column: what is asked, top to bottom in the order in which the mathematics reads."""

from fmstudio.gui.panels.end import source_panel, target_panel
from fmstudio.gui.panels.field import FieldPanel
from fmstudio.gui.panels.motion import MotionPanel
from fmstudio.gui.panels.panel import Panel, PanelEntry
from fmstudio.gui.panels.path import PathPanel

LEFT_PANELS: tuple[PanelEntry, ...] = (
    PanelEntry("source", "Source", source_panel, "Symbols"),
    PanelEntry("target", "Target", target_panel, "Symbols"),
    PanelEntry("path", "Path", PathPanel, "Schedules"),
    PanelEntry("field", "Field", FieldPanel, "Everything follows from the posterior"),
    PanelEntry("motion", "Motion", MotionPanel, "Motions"),
)

__all__ = ["LEFT_PANELS", "Panel", "PanelEntry"]
