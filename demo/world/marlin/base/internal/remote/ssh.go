// Package remote runs commands on the machines of a deployment.
package remote

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Runner runs one shell command on one machine and returns what it printed.
type Runner interface {
	Run(ctx context.Context, address, command string) (string, error)
}

// SSH runs commands through the system's ssh client, so ~/.ssh/config and agents just work.
type SSH struct {
	User           string
	ConnectTimeout time.Duration
}

// Run implements Runner.
func (s *SSH) Run(ctx context.Context, address, command string) (string, error) {
	cmd := exec.CommandContext(ctx, "ssh", s.args(address, command)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", address, err, strings.TrimSpace(stderr.String()))
	}
	return strings.TrimSpace(stdout.String()), nil
}

func (s *SSH) args(address, command string) []string {
	return []string{
		"-o", "BatchMode=yes",
		"-o", fmt.Sprintf("ConnectTimeout=%d", int(s.ConnectTimeout.Seconds())),
		s.User + "@" + address,
		command,
	}
}
