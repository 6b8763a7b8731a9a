# Every verb of the project. CI and pre-commit call only these.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
export UV_PYTHON_DOWNLOADS := never

VENV := .venv
BIN := $(VENV)/bin
STAMPS := .stamps
SECONDS ?= 60
RUST := $(shell sed -nE 's/^ARG RUST_IMAGE=.*rust:([0-9.]+).*/\1/p' Dockerfile)
RUST_SOURCES := $(shell find rust/core rust/py -name '*.rs' -o -name '*.py' -o -name '*.pyi' -o -name Cargo.toml -o -name pyproject.toml) Cargo.toml Cargo.lock
MEMBERS := pyproject.toml proto/pyproject.toml services/pyproject.toml operator/pyproject.toml analysis/pyproject.toml cli/pyproject.toml

.PHONY: help
help: ## Lists the verbs
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

# -- set-up ---------------------------------------------------------------------------------------

$(STAMPS)/uv: requirements/uv.txt
	@tools/check-tools.sh
	@python3 -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/setup: $(STAMPS)/uv requirements/dev.txt requirements/build.txt requirements/workspace.txt $(MEMBERS) $(RUST_SOURCES)
	@tools/check-tools.sh
	@cp requirements/uv.txt $(STAMPS)/uv-only.txt
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --build-constraints requirements/build.txt requirements/uv.txt requirements/dev.txt requirements/workspace.txt
	@touch $@

.PHONY: setup
setup: $(STAMPS)/setup ## Installs everything into .venv, from the hashed lock; builds the native wheel

.PHONY: lock
lock: $(STAMPS)/uv ## Makes the lock anew
	tools/lock.sh $(abspath $(BIN)/uv)

.PHONY: proto
proto: setup ## Generates tickwork_proto
	$(BIN)/python tools/protos.py

# -- checks ---------------------------------------------------------------------------------------

.PHONY: fmt
fmt: setup ## Formats Python and Rust
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix --quiet . || true
	cargo fmt --all

.PHONY: lint
lint: setup ## Lint, format, bans, generated files
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cargo fmt --all --check
	$(BIN)/python tools/protos.py --check

.PHONY: clippy
clippy: ## Clippy over the Rust core
	cargo clippy --quiet -p tickwork-core --all-targets -- -D warnings

.PHONY: types
types: setup ## Strict types
	$(BIN)/mypy

.PHONY: stubtest
stubtest: setup ## Proves the stubs of the native module against the binary
	cd $(STAMPS) && $(abspath $(BIN))/stubtest tickwork_native

.PHONY: walls
walls: setup ## The walls between rooms
	$(BIN)/lint-imports --no-cache

.PHONY: walls-prove
walls-prove: setup ## Applies deliberate breaches, one a wall; each must be refused
	$(BIN)/python tools/walls_prove.py

# -- tests ----------------------------------------------------------------------------------------

.PHONY: test-rust
test-rust: ## Tests of the Rust core
	cargo test --quiet -p tickwork-core

.PHONY: test-python
test-python: setup ## Tests of everything else; those that start whole pipelines one at a time
	$(BIN)/pytest -n 2 --dist worksteal -m "not system and not monitoring and not chart and not cluster and not containers"
	$(BIN)/pytest -m system --durations=15

.PHONY: test
test: lint types walls stubtest clippy test-rust test-python bench-smoke ## Everything that proves the project (CI runs this)

.PHONY: loom
loom: ## Model-checks the rings; prints interleavings, and mutants that must fail
	CARGO_TARGET_DIR=target/loom RUSTFLAGS="--cfg loom" cargo test --release -p tickwork-core --test loom -- --nocapture --test-threads=1

.PHONY: torture
torture: setup ## Kills writers, books and readers for SECONDS at random points
	cd tests && $(abspath $(BIN))/python -m torture --seconds $(SECONDS)

.PHONY: test-browser
test-browser: setup ## Opens the report in an installed Chromium: no error, no request, print, zoom
	$(BIN)/pytest -n 0 -q -rs tests/browser

