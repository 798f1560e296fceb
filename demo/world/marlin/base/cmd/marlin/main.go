// Command marlin deploys a container to a handful of machines over SSH.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"time"

	"quillworks.example/marlin/internal/config"
	"quillworks.example/marlin/internal/deploy"
	"quillworks.example/marlin/internal/health"
	"quillworks.example/marlin/internal/remote"
)

func main() {
	log.SetFlags(log.Ltime)
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "marlin:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: marlin deploy|status|validate [flags]")
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	path := flags.String("config", "marlin.json", "deployment file")
	tag := flags.String("tag", "", "image tag to roll out")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	cfg, err := config.Load(*path)
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	var runner remote.Runner = &remote.SSH{User: cfg.User, ConnectTimeout: 10 * time.Second}
	switch args[0] {
	case "deploy":
		if *tag == "" {
			return errors.New("deploy needs -tag")
		}
		rollout := &deploy.Rollout{Config: cfg, Runner: runner, Probe: health.New(cfg.Health).Wait, Logf: log.Printf}
		return rollout.Run(ctx, *tag)
	case "status":
		return status(ctx, cfg, runner)
	case "validate":
		fmt.Printf("%s: %d hosts, ok\n", *path, len(cfg.Hosts))
		return nil
	default:
		return fmt.Errorf("unknown command %q", args[0])
	}
}

func status(ctx context.Context, cfg *config.Config, runner remote.Runner) error {
	for _, host := range cfg.Hosts {
		out, err := runner.Run(ctx, host.Address, deploy.StatusCommand(cfg))
		if err != nil {
			out = "unreachable"
		}
		fmt.Println(host.Name, out)
	}
	return nil
}
