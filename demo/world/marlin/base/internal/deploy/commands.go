package deploy

import (
	"sort"
	"strings"

	"quillworks.example/marlin/internal/config"
)

func pullCommand(cfg *config.Config, tag string) string {
	return "docker pull --quiet " + cfg.Image + ":" + tag
}

func stopCommand(cfg *config.Config) string {
	return "docker rm --force " + cfg.Service + " >/dev/null 2>&1 || true"
}

func runCommand(cfg *config.Config, tag string) string {
	parts := []string{"docker run --detach --restart unless-stopped --name", cfg.Service}
	for _, port := range cfg.Ports {
		parts = append(parts, "--publish", port)
	}
	for _, key := range sortedKeys(cfg.Env) {
		parts = append(parts, "--env", key+"="+cfg.Env[key])
	}
	return strings.Join(append(parts, cfg.Image+":"+tag), " ")
}

// StatusCommand prints the image and the state of the service's container, separated by a space.
func StatusCommand(cfg *config.Config) string {
	return "docker inspect --format '{{.Config.Image}} {{.State.Status}}' " + cfg.Service
}

func sortedKeys(values map[string]string) []string {
	keys := make([]string, 0, len(values))
	for key := range values {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}
