from __future__ import annotations

import pytest
from draining import finish
from projects import new_project

from napari_localcl.data.errors import BadInput
from napari_localcl.widgets.opening import open_or_create


def test_a_new_project_takes_the_threshold_and_an_old_one_keeps_its_own(pictures, tmp_path):
    home = tmp_path / "home"
    _, opened = finish(open_or_create(pictures, home, 0.3))
    assert opened.project.record.review_below == 0.3
    opened.project.close()
    _, again = finish(open_or_create(pictures, home, 0.7))
    assert again.project.record.review_below == 0.3
    again.project.close()


def test_a_new_project_never_replaces_another(pictures, tmp_path):
    new_project(tmp_path / "home", pictures).close()
    with pytest.raises(BadInput, match="holds a project already"):
        finish(open_or_create(pictures, tmp_path / "home", 0.5, is_new=True))
