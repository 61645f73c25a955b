# `make demo` paints a sample photo, `make test` runs every check. Both set up what they need.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin

.PHONY: demo test lint bench gallery clean

# All that painting in one pass needs; PyTorch and the rest come with the tests.
$(VENV)/.core: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.core constraints.txt
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[dev]"
	touch $@

demo: $(VENV)/.core
	$(BIN)/impasto stylize samples/photos/astronaut.jpg --style great-wave \
		--overwrite --output demo.png
	@echo "The picture is demo.png; the photo was samples/photos/astronaut.jpg."
	@echo "To paint your own: $(BIN)/impasto stylize photo.jpg --style great-wave"

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# A process for each core, at most four. Each computes with one thread (tests/conftest.py), and keeps
# to whole files, whose tests share what took long to make.
test: lint
	$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks --readme benchmarks/README.md

gallery: $(VENV)/.dev
	$(BIN)/python docs/gallery.py

clean:
	rm -rf $(VENV) demo.png
