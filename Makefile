# Two commands are all that a newcomer needs: `make demo` and `make test`. Each makes .venv itself.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Library, models and keys of the demo and the tests lie here, not in your user data folder.
HOME_DIR := $(CURDIR)/.omnimuse
export OMNIMUSE_HOME ?= $(HOME_DIR)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
DEMO := Write a two-line poem about a red fox under a yellow moon, paint the fox in the style of an old painting, read the poem aloud over a calm piano tune, and make a short film of it

.PHONY: demo test check models bench docs clean

demo: $(VENV)/.base models
	$(BIN)/omnimuse "$(DEMO)" -o out/demo
	@echo "Look at out/demo/contact-sheet.png first. For requests of your own:"
	@echo "  . $(VENV)/bin/activate && export OMNIMUSE_HOME='$(OMNIMUSE_HOME)'"

test: $(VENV)/.all models
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile

check: $(VENV)/.all
	$(BIN)/ruff format --check src tests benchmarks docs examples recipes
	$(BIN)/ruff check src tests benchmarks docs examples recipes
	$(BIN)/mypy
	$(BIN)/lint-imports

models: $(VENV)/.base
	$(BIN)/omnimuse models pull --default

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml requirements.lock | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --no-compile -c requirements.lock -e .
	touch $@

# torch first and alone; torchvision and torchaudio are kept out, they would bring CUDA builds.
$(VENV)/.all: $(VENV)/.base
	$(BIN)/python -m pip install --quiet --no-compile "torch==2.13.0"
	$(BIN)/python -m pip install --quiet --no-compile -c constraints.txt -c requirements.lock -e ".[torch,dev,server]"
	touch $@

clean:
	rm -rf $(VENV) .omnimuse out
