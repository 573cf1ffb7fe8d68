//go:build linux

#include "memfs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define OK 0
#define BUSY 5
#define NOMEM 7
#define NOTFOUND 12
#define SHORT_READ (10 | 2 << 8)

// Flags of xOpen, and the locks of a database file and of a WAL's index.
#define MAIN_DB 0x100
#define MAIN_JOURNAL 0x800
#define WAL 0x80000
#define ACCESS_EXISTS 0
#define POWERSAFE_OVERWRITE 0x1000
#define SHM_UNLOCK 1
#define SHM_SHARED 4
#define SHM_LOCKS 8
enum { NONE, SHARED, RESERVED, PENDING, EXCLUSIVE };

// How a database is locked is looked at by all its connections; those of one database are
// used by one thread at a time, so that nobody waits for a lock.
typedef struct node {
	struct node *next;
	char *name;
	unsigned char *data;
	int64_t size, room;
	int open, mapped, shared;
	struct file *reserved, *exclusive;
	void **regions; // of the WAL's index
	int count;
	int readers[SHM_LOCKS];
	struct file *writer[SHM_LOCKS];
} node;

typedef struct file {
	sqlite3_file base;
	node *of;
	int level, mapped;
	unsigned reads; // locks of the index that are held here, to share them
} file;

static sqlite3_vfs *real, shim;
static char *root;

#define BUCKETS 1024
static node *nodes[BUCKETS];
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

static node *find(const char *name, int make) {
	unsigned h = 5381;
	for (const char *c = name; *c; c++)
		h = h * 33 + (unsigned char)*c;
	node **at = &nodes[h % BUCKETS];
	pthread_mutex_lock(&turn);
	node *n = *at;
	while (n && strcmp(n->name, name))
		n = n->next;
	if (!n && make && (n = calloc(1, sizeof(node)))) {
		n->name = strdup(name);
		n->next = *at;
		*at = n;
	}
	pthread_mutex_unlock(&turn);
	return n;
}

static int ours(const char *name) { return name && root && !strncmp(name, root, strlen(root)); }

static int room(node *n, int64_t want) {
	if (want <= n->room)
		return OK;
	int64_t more = n->room * 2 > want ? n->room * 2 : want;
	unsigned char *data = realloc(n->data, more);
	if (!data)
		return NOMEM;
	n->data = data;
	n->room = more;
	return OK;
}

static int x_read(sqlite3_file *f, void *b, int want, sqlite3_int64 at) {
	node *n = ((file *)f)->of;
	int64_t have = n->size - at;
	if (have >= want) {
		memcpy(b, n->data + at, want);
		return OK;
	}
	have = have > 0 ? have : 0;
	if (have)
		memcpy(b, n->data + at, have);
	memset((char *)b + have, 0, want - have);
	return SHORT_READ;
}

static int x_truncate(sqlite3_file *f, sqlite3_int64 size) {
	node *n = ((file *)f)->of;
	if (size < n->size)
		n->size = size;
	return OK;
}

static int x_write(sqlite3_file *f, const void *b, int size, sqlite3_int64 at) {
	node *n = ((file *)f)->of;
	if (room(n, at + size))
		return NOMEM;
	if (at > n->size)
		memset(n->data + n->size, 0, at - n->size);
	memcpy(n->data + at, b, size);
	if (at + size > n->size)
		n->size = at + size;
	return OK;
}

static int x_sync(sqlite3_file *f, int flags) { return OK; }
static int x_control(sqlite3_file *f, int op, void *a) { return NOTFOUND; }
static int x_sector(sqlite3_file *f) { return 4096; }
static int x_character(sqlite3_file *f) { return POWERSAFE_OVERWRITE; }

static int x_size(sqlite3_file *f, sqlite3_int64 *n) {
	*n = ((file *)f)->of->size;
	return OK;
}

static int x_unlock(sqlite3_file *b, int level) {
	file *f = (file *)b;
	node *n = f->of;
	if (f->level <= level)
		return OK;
	if (n->exclusive == f)
		n->exclusive = 0;
	if (n->reserved == f)
		n->reserved = 0;
	if (level == NONE && f->level >= SHARED)
		n->shared--;
	f->level = level;
	return OK;
}

static int x_lock(sqlite3_file *b, int level) {
	file *f = (file *)b;
	node *n = f->of;
	if (f->level >= level)
		return OK;
	if (n->exclusive && n->exclusive != f || level > SHARED && n->reserved && n->reserved != f || level == EXCLUSIVE && n->shared > 1)
		return BUSY;
	if (f->level == NONE)
		n->shared++;
	if (level > SHARED)
		n->reserved = f;
	if (level == EXCLUSIVE)
		n->exclusive = f;
	f->level = level;
	return OK;
}

static int x_reserved(sqlite3_file *f, int *r) {
	*r = ((file *)f)->of->reserved != 0;
	return OK;
}

