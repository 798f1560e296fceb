// Package config reads and checks the deployment file.
package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// Host is one machine of the deployment.
type Host struct {
	Name    string `json:"name"`
	Address string `json:"address"`
}

// Health says how marlin finds out that a host is ready to serve.
type Health struct {
	Path       string `json:"path"`
	Port       int    `json:"port"`
	Attempts   int    `json:"attempts"`
	IntervalMS int    `json:"interval_ms"`
}

// Config is the whole deployment file.
type Config struct {
	Service   string            `json:"service"`
	Image     string            `json:"image"`
	User      string            `json:"user"`
	BatchSize int               `json:"batch_size"`
	Ports     []string          `json:"ports"`
	Env       map[string]string `json:"env"`
	Health    Health            `json:"health"`
	Hosts     []Host            `json:"hosts"`
}

// Load reads the file at path, fills in defaults and validates the result.
func Load(path string) (*Config, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var cfg Config
	if err := json.Unmarshal(data, &cfg); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	cfg.applyDefaults()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return &cfg, nil
}

func (c *Config) applyDefaults() {
	if c.User == "" {
		c.User = "root"
	}
	if c.BatchSize == 0 {
		c.BatchSize = 1
	}
	if c.Health.Port == 0 {
		c.Health.Port = 80
	}
}

// Validate reports the first thing that is wrong with the configuration.
func (c *Config) Validate() error {
	if c.Service == "" || c.Image == "" {
		return errors.New("service and image are required")
	}
	if c.BatchSize < 0 {
		return fmt.Errorf("batch_size is %d, it must be positive", c.BatchSize)
	}
	if len(c.Hosts) == 0 {
		return errors.New("no hosts")
	}
	seen := map[string]bool{}
	for _, host := range c.Hosts {
		if seen[host.Name] {
			return fmt.Errorf("host %q is listed twice", host.Name)
		}
		seen[host.Name] = true
	}
	return nil
}
