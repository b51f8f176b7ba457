# Each target is one go command (or the one script that a newcomer runs).
# make: lists them.

COUNT    ?= 5
FUZZTIME ?= 60s
KILLS    ?= 2000
STEPS    ?= 500
FAULTS   ?= 20
CHECKS   ?= 5000
LAWS      = $(shell grep -rl --include='*_test.go' 'rapid.Check(' . | xargs -n1 dirname | sort -u)
GOLDEN    = $(shell grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -n1 dirname | sort -u)

.DEFAULT_GOAL := help
.PHONY: $(shell sed -n 's/^\([a-z-]*\):.*/\1/p' Makefile)

help:
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

build: ## the cairn command, into bin/
	CGO_ENABLED=0 go build -ldflags "-X cairn/cmd/cairn/version.release=$$(git describe --tags --always 2>/dev/null || echo dev)" -o bin/ ./cmd/cairn

demo: ## the main job on a temporary copy of examples/elixir-migration.md
	sh examples/demo.sh

test: ## all tests
	go test ./...

test-race: ## all tests under the race detector (needs a C compiler)
	go test -race ./...

lint: ## golangci-lint, from tools/go.mod
	go tool -modfile=tools/go.mod golangci-lint run ./...

fuzz: fuzz-events fuzz-markdown fuzz-diff fuzz-trust fuzz-access fuzz-api ## all fuzz targets, FUZZTIME each (60s)

fuzz-events: ## Unmarshal(Marshal(env)) == env
	go test ./events -run '^$$' -fuzz '^FuzzUnmarshal$$' -fuzztime $(FUZZTIME)

fuzz-markdown: ## Parse(b) gives back b
	go test ./server/markdown -run '^$$' -fuzz '^FuzzParse$$' -fuzztime $(FUZZTIME)

fuzz-diff: ## the edits of a file, as events, make the file
	go test ./server/markdown -run '^$$' -fuzz '^FuzzDiff$$' -fuzztime $(FUZZTIME)

fuzz-trust: ## checkpoints, proofs and backups: never a panic, every changed byte refused
	go test ./events/merkle -run '^$$' -fuzz '^FuzzCheckpoint$$' -fuzztime $(FUZZTIME)
	go test ./events/merkle -run '^$$' -fuzz '^FuzzProof$$' -fuzztime $(FUZZTIME)
	go test ./server/trust -run '^$$' -fuzz '^FuzzBackup$$' -fuzztime $(FUZZTIME)

fuzz-access: ## the headers of a request: never a panic, nothing read beyond its form
	go test ./server/access -run '^$$' -fuzz '^FuzzHeaders$$' -fuzztime $(FUZZTIME)

fuzz-api: ## whatever is asked over HTTP: never a panic, never a 5xx
	go test ./server/api -run '^$$' -fuzz '^FuzzRequest$$' -fuzztime $(FUZZTIME)

laws: ## every law on CHECKS new examples (5000)
	RAPID_CHECKS=$(CHECKS) go test -count=1 -timeout 2h $(LAWS)

bench: ## all benchmarks, COUNT times (5)
	go test ./... -run '^$$' -bench . -benchmem -count $(COUNT) -timeout 1h

start: ## how long a server takes until it answers, over 1,000,000 events
	CAIRN_START_EVENTS=1000000 go test ./server/api -run '^$$' -bench BenchmarkStart -benchtime 3x -timeout 1h

kill: ## the long campaign of kill -9, KILLS times (2000)
	CAIRN_KILLS=$(KILLS) go test ./cmd/cairn -run TestKill -count=1 -timeout 2h

cluster: ## three nodes, the leader killed, cut off or stopped FAULTS times (20), under handlers and under servers
	CAIRN_FAULTS=$(FAULTS) go test ./server/commands ./server -run 'TestCluster(Servers)?$$' -count=1 -p 1 -v -timeout 2h

kill-server: ## kill -9 of a server under load, KILLS times (2000)
	CAIRN_SERVER_KILLS=$(KILLS) go test ./cmd/cairn -run TestKillServer -count=1 -v -timeout 2h

scripts-served: ## all scripts through a server
	CAIRN_SCRIPTS_SERVED=all go test ./cmd/cairn -run TestScriptServed -count=1 -timeout 1h

scripts-cluster: ## all scripts against a server over three nodes of NATS
	CAIRN_SCRIPTS_CLUSTER=all go test ./cmd/cairn -run TestScriptCluster -count=1 -timeout 1h

feed: ## subscribers that are cut off 200 times during 20,000 changes
	CAIRN_FEED_CHANGES=20000 CAIRN_FEED_CUTS=200 go test ./server/api -run TestAFeedMissesNothing -count=1 -v -timeout 1h

clones: ## three clones of one repository, STEPS random steps (500)
	CAIRN_CLONE_STEPS=$(STEPS) go test ./server/docfile -run TestThreeClones -count=1 -v -timeout 2h

golden: ## rewrite the golden files of the views; read the diff
	go test $(GOLDEN) -update

pictures: ## docs/images: a year of a team that cairnsim makes, and what is printed of it
	go test ./cmd/cairnsim -run TestYear -update
