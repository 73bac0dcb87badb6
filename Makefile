# Everything a newcomer types. `make demo` and `make test` need nothing prepared.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Which data the demo brings: airlines or retail. For `quality`: a folder of measured histories.
DATA ?= airlines
CONFIGURATION ?= debug
SANITIZER ?= thread

.PHONY: help build demo test lint generate documentation bench quality sanitize soak clean

help: ## Lists the targets.
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 24

build: ## Builds all programs.
	@compose/bootstrap.sh build
	@compose/build.sh $(CONFIGURATION)

demo: ## Six services, real data, the anomalies found in it. DATA=airlines or retail.
	@compose/bootstrap.sh demo $(DATA)
	@compose/build.sh release
	@exec .tidemark/venv/bin/python demo/run.py --data $(DATA) --binaries .build/release

test: ## Runs every test.
	@compose/bootstrap.sh test
	@compose/test.sh

lint: ## Checks form: swift-format, shell and Python syntax, imports.
	@compose/lint.sh

generate: ## Writes the C and Swift of the contracts anew.
	@compose/bootstrap.sh build
	@proto/generate.sh

documentation: ## Builds the documentation of the public rooms; a warning fails.
	@compose/documentation.sh

bench: ## Prints the ratios against their floors.
	@compose/bootstrap.sh build
	@compose/bench.sh

quality: ## Detection quality beside its goals. DATA=FOLDER, RATCHET=update.
	@compose/bootstrap.sh build
	@RATCHET=$(RATCHET) compose/quality.sh "$(filter-out airlines retail,$(DATA))"

sanitize: ## Runs the Swift tests under a sanitizer. SANITIZER=thread or address.
	@compose/bootstrap.sh test
	@compose/sanitize.sh $(SANITIZER)

soak: ## Kills services at work for an hour, with another seed each time. SOAK_MINUTES=60.
	@compose/bootstrap.sh test
	@compose/build.sh release
	@.tidemark/venv/bin/python Tests/Interop/check_faults.py .build/release \
	  --minutes $${SOAK_MINUTES:-60}

clean: ## Removes what was built and the demo's data; system packages stay.
	@compose/clean.sh
