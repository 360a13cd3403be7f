# make setup   an environment in .venv with the tested versions
# make demo    the main job on sample data, end to end (headless)
# make test    style, types, floors, tests
# make clean   everything that can be made again, the environment excepted

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup demo test clean

setup: $(READY)

# The core needs no system packages. Where one is needed one day (the window's Qt libraries), its
# check belongs here, before the environment is made.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	touch $(READY)

demo: setup
	$(BIN)/napari-localcl demo --headless

# Two test processes with one thread each suit two cores and every larger machine.
test: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

clean:
	rm -rf build dist localcl-demo .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
