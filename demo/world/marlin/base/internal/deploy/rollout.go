// Package deploy replaces the container of a service, a few hosts at a time.
package deploy

import (
	"context"
	"fmt"

	"quillworks.example/marlin/internal/config"
	"quillworks.example/marlin/internal/remote"
)

// Rollout brings one service to a new image tag.
type Rollout struct {
	Config *config.Config
	Runner remote.Runner
	Probe  func(ctx context.Context, address string) error
	Logf   func(format string, args ...any)
}

// Run replaces the containers batch by batch and stops at the first host that does not become healthy.
func (r *Rollout) Run(ctx context.Context, tag string) error {
	batches := Batches(r.Config.Hosts, r.Config.BatchSize)
	for at, batch := range batches {
		r.Logf("batch %d of %d", at+1, len(batches))
		for _, host := range batch {
			if err := r.replace(ctx, host, tag); err != nil {
				return fmt.Errorf("%s: %w", host.Name, err)
			}
		}
	}
	return nil
}

func (r *Rollout) replace(ctx context.Context, host config.Host, tag string) error {
	steps := []string{
		pullCommand(r.Config, tag),
		stopCommand(r.Config),
		runCommand(r.Config, tag),
	}
	for _, step := range steps {
		if _, err := r.Runner.Run(ctx, host.Address, step); err != nil {
			return err
		}
	}
	if err := r.Probe(ctx, host.Address); err != nil {
		return fmt.Errorf("not healthy: %w", err)
	}
	r.Logf("%s is healthy on %s", host.Name, tag)
	return nil
}

// Batches cuts the hosts into groups of at most size hosts, in their order.
func Batches(hosts []config.Host, size int) [][]config.Host {
	var batches [][]config.Host
	for start := 0; start < len(hosts); start += size {
		end := start + size
		if end > len(hosts) {
			end = len(hosts)
		}
		batches = append(batches, hosts[start:end])
	}
	return batches
}
