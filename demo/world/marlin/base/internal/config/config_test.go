package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func load(t *testing.T, text string) (*Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "marlin.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(path)
}

func TestLoadAppliesDefaults(t *testing.T) {
	cfg, err := load(t, `{"service": "web", "image": "web", "hosts": [{"name": "a", "address": "10.0.0.1"}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if cfg.User != "root" || cfg.BatchSize != 1 || cfg.Health.Port != 80 {
		t.Errorf("unexpected defaults: %+v", cfg)
	}
}

func TestLoadRejectsBrokenFiles(t *testing.T) {
	cases := map[string]string{
		`{"service": "web"}`:                 "required",
		`{"service": "web", "image": "web"}`: "no hosts",
		`{"service": "web", "image": "web", "hosts": [{"name": "a"}, {"name": "a"}]}`: "listed twice",
	}
	for text, want := range cases {
		if _, err := load(t, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error about %q", text, err, want)
		}
	}
}
