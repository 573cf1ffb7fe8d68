package server

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is what an operator watches. No name, number or text that anybody recorded
// stands in it, only counts.
type metrics struct {
	registry *prometheus.Registry
	entries  prometheus.Counter     // appended by this process
	bytes    *prometheus.CounterVec // on the wire, by direction
	ended    *prometheus.CounterVec // sessions, by code
	compared prometheus.Counter     // shares added up for a comparison by ranges
	repaired prometheus.Counter     // records sent since they differed
	scrubbed prometheus.Gauge       // when every record was last looked at
	applied  prometheus.Histogram   // seconds a commit of the fold took
	attached prometheus.Counter     // attachments that arrived whole
	chunks   *prometheus.CounterVec // of attachments, by direction
}

func newMetrics(s *Server) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		entries:  prometheus.NewCounter(prometheus.CounterOpts{Name: "rawaj_log_appended_entries_total", Help: "Entries appended to the log by this process."}),
		bytes:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rawaj_session_bytes_total", Help: "Bytes of messages of ended sessions, by direction."}, []string{"direction"}),
		ended:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rawaj_sessions_ended_total", Help: "Sessions that ended, by the code of their Bye."}, []string{"code"}),
		compared: prometheus.NewCounter(prometheus.CounterOpts{Name: "rawaj_repair_comparisons_total", Help: "Times a share was added up to be compared with a device's by ranges."}),
		repaired: prometheus.NewCounter(prometheus.CounterOpts{Name: "rawaj_repair_records_total", Help: "Records sent since a device's differed."}),
		scrubbed: prometheus.NewGauge(prometheus.GaugeOpts{Name: "rawaj_scrub_last_seconds", Help: "When every record of the state was last held against its digests, Unix seconds."}),
		attached: prometheus.NewCounter(prometheus.CounterOpts{Name: "rawaj_attachments_received_total", Help: "Attachments that arrived whole."}),
		chunks:   prometheus.NewCounterVec(prometheus.CounterOpts{Name: "rawaj_attachment_chunks_total", Help: "Chunks of attachments, by direction."}, []string{"direction"}),
		applied:  prometheus.NewHistogram(prometheus.HistogramOpts{Name: "rawaj_fold_commit_seconds", Help: "Time that one commit of the fold took.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14)}),
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f)
	}
	m.registry.MustRegister(m.entries, m.bytes, m.ended, m.compared, m.repaired, m.scrubbed, m.applied, m.attached, m.chunks,
		gauge("rawaj_sessions", "Devices connected now.", func() float64 { return float64(s.Open()) }),
		gauge("rawaj_log_entries", "Entries in the log.", func() float64 { end, _ := s.Log.End(); return float64(end) }),
		gauge("rawaj_fold_applied_entries", "Entries folded into state.", func() float64 { return float64(s.State.Head().Applied) }),
		gauge("rawaj_fold_position", "Transactions judged.", func() float64 { return float64(s.State.Head().Position) }),
		gauge("rawaj_fold_unsound_entries", "Entries that could not be attributed to a device.", func() float64 { return float64(s.State.Head().Unsound) }),
		gauge("rawaj_clock_in_doubt", "1 where somebody has to look at this machine's clock.", func() float64 {
			if s.clock.doubtful() {
				return 1
			}
			return 0
		}),
		gauge("rawaj_disk_trouble", "1 where the disk has no room, or did not take the last write.", func() float64 {
			if s.Disk(context.Background()).Now() {
				return 1
			}
			return 0
		}),
		gauge("rawaj_fold_stopped", "1 where the fold has stopped and needs somebody.", func() float64 {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.stopped != nil {
				return 1
			}
			return 0
		}),
	)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}
