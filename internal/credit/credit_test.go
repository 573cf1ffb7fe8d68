package credit_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"github.com/rawaj/rawaj/internal/credit"
)

func TestAFrameWaitsForCreditAndMayOverdrawItOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var m credit.Meter
		ctx, cancel := context.WithCancel(t.Context())
		sent := make(chan error, 1)
		go func() { sent <- m.Take(ctx, 100) }()
		synctest.Wait()
		select {
		case err := <-sent:
			t.Fatalf("without credit it did not wait: %v", err)
		default:
		}
		m.Add(1)
		if err := <-sent; err != nil {
			t.Errorf("with a byte of credit: %v", err)
		}
		if err := m.Take(ctx, 0); err != nil {
			t.Errorf("what costs nothing: %v", err)
		}
		go func() { sent <- m.Take(ctx, 1) }() // 99 below 0
		synctest.Wait()
		m.Add(99)
		synctest.Wait()
		select {
		case err := <-sent:
			t.Errorf("at 0 it did not wait: %v", err)
		default:
		}
		cancel()
		if err := <-sent; !errors.Is(err, context.Canceled) {
			t.Errorf("canceled it gave %v", err)
		}
	})
}
