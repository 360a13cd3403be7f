"""Earlier versions of a mask: one a minute, the latest ten."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from napari_localcl.data.mask_versions import MOST, keep_version, versions_of

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)


def test_one_version_a_minute_is_kept_and_the_oldest_go(tmp_path):
    mask, file = tmp_path / "mask.nii.gz", Path("sub/heart.nii.gz")
    for second in range(0, 60 * (MOST + 5), 20):
        mask.write_text(str(second))
        keep_version(tmp_path / "versions", file, mask, NOON + timedelta(seconds=second))
    known = versions_of(tmp_path / "versions", file)
    assert len(known) == MOST
    assert [int(one.path.read_text()) for one in known[:2]] == [60 * 14, 60 * 13]
    assert known[0].saved == NOON + timedelta(minutes=14)
    assert not versions_of(tmp_path / "versions", Path("sub/heart.png"))


def test_a_mask_that_is_not_there_has_no_version(tmp_path):
    keep_version(tmp_path / "versions", Path("a.png"), tmp_path / "a.png", NOON)
    assert not (tmp_path / "versions").exists()
