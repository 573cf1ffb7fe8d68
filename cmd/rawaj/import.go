package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rawaj/rawaj/client"
	"github.com/rawaj/rawaj/internal/localapi"
	"github.com/rawaj/rawaj/syncproto/schema"
)

func newImportSalesCommand() *cobra.Command {
	var data, mapping, currency, fair, family string
	var dryRun, asJSON bool
	c := &cobra.Command{
		Use:   "sales FILE",
		Short: "Import the receipts of another till from a CSV or XLSX file",
		Long: `Import the receipts of another till from a CSV or XLSX file, each receipt once: giving
the same file again adds nothing, and a receipt that now says otherwise is listed and
never overwritten. --map names the file's columns: receipt, date and one of item and
sku are needed; time, category, quantity and unit_price may be given. Without a
quantity a line is one piece; without a price it counts as unpriced. The first sheet of a
workbook is read; where date and time stand in one cell, map its column as both.
--dry-run says of every line what would happen.`,
		Example: "  rawaj site import sales till.csv --data ./stall --map receipt=receipt,date=date,time=time,item=item,quantity=quantity,unit_price=unit_price --currency USD",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			columns, err := client.ParseMapping(mapping)
			if err != nil {
				return misuse("%v", err)
			}
			if currency = strings.ToUpper(currency); !schema.ValidCurrency(currency) {
				return misuse("--currency %q is not a currency such as AED", currency)
			}
			r, err := importSales(c, data, args[0], mapping, client.ImportOptions{Columns: columns, Currency: currency, Fair: fair, Family: family, DryRun: dryRun, Now: time.Now})
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(c, r)
			}
			printImportedSales(c.OutOrStdout(), &r)
			return nil
		},
	}
	dataFlag(c, &data)
	jsonFlag(c, &asJSON)
	c.Flags().BoolVar(&dryRun, "dry-run", false, "say what would happen and record nothing")
	c.Flags().StringVar(&mapping, "map", "", "columns of the file: receipt=COL,date=COL,item=COL[,…]")
	c.Flags().StringVar(&currency, "currency", "", "currency of the file's prices")
	c.Flags().StringVar(&fair, "fair", "", "name of the fair the sales were made at")
	c.Flags().StringVar(&family, "family", "", "name of the family whose goods these are")
	c.MarkFlagRequired("map")
	c.MarkFlagRequired("currency")
	return c
}

func printImportedSales(w io.Writer, r *client.ImportResult) {
	imported, there := "imported", "were there already"
	if r.DryRun {
		imported, there = "would be imported", "are there already"
		fmt.Fprintln(w, "dry run: nothing was recorded")
	}
	fmt.Fprintf(w, "%d receipts with %d lines %s, %d %s, %d lines refused\n", r.Receipts, r.Lines, imported, r.AlreadyThere, there, r.RefusedTotal)
	for _, l := range r.Told {
		fmt.Fprintln(w, printable(strings.TrimSpace(fmt.Sprintf("line %d: %s, receipt %s %s", l.Line, l.Outcome, l.Receipt, l.Reason))))
	}
	if r.DryRun {
		return
	}
	for _, f := range r.Refused {
		fmt.Fprintf(w, "line %d: %s\n", f.Line, printable(f.Reason))
	}
}

func importSales(c *cobra.Command, data, file, mapping string, o client.ImportOptions) (r client.ImportResult, err error) {
	f, err := os.Open(file)
	if err != nil {
		return r, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return r, err
	}
	b := newBar(c.ErrOrStderr(), "importing", info.Size())
	defer b.done()
	s, err := openSite(c.Context(), data, false, logger(c))
	if heldByOther(err) {
		return r, importElsewhere(c.Context(), data, mapping, o, f, &r)
	}
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.store.Identity() == nil {
		return r, notEnrolled(data)
	}
	o.Progress = func(bytes int64, _ int) { b.set(bytes) }
	return client.ImportSales(c.Context(), s.store, f, o)
}

func importElsewhere(ctx context.Context, data, mapping string, o client.ImportOptions, f io.Reader, r *client.ImportResult) error {
	q := url.Values{"map": {mapping}, "currency": {o.Currency}, "fair": {o.Fair}, "family": {o.Family}, "dry_run": {strconv.FormatBool(o.DryRun)}}
	return localapi.Call(ctx, data, "POST", "/api/import/sales?"+q.Encode(), f, r)
}
