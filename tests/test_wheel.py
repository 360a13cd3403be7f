"""The wheel, built and installed into an environment of its own, far from the checkout."""

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

QUESTIONS = """
import json, sys
from importlib.metadata import version
from pathlib import Path
import napari_localcl
from napari_localcl.data.samples import sample_folder, sample_sets
from npe2 import PluginManager
manager = PluginManager()
manager.discover()
print(json.dumps({
    "package": napari_localcl.__file__,
    "version": version("napari-localcl"),
    "samples": {name: str(sample_folder(name)) for name in sample_sets()},
    "manifest": manager.get_manifest("napari-localcl").display_name,
}))
"""


def call(*command, cwd):
    done = subprocess.run(
        [str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Return the folder of a fresh environment with the wheel installed.

    The dependencies are those of the environment the tests run in, put behind the fresh one's own
    packages, for installing them anew would take minutes; what puts the checkout on the path there
    is not taken along.
    """
    folder = tmp_path_factory.mktemp("wheel")
    build = ("-m", "build", "--wheel", "--no-isolation", "--outdir", folder / "dist", ROOT)
    call(sys.executable, "-W", "ignore", *build, cwd=folder)
    (wheel,) = (folder / "dist").glob("*.whl")
    venv.create(folder / "env", with_pip=True)
    python = folder / "env" / "bin" / "python"
    call(python, "-m", "pip", "install", "--no-deps", "--no-index", wheel, cwd=folder)
    (own,) = (folder / "env" / "lib").glob("python*/site-packages")
    # A .pth within the borrowed folder is not read, so its editable install stays behind.
    (own / "borrowed.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "env"


@pytest.mark.slow
def test_the_wheel_brings_package_manifest_and_sample_data(environment, tmp_path):
    python = environment / "bin" / "python"
    facts = json.loads(call(python, "-W", "ignore", "-c", QUESTIONS, cwd=tmp_path))
    assert Path(facts["package"]).is_relative_to(environment)
    assert facts["version"] == "0.1.0"
    assert facts["manifest"] == "LocalCL"
    for folder in map(Path, facts["samples"].values()):
        assert folder.is_relative_to(environment)
        assert len(list((folder / "images").iterdir())) == 40
        assert (folder / "landmarks.csv").is_file()


@pytest.mark.slow
def test_the_command_of_the_wheel_explains_itself(environment, tmp_path):
    out = call(environment / "bin" / "napari-localcl", "--help", cwd=tmp_path)
    assert "Usage: napari-localcl" in out


@pytest.mark.slow
def test_the_wheel_leaves_generator_and_tests_behind(environment):
    (package,) = (environment / "lib").glob("python*/site-packages/napari_localcl")
    assert not list((package / "sample_data").rglob("*.py"))
    assert {path.name for path in package.parent.glob("napari*")} == {
        *("napari_localcl", "napari_localcl-0.1.0.dist-info")
    }
