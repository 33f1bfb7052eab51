# Everything a person does with this repository. `make` alone says what there is.
# Each target sets up what it needs; CI runs the same ones (.ci/run).

SHELL := /bin/sh
.DEFAULT_GOAL := help

GO       ?= go
VERSION  := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
BUILD    := CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)"
SOURCES  := cmd functions infra internal
TRE      := build/tre
TOOLS    := build/tools
LINT_VERSION := v2.15.0
LINT     := $(TOOLS)/golangci-lint-$(LINT_VERSION)

# make run: HOST=func runs Azure Functions Core Tools instead of the stand-in,
# DATA=folder keeps data between runs, ARGS are any other flags of `tre local up`.
RUN_FLAGS = $(if $(HOST),--host $(HOST)) $(if $(DATA),--data $(DATA)) $(ARGS)

# make templates: the Bicep compiler, by path or by a name on PATH.
BICEP ?= bicep

# make soak: how many seeds.
SEEDS ?= 100000

# -race needs a C compiler.
CC_FOUND := $(shell command -v "$$($(GO) env CC | cut -d' ' -f1)" 2>/dev/null)
CHROMIUM_FOUND := $(shell command -v "$${CHROMIUM:-chromium}" chromium-browser google-chrome 2>/dev/null | head -n 1)

.PHONY: help run test check templates bench soak app fmt clean tre

help: ## What there is
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: tre ## The whole system on this machine, with a walk-through (HOST=func, DATA=folder, ARGS=--no-demo)
	@exec $(TRE) local up --with-parent $(RUN_FLAGS)

test: tre ## All tests, on one Azurite
	@$(if $(CC_FOUND),,echo "left out: the race detector, no C compiler found";) \
	 $(if $(CHROMIUM_FOUND),,echo "left out: tests of the pages in a browser, no Chromium found";) \
	 $(if $(CI),$(if $(and $(CC_FOUND),$(CHROMIUM_FOUND)),,echo "CI leaves nothing out"; exit 1;)) :
	@$(TRE) local azurite -- $(GO) test $(if $(CC_FOUND),-race) -shuffle=on ./...
	@$(if $(CC_FOUND),$(GO) test -shuffle=on ./internal/simulation/...)

check: $(LINT) ## Format, vet, lint, module file, rules of the repository, other systems
	@unformatted=$$(gofmt -l $(SOURCES)); test -z "$$unformatted" || { echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; }
	$(GO) vet ./...
	$(LINT) run
	$(GO) mod tidy -diff
	$(GO) test ./internal/repo/...
	@for os in linux darwin windows; do echo "compile cmd/tre for $$os"; GOOS=$$os $(BUILD) -o /dev/null ./cmd/tre || exit 1; done

templates: ## Compile and verify what is in infra (BICEP=compiler); needed only where Bicep changes
	@for root in infra/templates infra/skeletons infra/platform; do $(GO) run ./internal/bicep $(if $(CI),-check) -compiler "$(BICEP)" $$root || exit 1; done

bench: tre ## Ratios to floors measured in the same run (ONLY=resources,start for some parts)
	@$(TRE) local azurite -- $(GO) run ./internal/bench $(if $(ONLY),-only $(ONLY))

soak: ## The simulation with many seeds (SEEDS=100000)
	@$(GO) run ./internal/simulation/soak -seeds $(SEEDS)

# GOOS and GOARCH are the handler's; this machine's own when they are not set.
app: ## Stage build/app, the folder that is deployed (GOOS=linux GOARCH=amd64 for Azure)
	@env -u GOOS -u GOARCH $(GO) run ./cmd/tre app $(if $(GOOS),--os $(GOOS)) $(if $(GOARCH),--arch $(GOARCH))

fmt: ## Format the code
	gofmt -w $(SOURCES)

clean: ## Remove what was built
	rm -rf build

tre:
	@test -x $(TRE) || echo "compiling tre; the first time this takes a minute or two"
	@env -u GOOS -u GOARCH $(BUILD) -o $(TRE) ./cmd/tre

$(LINT):
	@echo "installing golangci-lint $(LINT_VERSION); the first time this takes some minutes"
	@env -u GOOS -u GOARCH GOBIN="$(CURDIR)/$(TOOLS)" GOFLAGS= $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)
	@mv $(TOOLS)/golangci-lint $@
