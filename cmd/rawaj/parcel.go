package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/server"
	"github.com/rawaj/rawaj/syncproto"
)

func newSiteParcelCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "parcel", Short: "Carry work to the centre as a file, and receipts back, where no line comes",
		Example: "  rawaj site parcel make /media/stick/stall.parcel --data ./stall\n  rawaj site parcel take /media/stick/stall.parcel.receipts --data ./stall",
	}
	c.AddCommand(newParcelMakeCommand(), newReceiptsTakeCommand())
	return c
}

// madeParcel is a file that was written.
type madeParcel struct {
	File         string `json:"file"`
	Bytes        int    `json:"bytes"`
	Transactions uint64 `json:"transactions"`
}

func newParcelMakeCommand() *cobra.Command {
	var data string
	var size int
	var asJSON bool
	c := &cobra.Command{
		Use:   "make FILE",
		Short: "Write all that has not arrived into a file for the centre",
		Long: `Write all that has not arrived into a file for the centre. Only the organisation's key
opens it. Where --size makes more than one, they are FILE.1, FILE.2 and so on, and may
arrive in any order. Nothing is taken for arrived until its receipt has come back, so a
parcel that is lost is made again.`,
		Example: "  rawaj site parcel make /media/stick/stall.parcel --data ./stall --size 8388608",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if size < client.LeastParcel || size > syncproto.MaxParcel/2 {
				return misuse("--size %d: want %d to %d bytes", size, client.LeastParcel, syncproto.MaxParcel/2)
			}
			parcels, err := atSite(c, data, func(ctx context.Context, s *client.Client) ([]client.Parcel, error) { return s.MakeParcels(ctx, size) },
				func(out any) error {
					return localapi.Call(c.Context(), data, "POST", "/api/parcels", client.ParcelSize{Bytes: size}, out)
				})
			if err != nil {
				return err
			}
			made := []madeParcel{}
			for i, p := range parcels {
				name := args[0]
				if len(parcels) > 1 {
					name = fmt.Sprintf("%s.%d", name, i+1)
				}
				if err := writeWhole(name, p.File); err != nil {
					return err
				}
				made = append(made, madeParcel{name, len(p.File), p.Transactions})
			}
			if asJSON {
				return printJSON(c, made)
			}
			for _, m := range made {
				fmt.Fprintf(c.OutOrStdout(), "%s: %d transactions, %d bytes\n", m.File, m.Transactions, m.Bytes)
			}
			if len(made) == 0 {
				fmt.Fprintln(c.OutOrStdout(), "nothing is pending: there is no parcel to make")
				return nil
			}
			fmt.Fprintf(c.ErrOrStderr(), "rawaj: at the centre: rawaj admin parcel take %s --receipts RECEIPTS; carry that file back\n", made[0].File)
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().IntVar(&size, "size", 16<<20, "bytes of a file, about; what is more goes into another")
	return c
}

func newReceiptsTakeCommand() *cobra.Command {
	var data string
	var asJSON bool
	c := &cobra.Command{
		Use: "take FILE", Short: "Read receipts that were carried back", Example: "  rawaj site parcel take stall.parcel.receipts --data ./stall", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := readBounded(args[0], localapi.MaxRequest/2)
			if err != nil {
				return err
			}
			t, err := atSite(c, data, func(ctx context.Context, s *client.Client) (client.TakenReceipts, error) {
				return s.TakeReceipts(ctx, file)
			},
				func(out any) error {
					return localapi.Call(c.Context(), data, "POST", "/api/receipts", client.ReceiptsFile{File: file}, out)
				})
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, t)
			}
			fmt.Fprintf(c.OutOrStdout(), "%d receipts; %d transactions more are known to have arrived\n", t.Receipts, t.Transactions)
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	return c
}

func newAdminParcelCommand() *cobra.Command {
	c := &cobra.Command{Use: "parcel", Short: "Files that sites made where no line comes", Example: "  rawaj admin parcel take stall.parcel --data ./centre --receipts stall.receipts"}
	c.AddCommand(newParcelTakeCommand())
	return c
}

func newParcelTakeCommand() *cobra.Command {
	var data, receipts string
	var asJSON bool
	c := &cobra.Command{
		Use:     "take FILE",
		Short:   "Take in a parcel; twice, late and in any order without harm",
		Example: "  rawaj admin parcel take stall.parcel --data ./centre --receipts stall.receipts",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			file, err := readBounded(args[0], syncproto.MaxParcel+1<<20)
			if err != nil {
				return err
			}
			t, err := atCentre(c, data, func(ctx context.Context, s *server.Server) (server.TakenParcel, error) {
				return s.TakeParcel(ctx, file)
			},
				func(out any) error {
					return localapi.Call(c.Context(), data, "POST", "/api/parcels", server.ParcelFile{File: file}, out)
				})
			if err != nil {
				return err
			}
			if receipts != "" {
				if err := writeWhole(receipts, t.Receipts); err != nil {
					return err
				}
			}
			if asJSON {
				return printJSON(c, t)
			}
			fmt.Fprintf(c.OutOrStdout(), "device %v: %d transactions, %d of them new\n", t.Device, t.Transactions, t.New)
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().StringVar(&receipts, "receipts", "", "file to write the receipts to, to be carried back")
	return c
}

// atSite does something at a site: in its directory, or through the process that holds
// that.
func atSite[T any](c *cobra.Command, data string, here func(context.Context, *client.Client) (T, error), there func(out any) error) (v T, err error) {
	s, err := openSite(c.Context(), data, false, logger(c))
	if heldByOther(err) {
		return v, there(&v)
	}
	if err != nil {
		return v, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	return here(c.Context(), s.client)
}

// readBounded reads a file of at most so many bytes.
func readBounded(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("%s is larger than %d bytes: it is not a file that rawaj wrote", name, most)
	}
	return b, err
}

// writeWhole writes a file that is there whole or not at all, and that only its owner
// reads.
func writeWhole(name string, b []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
