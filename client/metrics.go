package client

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics is what whoever looks after a site's machine watches: counts, and nothing that
// anybody recorded.
type metrics struct {
	registry    *prometheus.Registry
	connections prometheus.Counter
}

func newMetrics(c *Client) *metrics {
	m := &metrics{
		registry:    prometheus.NewRegistry(),
		connections: prometheus.NewCounter(prometheus.CounterOpts{Name: "rawaj_site_connections_total", Help: "Times that the server took this site in."}),
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f)
	}
	m.registry.MustRegister(m.connections,
		gauge("rawaj_site_transactions", "Transactions recorded here.", func() float64 { return float64(c.Store.Transactions()) }),
		gauge("rawaj_site_acknowledged", "Those that the server's log holds.", func() float64 { n, _ := c.Store.Counts(); return float64(n) }),
		gauge("rawaj_site_settled", "Those that the server has judged.", func() float64 { _, n := c.Store.Counts(); return float64(n) }),
		gauge("rawaj_site_position", "Log position heard up to.", func() float64 { return float64(c.Store.Progress().Position) }),
		gauge("rawaj_site_last_contact_seconds", "When the server was last heard, Unix seconds; 0: never.", func() float64 { return float64(c.Store.Progress().LastContact) / 1000 }),
		gauge("rawaj_site_attachments_pending", "Attachments that the server has not confirmed.", func() float64 { list, _ := c.undelivered(context.Background()); return float64(len(list)) }),
		gauge("rawaj_site_differs", "1 where a share is not as the server has it.", func() float64 {
			if c.Store.Progress().Unequal != "" {
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
