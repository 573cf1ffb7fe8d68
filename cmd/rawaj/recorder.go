package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/internal/datadir"
	"github.com/rawaj/rawaj/internal/recorder"
)

func newRecorderCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use:     "recorder [FILE]",
		Short:   "Show the flight recorder: the site's last frames and changes of state, never content",
		Long:    "Show the flight recorder: the site's last frames and changes of state, oldest first. It holds types, sizes and codes, never what anybody recorded, so it may be given to whoever helps. It can be read while the site runs, and after it was killed. With FILE it is written there.",
		Example: "  rawaj site recorder --data ./stall --json stall-recorder.json",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			role, err := datadir.ReadRole(data)
			if err != nil {
				return err
			}
			if role != datadir.Site {
				return fmt.Errorf("%s belongs to a %s; a site has a flight recorder", data, role)
			}
			events, err := recorder.Read(filepath.Join(data, fileFlight))
			if err != nil {
				return err
			}
			out := c.OutOrStdout()
			if len(args) == 0 {
				return writeEvents(out, events, asJSON)
			}
			f, err := os.OpenFile(args[0], os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			return errors.Join(writeEvents(f, events, asJSON), f.Close())
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}

func writeEvents(w io.Writer, events []recorder.Event, asJSON bool) error {
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(events)
	}
	for _, e := range events {
		if _, err := fmt.Fprintln(w, e); err != nil {
			return err
		}
	}
	return nil
}
