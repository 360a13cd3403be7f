"""What people say of series: saved by itself, never lost, never mixed up."""

import numpy as np
import pytest
import tifffile
from projects import new_project

from napari_localcl.data.findings import read_findings
from napari_localcl.widgets.series_book import SeriesBook
from napari_localcl.widgets.session import Session


@pytest.fixture
def exams(tmp_path):
    """Return a folder of four series of two planes, five frames each."""
    for plane in ("axial", "coronal"):
        (tmp_path / "exams" / plane).mkdir(parents=True)
        for index in range(4):
            pixels = np.full((5, 16, 16), 60 + 20 * index, np.uint8)
            tifffile.imwrite(tmp_path / "exams" / plane / f"head_{index}.tif", pixels)
    return tmp_path / "exams"


@pytest.fixture
def opened(qapp, exams, tmp_path, wait):
    """Return a session and the book of its series."""
    session = Session()
    book = SeriesBook(session)
    session.problems = []
    session.problem.connect(session.problems.append)
    session.open(new_project(tmp_path / "project", exams))
    wait(lambda: book.exams)
    yield session, book
    book.close()
    session.close()


def test_what_is_said_is_saved_by_itself_and_read_again(opened, exams, tmp_path, wait):
    session, book = opened
    assert book.has_series
    assert [exam.name for exam in book.exams] == [f"head_{i}" for i in range(4)]
    book.add(" tumour ")
    book.say(0, "tumour", 1.0)
    book.say(2, "tumour", 0.0)
    path = session.project.series
    wait(path.exists)
    assert path.read_text().splitlines()[:2] == ["series,patient,tumour", "head_0,head_0,1"]
    session.open(new_project(tmp_path / "other", exams))
    wait(lambda: book.exams and not book.findings.names)


def test_a_table_from_elsewhere_is_taken_over_and_stays_as_it_is(opened, tmp_path):
    session, book = opened
    table = tmp_path / "labels.csv"
    table.write_text("series,patient,side,cyst\nhead_1,p,left,1\nhead_2,p,right,0\nfoot,q,left,0\n")
    book.take(table, ("side=left", "cyst"))
    assert book.findings.names == ("side=left", "cyst")
    np.testing.assert_array_equal(book.findings.values[1:3], [[1, 1], [0, 0]])
    assert np.isnan(book.findings.values[[0, 3]]).all()
    book.forget("cyst")
    found = read_findings(book.table)
    assert found.names == ("side=left",)
    assert found.patients == ("head_0", "p", "p", "head_3")
    assert "foot" in table.read_text()
    (tmp_path / "strange.csv").write_text("series,cyst\nknee,1\n")
    book.take(tmp_path / "strange.csv", ("cyst",))
    assert "names none of the series" in session.problems[-1]
    assert book.findings.names == ("side=left",)


def test_what_cannot_be_written_is_told_and_kept(opened, monkeypatch):
    session, book = opened

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("napari_localcl.widgets.series_book.write_findings", full)
    book.add("tumour")
    book.say(1, "tumour", 1.0)
    book.save()
    assert "cannot be written (No space left on device)" in session.problems[-1]
    monkeypatch.undo()
    book.save()
    assert read_findings(session.project.series).values[1, 0] == 1


def test_a_table_that_is_damaged_is_told_and_left_as_it_is(qapp, exams, tmp_path, wait):
    project = new_project(tmp_path / "project", exams)
    project.series.write_text("series,tumour\nhead_0,perhaps\n")
    session = Session()
    book = SeriesBook(session)
    session.open(project)
    wait(lambda: book.exams)
    assert "has 'perhaps' in column 'tumour'" in book.problem
    book.add("cyst")
    book.save()
    assert project.series.read_text() == "series,tumour\nhead_0,perhaps\n"
    session.close()


def test_single_images_are_no_series(session, wait):
    book = SeriesBook(session)
    session.begin_anew()
    wait(lambda: book.exams)
    assert not book.has_series