.PHONY: monitoring-test
monitoring-test: setup ## A real Prometheus scrapes a run; every panel and alert finds data; rules tested
	@tools/install-prometheus.sh
	@$(MAKE) --no-print-directory .venv-dashboards
	$(BIN)/pytest -n 0 -q -rs tests/architecture/test_dashboards.py
	$(BIN)/pytest -n 0 -q -rs -m monitoring tests/monitoring

.PHONY: dashboards
dashboards: .venv-dashboards ## Writes charts/tickwork/dashboards from tools/dashboards
	cd tools && ../.venv-dashboards/bin/python -m dashboards

.PHONY: dashboard-pictures
dashboard-pictures: setup ## Draws the dashboards' queries from a run on the cluster of KUBECONFIG
	$(BIN)/python tools/dashboard_pictures.py

.venv-dashboards: requirements/dashboards.txt
	@rm -rf $@ && python3 -m venv $@
	@$@/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dashboards.txt
	@touch $@

.PHONY: soak
soak: setup ## Plays one recording fifty times through the stages; memory must not grow with time
	$(BIN)/python tools/soak.py

.PHONY: test-peers
test-peers: setup ## An unmodified third-party client keeps a book against the twin
	tools/test-peers.sh

# -- the chart ------------------------------------------------------------------------------------

$(STAMPS)/chart/ready: requirements/chart.txt tools/kubernetes_schemas.py $(STAMPS)/uv
	$(BIN)/uv venv --quiet --clear $(STAMPS)/chart
	$(BIN)/uv pip install --quiet --python $(STAMPS)/chart/bin/python --require-hashes -r requirements/chart.txt
	$(STAMPS)/chart/bin/python tools/kubernetes_schemas.py $(STAMPS)/chart/schemas
	@touch $@

.PHONY: chart
chart: setup $(STAMPS)/chart/ready ## Renders the chart and k8s/, has them checked; needs helm, kubectl, kubeconform
	$(BIN)/pytest -n 0 -q -rs -m chart tests/chart

.PHONY: cluster-test
cluster-test: setup ## Everything on the cluster of KUBECONFIG; IMAGE_LOAD="…" brings images to its nodes
	@tests/cluster/stand_in/prepare.sh
	$(BIN)/pytest -n 0 -q -rs -m cluster --durations=15 tests/cluster

.PHONY: kustomize
kustomize: setup ## Writes k8s/ and the chart's table of values anew from the chart; needs helm
	$(BIN)/python tools/chart_pages.py
	$(BIN)/python tools/kustomize_tree.py

# -- benchmarks -----------------------------------------------------------------------------------

.PHONY: bench
bench: setup ## Measures everything beside its peers; writes benchmarks/results.json
	benchmarks/peers/install.sh $(abspath $(BIN)/uv)
	$(BIN)/python -m benchmarks
	$(BIN)/python tools/benchmark_table.py

.PHONY: cluster-numbers
cluster-numbers: setup ## Measures runs on the cluster of KUBECONFIG, images present; writes the page of figures
	$(BIN)/python tools/cluster_numbers.py

.PHONY: bench-smoke
bench-smoke: setup ## Plays every row once, small, without peers and captures
	@$(BIN)/python -m benchmarks --smoke

.PHONY: bench-instructions
bench-instructions: setup ## Counts instructions of the core's rows, compares with those kept
	$(BIN)/python -m benchmarks --instructions compare

# -- the product ----------------------------------------------------------------------------------

.PHONY: demo
demo: setup ## Runs the demo: a pipeline on the embedded venue, through faults, proven
	@$(BIN)/tickwork run experiments/pipeline/demo.yaml

.PHONY: pages
pages: setup ## Writes the pages that repeat what the models say
	$(BIN)/python tools/reference_pages.py
	$(BIN)/python tools/metrics_page.py
	$(BIN)/python tools/custom_resource.py

.PHONY: picture
picture: setup ## Runs the demo and keeps what a person sees of it, for the README
	$(BIN)/python tools/pictures.py

.PHONY: cluster-picture
cluster-picture: setup ## Keeps what kubectl shows of two runs on the cluster of KUBECONFIG, for the docs
	$(BIN)/python tools/cluster_picture.py

