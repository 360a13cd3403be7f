"""Arrays on their way from one process to another, as JSON."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping


def packed(array: np.ndarray[Any, Any]) -> dict[str, object]:
    """Return an array as a dictionary fit for JSON: its type, its shape, its bytes."""
    array = np.ascontiguousarray(array)
    array = array.astype(array.dtype.newbyteorder("<"), copy=False)
    values = base64.b64encode(array.tobytes()).decode()
    return {"dtype": array.dtype.str, "shape": array.shape, "values": values}


def unpacked(packed: Mapping[str, Any]) -> np.ndarray[Any, Any]:
    """Return what :func:`packed` was given."""
    array = np.frombuffer(base64.b64decode(packed["values"]), packed["dtype"])
    return array.reshape(packed["shape"])
