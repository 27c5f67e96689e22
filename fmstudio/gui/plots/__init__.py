"""The right column: what came out. It imports pyqtgraph, so import it once the window is seen."""

from fmstudio.gui.panels.panel import PanelEntry
from fmstudio.gui.plots.equation import EquationPanel
from fmstudio.gui.plots.field_error import FieldErrorPanel
from fmstudio.gui.plots.gradients import GradientsPanel
from fmstudio.gui.plots.loss import LossPanel
from fmstudio.gui.plots.marginals import MarginalsPanel
from fmstudio.gui.plots.metrics import MetricsPanel
from fmstudio.gui.plots.probe import ProbePanel

RIGHT_PANELS: tuple[PanelEntry, ...] = (
    PanelEntry("probe", "Probe", ProbePanel, "Everything follows from the posterior"),
    PanelEntry("loss", "Training loss", LossPanel, "What the plots show"),
    PanelEntry("gradients", "Two gradients", GradientsPanel, "What the plots show"),
    PanelEntry("error", "Learned − exact", FieldErrorPanel, "What the plots show"),
    PanelEntry("marginals", "Marginals", MarginalsPanel, "What the plots show"),
    PanelEntry("metrics", "Metrics", MetricsPanel, "What the plots show"),
    PanelEntry("equation", "Equation", EquationPanel, "Everything follows from the posterior"),
)

__all__ = ["RIGHT_PANELS"]
