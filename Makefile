# Everything happens in .venv. A step that has been done leaves a stamp there, so a second run is quick.

PYTHON ?= python3.11
VENV   ?= .venv
BIN    := $(VENV)/bin
BUILD  := build/demo

.PHONY: demo test page site test-slow fuzz mutants lint types format generate gallery history docs clean
.DEFAULT_GOAL := demo

## demo: compile VGG-19 from its paper's column, print its table, draw it, and run it
demo: $(VENV)/.demo
	@mkdir -p $(BUILD)
	$(BIN)/netdsl check specs/vgg19.net
	$(BIN)/netdsl summary specs/vgg19.net
	$(BIN)/netdsl compile specs/vgg19.net -o $(BUILD)/vgg19.py
	$(BIN)/netdsl draw specs/vgg19.net -o $(BUILD)/vgg19.svg
	$(BIN)/python examples/run_source.py $(BUILD)/vgg19.py 3x224x224
	@echo "The source is $(BUILD)/vgg19.py, the diagram $(BUILD)/vgg19.svg"

## test: all tests
test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2

## test-slow: what takes long and is left out of `test`: every network of the zoo, by all its laws
test-slow: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 -m slow

## fuzz: hostile texts, drawn networks, edits and kills, for MINUTES; the report is written into docs/reliability.md
MINUTES ?= 60
fuzz: $(VENV)/.dev
	$(BIN)/python tests/fuzz --minutes $(MINUTES) --report docs/reliability.md $(FUZZ)

## mutants: mistakes put into operators and passes, for MINUTES, each of which a law must find; survivors are listed
mutants: $(VENV)/.dev
	$(BIN)/python tests/fuzz/mutants.py --minutes $(MINUTES) --report docs/reliability.md $(FUZZ)

## lint: style
lint: $(VENV)/.dev
	$(BIN)/ruff check .

## types: static types
types: $(VENV)/.dev
	$(BIN)/mypy

## format: bring the source into its layout
format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

## generate: what is made from the sources and kept beside them; the tests hold all of it up to date
generate: $(VENV)/.dev
	$(BIN)/python -m netdsl.tools.catalogue
	$(BIN)/python -m netdsl.tools.explain
	$(BIN)/netdsl conformance --format markdown > docs/conformance.md.new && mv docs/conformance.md.new docs/conformance.md
	$(BIN)/python -m netdsl.analysis.conformance.lessons docs/zoo.in.md > docs/zoo.md.new && mv docs/zoo.md.new docs/zoo.md
	for each in accuracy depth operations; do $(BIN)/netdsl chart $$each -o docs/figures/$$each.svg; done
	$(BIN)/netdsl chart scale alexnet vgg19 resnet152 -o docs/figures/scale.svg
	$(BIN)/netdsl draw vgg19 --wrap 2 -o docs/figures/vgg19.svg
	$(BIN)/netdsl draw examples/vgg16.net --wrap 2 -o docs/figures/vgg16.svg
	$(BIN)/netdsl draw block:inception --style paper -o docs/figures/inception.svg
	$(BIN)/python -m netdsl.tools.sources
	$(BIN)/python editors/vscode/scripts/grammar.py

## history: the experiments of docs/history that have changed, their pictures and pages; ONLY=degradation runs one
history: $(VENV)/.dev
	$(BIN)/python -m netdsl.tools.history $(ONLY)

## gallery: every network of the zoo in its best style, as docs/gallery.md with its pictures
gallery: $(VENV)/.dev
	$(BIN)/python -m netdsl.tools.gallery docs/gallery.md

## page: the page of the studio, from its sources in studio/ into the package; needs Node
page: studio/node_modules/.done
	cd studio && npm run --silent build

## site: the studio without a server, as static files in build/site; PORT=8000 serves them here
site: $(VENV)/.dev page
	$(BIN)/python studio/site.py build/site
	@$(if $(PORT),$(BIN)/python -m http.server -b 127.0.0.1 -d build/site $(PORT))

studio/node_modules/.done: studio/package-lock.json
	cd studio && npm ci --no-audit --no-fund --silent
	@touch $@

## docs: the documentation as a site, in build/docs/site: docs/ and pages made from the sources; PORT=8000 serves it here
docs: $(VENV)/.dev
	$(BIN)/python -m netdsl.tools.site build/docs
	@$(if $(PORT),$(BIN)/python -m http.server -b 127.0.0.1 -d build/docs/site $(PORT))

clean:
	rm -rf $(VENV) build dist

$(VENV)/.made:
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.demo: $(VENV)/.made pyproject.toml
	$(BIN)/pip install --quiet --editable '.[torch]'
	@touch $@

# timm asks for far more than its models need; pyproject.toml lists those.
$(VENV)/.dev: $(VENV)/.made pyproject.toml
	$(BIN)/pip install --quiet --editable '.[dev]'
	$(BIN)/pip install --quiet --no-deps timm
	@touch $@ $(VENV)/.demo
