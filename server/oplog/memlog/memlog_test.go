package memlog_test

import (
	"testing"

	"github.com/rawaj/rawaj/server/oplog"
	"github.com/rawaj/rawaj/server/oplog/memlog"
	"github.com/rawaj/rawaj/server/oplog/oplogtest"
)

func TestMemlogKeepsTheContract(t *testing.T) {
	oplogtest.Run(t, func(*testing.T) oplog.Log { return memlog.New() }, nil)
}
