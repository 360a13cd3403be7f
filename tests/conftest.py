"""What all tests share."""

import os
from pathlib import Path

import pytest

# Before torch is imported anywhere: two test processes with many threads each only get in each
# other's way, and child processes inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep decoded images of the tests out of the user's cache; child processes inherit it."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["LOCALCL_CACHE"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with six small grey pictures of smooth blobs."""
    import numpy as np
    from PIL import Image
    from scipy.ndimage import gaussian_filter

    folder = tmp_path_factory.mktemp("pictures")
    chance = np.random.default_rng(0)
    for index in range(6):
        blobs = gaussian_filter(chance.random((80, 64)), 4)
        grey = np.interp(blobs, (blobs.min(), blobs.max()), (0, 255))
        Image.fromarray(grey.astype(np.uint8)).save(folder / f"blobs_{index}.png")
    return folder
