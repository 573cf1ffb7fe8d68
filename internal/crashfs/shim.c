//go:build linux

#include "shim.h"

#include <stddef.h>
#include <string.h>

#include "_cgo_export.h"

#define OK 0
#define IOERR_FSYNC (10 | 4 << 8)

static sqlite3_vfs *real, shim;
static sqlite3_io_methods methods;
static int checkpoint_pages;

// file is what SQLite holds of a recorded file; the platform's own follows it.
typedef struct {
	sqlite3_file base;
	int64_t handle;
} file;

#define HEAD ((sizeof(file) + 15) / 16 * 16)
#define REAL(f) ((sqlite3_file *)((char *)(f) + HEAD))
#define HANDLE(f) (((file *)(f))->handle)
#define DO(f, m) REAL(f)->pMethods->m

static int x_close(sqlite3_file *f) { return DO(f, xClose)(REAL(f)); }
static int x_read(sqlite3_file *f, void *b, int n, sqlite3_int64 at) { return DO(f, xRead)(REAL(f), b, n, at); }
static int x_size(sqlite3_file *f, sqlite3_int64 *n) { return DO(f, xFileSize)(REAL(f), n); }
static int x_lock(sqlite3_file *f, int l) { return DO(f, xLock)(REAL(f), l); }
static int x_unlock(sqlite3_file *f, int l) { return DO(f, xUnlock)(REAL(f), l); }
static int x_reserved(sqlite3_file *f, int *r) { return DO(f, xCheckReservedLock)(REAL(f), r); }
static int x_control(sqlite3_file *f, int op, void *a) { return DO(f, xFileControl)(REAL(f), op, a); }
static int x_sector(sqlite3_file *f) { return DO(f, xSectorSize)(REAL(f)); }
static int x_character(sqlite3_file *f) { return DO(f, xDeviceCharacteristics)(REAL(f)); }
static int x_shm_map(sqlite3_file *f, int p, int n, int x, void volatile **m) { return DO(f, xShmMap)(REAL(f), p, n, x, m); }
static int x_shm_lock(sqlite3_file *f, int o, int n, int l) { return DO(f, xShmLock)(REAL(f), o, n, l); }
static void x_shm_barrier(sqlite3_file *f) { DO(f, xShmBarrier)(REAL(f)); }
static int x_shm_unmap(sqlite3_file *f, int d) { return DO(f, xShmUnmap)(REAL(f), d); }

static int x_write(sqlite3_file *f, const void *b, int n, sqlite3_int64 at) {
	int rc = DO(f, xWrite)(REAL(f), b, n, at);
	if (rc == OK)
		crashfsWrite(HANDLE(f), (void *)b, n, at);
	return rc;
}

static int x_truncate(sqlite3_file *f, sqlite3_int64 n) {
	int rc = DO(f, xTruncate)(REAL(f), n);
	if (rc == OK)
		crashfsTruncate(HANDLE(f), n);
	return rc;
}

static int x_sync(sqlite3_file *f, int flags) {
	if (crashfsFailsSync(HANDLE(f)))
		return IOERR_FSYNC;
	int rc = DO(f, xSync)(REAL(f), flags);
	if (rc == OK)
		crashfsSync(HANDLE(f));
	return rc;
}

// Version 2 of the methods: without xFetch nothing is mapped, and every write comes
// through xWrite.
static sqlite3_io_methods methods = {
	2, x_close, x_read, x_write, x_truncate, x_sync, x_size, x_lock, x_unlock, x_reserved, x_control, x_sector,
	x_character, x_shm_map, x_shm_lock, x_shm_barrier, x_shm_unmap, 0, 0,
};

static int x_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *out) {
	if (name == 0 || !crashfsRecords((char *)name))
		return real->xOpen(real, name, f, flags, out);
	f->pMethods = 0;
	int rc = real->xOpen(real, name, REAL(f), flags, out);
	if (rc == OK) {
		HANDLE(f) = crashfsOpen((char *)name);
		f->pMethods = &methods;
	}
	return rc;
}

static int x_delete(sqlite3_vfs *v, const char *name, int sync) {
	// The directory is synced inside, after the name is gone.
	int records = crashfsRecords((char *)name);
	int rc = real->xDelete(real, name, 0);
	if (rc == OK && records)
		crashfsDelete((char *)name);
	if (rc == OK && sync) {
		int fd;
		int (*open_directory)(const char *, int *) = (int (*)(const char *, int *))real->xGetSystemCall(real, "openDirectory");
		int (*close_file)(int) = (int (*)(int))real->xGetSystemCall(real, "close");
		if (open_directory(name, &fd) == OK)
			close_file(fd);
	}
	return rc;
}

// SQLite opens a directory for one thing: to sync it.
static int (*real_open_directory)(const char *, int *);

static int open_directory(const char *name, int *fd) {
	int rc = real_open_directory(name, fd);
	if (rc == OK)
		crashfsSyncDirectory((char *)name);
	return rc;
}

static int on_connect(sqlite3 *db, char **error, const void *api) {
	return sqlite3_wal_autocheckpoint(db, checkpoint_pages);
}

int crashfs_register(int pages) {
	sqlite3_config(CONFIG_MEMSTATUS, 0);
	real = sqlite3_vfs_find(0);
	shim = *real;
	shim.pNext = 0;
	shim.zName = "crashfs";
	shim.szOsFile = HEAD + real->szOsFile;
	shim.xOpen = x_open;
	shim.xDelete = x_delete;
	checkpoint_pages = pages;
	sqlite3_auto_extension((void (*)(void))on_connect);
	real_open_directory = (int (*)(const char *, int *))real->xGetSystemCall(real, "openDirectory");
	int rc = real->xSetSystemCall(real, "openDirectory", (sqlite3_syscall_ptr)open_directory);
	return rc != OK ? rc : sqlite3_vfs_register(&shim, 1);
}
