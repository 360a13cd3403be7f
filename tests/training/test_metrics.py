"""The table of losses."""

from napari_localcl.training.metrics import Metrics


def test_rows_after_the_resumed_step_and_a_row_cut_short_are_dropped(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("step,stage,seconds,term,value\n1,a,0.1,x,3\n2,a,0.2,x,2\n3,a,0.3,x,1\n4,a,0")
    metrics = Metrics(path, step=2)
    metrics.add(3, "a", 0.35, {"x": 0.5, "y, z": 0.25})
    metrics.flush()
    assert path.read_text().splitlines()[1:] == [
        "1,a,0.1,x,3",
        "2,a,0.2,x,2",
        "3,a,0.350,x,0.5",
        '3,a,0.350,"y, z",0.25',
    ]


def test_a_fresh_run_begins_an_empty_table(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("step,stage,seconds,term,value\n1,a,0.1,x,3\n")
    Metrics(path)
    assert path.read_text() == "step,stage,seconds,term,value\n"