# -- images ---------------------------------------------------------------------------------------

.PHONY: images
images: ## Builds the images; IMAGE_LOAD="…" brings them to a cluster's nodes (see tools/images.sh)
	tools/images.sh build

.PHONY: test-containers
test-containers: setup ## Looks into the archives of make images
	$(BIN)/pytest -n 0 -q -rs -m containers tests/containers

.PHONY: supply
supply: ## SBOM, signature and attestation of the images, verified; needs syft, cosign, SUPPLY_REGISTRY
	tools/supply.sh all

# -- what workflows run ---------------------------------------------------------------------------

$(STAMPS)/linters: requirements/linters.txt $(STAMPS)/uv
	$(BIN)/uv venv --quiet --clear $(STAMPS)/lint
	$(BIN)/uv pip install --quiet --python $(STAMPS)/lint/bin/python --require-hashes -r requirements/linters.txt
	GOBIN=$(abspath $(STAMPS))/lint/bin go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12
	@touch $@

.PHONY: workflows
workflows: $(STAMPS)/linters ## Lints workflows, scripts and Dockerfiles; needs go once, to build actionlint
	tools/workflows.sh $(STAMPS)/lint/bin

.PHONY: rust
rust: ## Has rustup make the toolchain of the images the one in use
	rustup toolchain install $(RUST) --profile minimal --component clippy --component rustfmt
	rustup default $(RUST)

.PHONY: cluster-tools
cluster-tools: ## Builds helm and kubeconform into .stamps/bin; needs go
	GOBIN=$(abspath $(STAMPS))/bin go install helm.sh/helm/v4/cmd/helm@v4.3.1
	GOBIN=$(abspath $(STAMPS))/bin go install github.com/yannh/kubeconform/cmd/kubeconform@v0.8.0

.PHONY: audit
audit: $(STAMPS)/uv ## Asks for known advisories on every lock; needs the network
	$(BIN)/uv venv --quiet --clear $(STAMPS)/audit
	$(BIN)/uv pip install --quiet --python $(STAMPS)/audit/bin/python --require-hashes -r requirements/audit.txt
	cargo install --quiet --locked --root $(STAMPS)/audit cargo-audit@0.22.2
	tools/audit.sh $(STAMPS)/audit/bin

.PHONY: secrets
secrets: ## Looks for secrets in every commit; writes target/secrets.sarif; needs go once
	@[ -x $(STAMPS)/bin/gitleaks ] || GOBIN=$(abspath $(STAMPS))/bin go install github.com/zricethezav/gitleaks/v8@v8.30.1
	@mkdir -p target
	$(STAMPS)/bin/gitleaks git --no-banner --redact --report-format sarif --report-path target/secrets.sarif .

.PHONY: trivy-scan
trivy-scan: ## Scans the archives of `make images` into target/trivy; needs trivy and its database
	@mkdir -p target/trivy
	for image in services conductor operator; do \
	    trivy image --input target/images/$$image.tar --scanners vuln --format json --output target/trivy/$$image.json; \
	    trivy convert --format sarif --output target/trivy/$$image.sarif target/trivy/$$image.json; \
	done

.PHONY: trivy-gate
trivy-gate: setup ## Refuses what a report of target/trivy calls HIGH or CRITICAL and has a remedy
	$(BIN)/python tools/trivy_gate.py target/trivy/*.json

.PHONY: publish
publish: ## Pushes the images to PREFIX for both architectures, with SBOM and provenance; signs them
	tools/publish.sh

.PHONY: deploy
deploy: ## Upgrades the cluster of KUBECONFIG to IMAGE_TAG; what does not become ready is rolled back
	tools/deploy.sh upgrade

.PHONY: deploy-test
deploy-test: ## Runs the chart's Experiment there; rolls back where it fails
	tools/deploy.sh test

.PHONY: rollback
rollback: ## Goes back to REVISION, or to the one before
	tools/deploy.sh rollback

.PHONY: clean
clean: ## Removes what was built
	rm -rf $(VENV) .venv-dashboards $(STAMPS) target .mypy_cache .ruff_cache .pytest_cache .hypothesis
