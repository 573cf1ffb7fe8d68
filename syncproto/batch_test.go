package syncproto_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rawaj/rawaj/syncproto"
)

func TestAnyCutOfARunIntoBatchesGivesTheSameChain(t *testing.T) {
	start := &syncproto.Genesis{Parent: parent, Seq: 4, Hash: hashOne}
	rapid.Check(t, func(t *rapid.T) {
		var run []syncproto.Body
		for i := range rapid.IntRange(1, 12).Draw(t, "length") {
			run = append(run, syncproto.NewBody(fmt.Appendf(nil, "body %d", i)))
		}
		whole := seal(t, 1, syncproto.GenesisHash(org, device, inc, *start), start, run)
		before, genesis, first := whole.Header.Before, start, 0
		for first < len(run) {
			n := rapid.IntRange(1, len(run)-first).Draw(t, "cut")
			b := seal(t, syncproto.Seq(first+1), before, genesis, run[first:first+n])
			before, genesis, first = b.Header.After, nil, first+n
		}
		if before != whole.Header.After {
			t.Fatalf("the pieces end at %v, the whole at %v", before, whole.Header.After)
		}
	})
}

// seal signs a batch, sends it through its bytes and checks what comes out.
func seal(t *rapid.T, first syncproto.Seq, before syncproto.Hash, g *syncproto.Genesis, run []syncproto.Body) *syncproto.Batch {
	made, err := syncproto.SignBatch(deviceKey, org, device, inc, first, before, g, run)
	if err != nil {
		t.Fatal(err)
	}
	b, err := syncproto.ParseBatch(made.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Verify(public(deviceKey), org); err != nil {
		t.Fatal(err)
	}
	got, err := b.Open()
	if d := cmp.Diff(run, got); err != nil || d != "" || cmp.Diff(made.Header, b.Header) != "" {
		t.Fatalf("%v: header %v\n%s", err, b.Header, d)
	}
	return b
}

func TestBatchesThatNobodyWouldTakeAreNotSigned(t *testing.T) {
	one := []syncproto.Body{syncproto.NewBody([]byte("one"))}
	start := &syncproto.Genesis{}
	for _, c := range []struct {
		why     string
		first   syncproto.Seq
		genesis *syncproto.Genesis
		run     []syncproto.Body
	}{
		{"empty", 1, start, nil},
		{"seq 0", 0, nil, one},
		{"seq 1 without genesis", 1, nil, one},
		{"seq 2 with genesis", 2, start, one},
		{"too many", 2, nil, make([]syncproto.Body, syncproto.MaxBatchTransactions+1)},
		{"too long", 2, nil, []syncproto.Body{syncproto.NewBody(make([]byte, syncproto.MaxBatchLength))}},
		{"seq beyond numbers", 1 << 62, nil, one},
	} {
		if _, err := syncproto.SignBatch(deviceKey, org, device, inc, c.first, hashOne, c.genesis, c.run); err == nil {
			t.Errorf("%s: signed", c.why)
		}
	}
}

func TestTheLargestTransactionFitsABatch(t *testing.T) {
	body := make([]byte, syncproto.MaxBody)
	state := uint64(1)
	for i := range body { // nothing to compress
		state ^= state << 13
		state ^= state >> 7
		state ^= state << 17
		body[i] = byte(state)
	}
	made := signBatch(t, 2, hashOne, nil, []syncproto.Body{syncproto.NewBody(body)})
	b, err := syncproto.ParseBatch(made.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Open(); err != nil {
		t.Error(err)
	}
}

func TestBodyShorterThanItsHashCanBeErased(t *testing.T) {
	list := []syncproto.Body{syncproto.NewBody([]byte{0}), syncproto.NewBody([]byte{1})}
	made := signBatch(t, 2, hashOne, nil, list)
	b, err := syncproto.ParseBatch(erase(t, made, list, 0))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := b.Open(); err != nil || got[0].Bytes != nil || got[0].Hash != list[0].Hash {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestPiecesOfABatchCostItsLengthTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.Uint64Range(1, syncproto.MaxBatch).Draw(t, "total")
		length := rapid.Uint64Range(1, syncproto.MaxBatchLength).Draw(t, "length")
		var cost uint64
		for at := uint64(0); at < total; {
			n := min(rapid.Uint64Range(1, 1<<20).Draw(t, "piece"), total-at)
			piece := syncproto.Push{Offset: at, Total: total, Length: length, Data: make([]byte, n)}
			cost += piece.Cost()
			at += n
		}
		if cost != length {
			t.Fatalf("%d of %d", cost, length)
		}
	})
}
