package deploy

import (
	"context"
	"errors"
	"strings"
	"testing"

	"quillworks.example/marlin/internal/config"
)

// recorder remembers every command instead of running it.
type recorder struct {
	commands []string
}

func (r *recorder) Run(_ context.Context, address, command string) (string, error) {
	r.commands = append(r.commands, address+" "+command)
	return "", nil
}

func (r *recorder) count(part string) int {
	total := 0
	for _, command := range r.commands {
		if strings.Contains(command, part) {
			total++
		}
	}
	return total
}

func threeHosts() *config.Config {
	return &config.Config{Service: "web", Image: "registry/web", BatchSize: 2, Hosts: []config.Host{
		{Name: "a", Address: "10.0.0.1"}, {Name: "b", Address: "10.0.0.2"}, {Name: "c", Address: "10.0.0.3"},
	}}
}

func healthy(context.Context, string) error { return nil }

func TestBatchesKeepTheOrder(t *testing.T) {
	batches := Batches(threeHosts().Hosts, 2)
	if len(batches) != 2 || len(batches[0]) != 2 || batches[1][0].Name != "c" {
		t.Errorf("unexpected batches: %v", batches)
	}
}

func TestRunReplacesEveryHost(t *testing.T) {
	runner := &recorder{}
	rollout := &Rollout{Config: threeHosts(), Runner: runner, Probe: healthy, Logf: t.Logf}
	if err := rollout.Run(context.Background(), "v2"); err != nil {
		t.Fatal(err)
	}
	if got := runner.count("docker run"); got != 3 {
		t.Errorf("started %d containers, want 3", got)
	}
}

func TestRunStopsAtTheFirstUnhealthyHost(t *testing.T) {
	runner := &recorder{}
	sick := func(context.Context, string) error { return errors.New("connection refused") }
	rollout := &Rollout{Config: threeHosts(), Runner: runner, Probe: sick, Logf: t.Logf}
	if err := rollout.Run(context.Background(), "v2"); err == nil {
		t.Fatal("want an error")
	}
	if got := runner.count("docker run"); got != 1 {
		t.Errorf("started %d containers, want 1", got)
	}
}
