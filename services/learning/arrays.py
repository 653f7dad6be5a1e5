"""Arrays by what they hold."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]
"""Where something is in a list: rows, or intents."""
Mask = npt.NDArray[np.bool_]
