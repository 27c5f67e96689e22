"""Colours that tell labels apart."""

import numpy as np

from fmstudio.render.particle_colours import label_colours


def test_that_each_label_has_one_colour_far_from_the_others():
    labels = np.tile(np.arange(8, dtype=np.float32), 3)
    colours = label_colours(labels).astype(float)
    np.testing.assert_array_equal(colours[:8], colours[8:16])
    gaps = np.linalg.norm(colours[:8, None, :3] - colours[None, :8, :3], axis=-1)
    assert gaps[~np.eye(8, dtype=bool)].min() > 30
