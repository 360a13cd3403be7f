from __future__ import annotations

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.project_images import ProjectImages


def test_two_images_of_one_name_are_refused():
    with pytest.raises(BadInput, match=r"two images of the project are called 'a'"):
        ProjectImages(("a", "b", "a"), ((1, 1),) * 3)