static int x_shm_map(sqlite3_file *b, int at, int size, int extend, void volatile **m) {
	file *f = (file *)b;
	node *n = f->of;
	*m = 0;
	if (!f->mapped) {
		f->mapped = 1;
		n->mapped++;
	}
	if (at >= n->count && !extend)
		return OK;
	while (at >= n->count) {
		void **regions = realloc(n->regions, (n->count + 1) * sizeof(void *));
		if (!regions)
			return NOMEM;
		n->regions = regions;
		if (!(regions[n->count] = calloc(1, size)))
			return NOMEM;
		n->count++;
	}
	*m = n->regions[at];
	return OK;
}

static int x_shm_lock(sqlite3_file *b, int first, int count, int flags) {
	file *f = (file *)b;
	node *n = f->of;
	for (int i = first; i < first + count && !(flags & SHM_UNLOCK); i++) {
		int others = n->readers[i] - (f->reads >> i & 1);
		if (n->writer[i] && n->writer[i] != f || !(flags & SHM_SHARED) && others > 0)
			return BUSY;
	}
	for (int i = first; i < first + count; i++) {
		if (flags & SHM_UNLOCK) {
			n->readers[i] -= f->reads >> i & 1;
			f->reads &= ~(1u << i);
			if (n->writer[i] == f)
				n->writer[i] = 0;
		} else if (!(flags & SHM_SHARED)) {
			n->writer[i] = f;
		} else if (!(f->reads >> i & 1)) {
			f->reads |= 1u << i;
			n->readers[i]++;
		}
	}
	return OK;
}

static void x_shm_barrier(sqlite3_file *f) { __sync_synchronize(); }

static int x_shm_unmap(sqlite3_file *b, int gone) {
	file *f = (file *)b;
	node *n = f->of;
	if (!f->mapped)
		return OK;
	x_shm_lock(b, 0, SHM_LOCKS, SHM_UNLOCK);
	f->mapped = 0;
	if (--n->mapped > 0)
		return OK;
	while (n->count > 0)
		free(n->regions[--n->count]);
	return OK;
}

static int x_close(sqlite3_file *b) {
	x_unlock(b, NONE);
	((file *)b)->of->open--;
	return OK;
}

static const sqlite3_io_methods methods = {
	2, x_close, x_read, x_write, x_truncate, x_sync, x_size, x_lock, x_unlock, x_reserved, x_control, x_sector,
	x_character, x_shm_map, x_shm_lock, x_shm_barrier, x_shm_unmap, 0, 0,
};

static int x_open(sqlite3_vfs *v, const char *name, sqlite3_file *b, int flags, int *out) {
	if (!ours(name) || !(flags & (MAIN_DB | MAIN_JOURNAL | WAL)))
		return real->xOpen(real, name, b, flags, out);
	file *f = (file *)b;
	memset(f, 0, sizeof(file));
	if (!(f->of = find(name, 1)))
		return NOMEM;
	f->of->open++;
	f->base.pMethods = &methods;
	if (out)
		*out = flags;
	return OK;
}

static int x_delete(sqlite3_vfs *v, const char *name, int sync) {
	if (!ours(name))
		return real->xDelete(real, name, sync);
	node *n = find(name, 0);
	if (n)
		n->size = 0;
	return OK;
}

// A file that is empty is none: SQLite's own has it so for journals, and opens what is not
// there by making it.
static int x_access(sqlite3_vfs *v, const char *name, int flags, int *out) {
	if (!ours(name))
		return real->xAccess(real, name, flags, out);
	node *n = find(name, 0);
	*out = flags != ACCESS_EXISTS || n && n->size > 0;
	return OK;
}

int memfs_register(const char *under) {
	sqlite3_config(CONFIG_MEMSTATUS, 0);
	root = strdup(under);
	real = sqlite3_vfs_find(0);
	shim = *real;
	shim.pNext = 0;
	shim.zName = "memfs";
	if (shim.szOsFile < (int)sizeof(file))
		shim.szOsFile = sizeof(file);
	shim.xOpen = x_open;
	shim.xDelete = x_delete;
	shim.xAccess = x_access;
	return sqlite3_vfs_register(&shim, 1);
}

int64_t memfs_size(const char *path) {
	node *n = find(path, 0);
	return n ? n->size : 0;
}

void memfs_read(const char *path, void *to, int64_t size) {
	node *n = find(path, 0);
	if (n)
		memcpy(to, n->data, size);
}

int memfs_write(const char *path, const void *from, int64_t size) {
	node *n = find(path, 1);
	if (!n || room(n, size))
		return NOMEM;
	if (size)
		memcpy(n->data, from, size);
	n->size = size;
	return OK;
}

// WAL_INDEX_HEAD is what precedes the checkpoint's marks in a WAL's index and tells whether it
// is valid, twice. (sqlite.org/walformat.html 2.1.)
#define WAL_INDEX_HEAD (2 * 48)

void memfs_forget(const char *path) {
	node *n = find(path, 0);
	if (n && n->count > 0)
		memset(n->regions[0], 0, WAL_INDEX_HEAD);
}
