package sim

import (
	"fmt"
	"slices"

	"github.com/rawaj/rawaj/client/store"
	"github.com/rawaj/rawaj/internal/attach"
	"github.com/rawaj/rawaj/internal/records"
	"github.com/rawaj/rawaj/server/state"
	"github.com/rawaj/rawaj/syncproto"
	"github.com/rawaj/rawaj/syncproto/schema"
)

// opPhoto has somebody give a product a photo, of up to three chunks; now and then one that
// another product has, or had.
func (w *World) opPhoto(o Op) {
	s := w.site(o.A)
	product, _ := pick(w.products, o.B)
	w.person(s, func(t *tx) error {
		w.values++
		b := fmt.Appendf(nil, "photo %d", w.values)
		if n := int(o.B >> 8 % 4); n > 0 {
			b = append(b, make([]byte, n*syncproto.ChunkSize-len(b)*int(o.B>>12%2))...)
		}
		if old, ok := pick(w.photos, o.B>>16); ok && o.B>>4%6 == 0 {
			b = old
		} else {
			w.photos = append(w.photos, b)
		}
		root, err := s.client.Attach(ctx, b)
		if err != nil {
			return err
		}
		t.kind, t.table, t.record, t.photo = aPhoto, schema.Product, product, root
		if err = s.client.SetPhoto(ctx, schema.Product, product, root); err == nil {
			w.hit(PhotoTaken)
		}
		return err
	})
}

// opLosePhotos has the server lose its photos, and nothing else.
func (w *World) opLosePhotos(Op) {
	c := w.centre
	if !c.up {
		return
	}
	c.crash(0)
	c.photoFiles = files{}
	w.hit(PhotosLost)
	c.older = true
	w.startCentre()
}

// photosBack notes, once the server has started, that it has older photos than it had, or none.
// Devices hear of it by another history alone.
func (w *World) photosBack() {
	if c := w.centre; c.up && c.older {
		c.lostAt, c.older = c.state.Head().History, false
	}
}

// attach has a site go on with what it gives and fetches.
func (w *World) attach(l *line) error {
	for i, t := range l.lane {
		give := i == 1
		look, answered := l.visit.Attaches(give)
		switch {
		case t == nil && look:
			t = begin(func(t *task) error {
				return l.visit.Attach(ctx, give, func() error {
					if !t.yield(struct{}{}) {
						return errDead
					}
					return nil
				})
			})
			w.tasks = append(w.tasks, t)
		case t == nil || !answered:
			continue
		}
		l.lane[i] = t
		if _, waits := t.next(); waits {
			continue
		}
		l.lane[i] = nil
		if t.err != nil {
			return t.err
		}
	}
	return nil
}

// photosOf are the attachments that a side has whole.
func (w *World) photosOf(s *attach.Store) map[syncproto.Root]bool {
	have := map[syncproto.Root]bool{}
	w.must(s.Each(ctx, func(i attach.Info) {
		if i.Whole {
			have[i.Root] = true
		}
	}))
	return have
}

// namedPhotos are those that products have at the server, in the order of their names.
func (w *World) namedPhotos() (roots []syncproto.Root) {
	w.must(w.centre.state.Read(ctx, func(r *state.Reader) error {
		return r.Each(schema.Product, func(row *records.Row) error {
			if root := row.Of(schema.ProductPhoto).Root(); !root.IsZero() && !slices.Contains(roots, root) {
				roots = append(roots, root)
			}
			return nil
		})
	}))
	return roots
}

// photosForgotten says that the server lost photos of the history that still stands: who
// has delivered them takes them to be there.
func (w *World) photosForgotten() bool { return w.centre.lostAt == w.centre.state.Head().History }

// judgePhotos: what a product's photo is, the server has, where a device that takes part has
// it; each that may read the product has it too; and no byte of any is another.
func (w *World) judgePhotos(v *view) {
	rights := v.rights()
	theirs := w.photosOf(w.centre.attach)
	if found, err := w.centre.attach.Verify(ctx); err != nil || len(found) > 0 {
		w.failf("the server's photos: %v, %v", found, err)
	}
	for _, s := range w.sites {
		if s.wiped || s.refused || rights.revoked[syncproto.RecordID(s.device())] {
			continue
		}
		have := w.photosOf(s.store.Attachments())
		if found, err := s.store.Attachments().Verify(ctx); err != nil || len(found) > 0 {
			w.failf("the photos of %s: %v, %v", s.name, found, err)
		}
		for _, root := range w.namedPhotos() {
			t := w.photographed(s, root)
			switch {
			case theirs[root] && !have[root] && rights.reads(syncproto.RecordID(s.device()), syncproto.ClassS, []syncproto.Scope{syncproto.OrgScope}, w.centre.now().UnixMilli()):
				w.failf("%s lacks photo %v, which the server has", s.name, root)
			case !theirs[root] && have[root] && !w.photosForgotten():
				w.failf("the server lacks photo %v, which %s has", root, s.name)
			case !theirs[root] && t != nil && w.hits[ServerRestored] > 0 && s.limited: // it may have left with the right to it, once the server had it
			case !theirs[root] && t != nil && !w.photosForgotten():
				w.failf("photo %v is nowhere: %v gave it to a product", root, t)
			}
			if theirs[root] {
				w.hit(PhotoDelivered)
			}
		}
	}
}

// photographed is the transaction of a site's own that gave somebody this photo.
func (w *World) photographed(s *site, root syncproto.Root) *tx {
	for _, t := range s.chain {
		if t.photo == root {
			return t
		}
	}
	return nil
}

// lacksPhotos says which photo that a site's products have it has still to give or to fetch.
func (w *World) lacksPhotos(s *site) (lacks string) {
	var shown []syncproto.Root
	w.must(s.store.Read(ctx, func(r *store.Reader) error {
		return r.Each(schema.Product, func(row *records.Row) error {
			if root := row.Of(schema.ProductPhoto).Root(); !root.IsZero() {
				shown = append(shown, root)
			}
			return nil
		})
	}))
	if len(shown) == 0 {
		return ""
	}
	named, theirs, have := w.namedPhotos(), w.photosOf(w.centre.attach), w.photosOf(s.store.Attachments())
	for _, root := range shown {
		if slices.Contains(named, root) && theirs[root] != have[root] && (theirs[root] || !w.photosForgotten()) {
			return fmt.Sprintf("photo %v at %s: %v, at the server: %v", root, s.name, have[root], theirs[root])
		}
	}
	return ""
}
