"""What the house stands on."""

import importlib.util
import pkgutil
import subprocess
import sys

import napari_localcl


def test_torchvision_is_absent():
    # Its wheels beside a CPU build of torch break at import, and break others that look for it.
    assert importlib.util.find_spec("torchvision") is None


def test_every_module_but_the_window_imports_without_qt_and_napari():
    names = [
        module.name
        for module in pkgutil.walk_packages(napari_localcl.__path__, "napari_localcl.")
        if not module.name.endswith("__main__")
        and not module.name.startswith("napari_localcl.widgets")
    ]
    code = (
        f"import importlib, sys; [importlib.import_module(name) for name in {names!r}]; "
        "sys.exit(', '.join({'qtpy', 'napari', 'magicgui', 'superqt'} & set(sys.modules)) or None)"
    )
    command = [sys.executable, "-W", "ignore", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_package_itself_imports_nothing():
    code = "import sys, napari_localcl; print(len([m for m in sys.modules if 'localcl' in m]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) <= 2
