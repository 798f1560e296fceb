// Package health waits for a freshly started container to answer over HTTP.
package health

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"quillworks.example/marlin/internal/config"
)

// Prober asks a host's health endpoint until it answers with a 2xx status.
type Prober struct {
	settings config.Health
	client   *http.Client
}

// New returns a Prober with a short timeout per request.
func New(settings config.Health) *Prober {
	return &Prober{settings: settings, client: &http.Client{Timeout: 3 * time.Second}}
}

// Wait blocks until the host is healthy, the attempts are used up or ctx ends.
func (p *Prober) Wait(ctx context.Context, address string) error {
	url := "http://" + net.JoinHostPort(address, strconv.Itoa(p.settings.Port)) + p.settings.Path
	var last error
	for attempt := 0; attempt < p.settings.Attempts; attempt++ {
		if last = p.once(ctx, url); last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(p.settings.IntervalMS) * time.Millisecond):
		}
	}
	return last
}

func (p *Prober) once(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("%s answered %s", url, response.Status)
	}
	return nil
}
