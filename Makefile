# make setup   an environment in .venv with the tested versions
# make demo    the main job on sample data, end to end; then napari, where there is a screen
# make test    style, types, floors, tests
# make screenshots   the pictures of the documentation, from the running program
# make clean   everything that can be made again, the environment excepted

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup demo test screenshots clean

setup: $(READY)

# What the window and its tests need of Linux: a display in memory, OpenGL, and Qt's libraries.
SYSTEM := xvfb xauth libgl1 libegl1 libdbus-1-3 libfontconfig1 libxkbcommon-x11-0 libxcb-icccm4 \
	libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-cursor0

# Where there is none (other systems have a screen always), the tests open their windows on the screen.
XVFB = $(shell command -v xvfb-run >/dev/null && echo xvfb-run -a)

$(READY): pyproject.toml constraints.txt
	@[ "$$(uname)" != Linux ] || \
	{ command -v xvfb-run && ldconfig -p | grep libxcb-cursor; } >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then apt-get update -qq && apt-get install -qq --no-install-recommends $(SYSTEM) >/dev/null; \
	else echo "for the window and its tests, install: $(SYSTEM)"; fi
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $(READY)

demo: setup
	$(BIN)/napari-localcl demo

# Two test processes with one thread each suit two cores and every larger machine. Each takes the
# tests of one module after another, because these may share a window or a model.
test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 QT_API=pyqt5 $(XVFB) $(BIN)/python -m pytest -n 2 --dist worksteal
	OMP_NUM_THREADS=1 QT_API=pyqt6 $(XVFB) $(BIN)/python -m pytest -n 2 --dist worksteal tests/widgets -m end_to_end

# With PyQt6, because napari says in the picture that it is to drop PyQt5.
screenshots: setup
	QT_API=pyqt6 $(if $(XVFB),$(XVFB) -s "-screen 0 1280x800x24") $(BIN)/python docs/screenshots.py

clean:
	rm -rf build dist localcl-demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
