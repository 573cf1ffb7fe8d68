//go:build linux

#include "pages.h"

#include "../sqlitevfs/vfs.h"

typedef struct sqlite3_backup sqlite3_backup;

extern int sqlite3_open_v2(const char *, sqlite3 **, int, const char *);
extern int sqlite3_close(sqlite3 *);
extern int sqlite3_db_config(sqlite3 *, int, ...);
extern sqlite3_backup *sqlite3_backup_init(sqlite3 *, const char *, sqlite3 *, const char *);
extern int sqlite3_backup_step(sqlite3_backup *, int);
extern int sqlite3_backup_finish(sqlite3_backup *);
extern int sqlite3_extended_errcode(sqlite3 *);
extern unsigned char *sqlite3_serialize(sqlite3 *, const char *, sqlite3_int64 *, unsigned);

#define OK 0
#define NOMEM 7
#define DONE 101
#define READWRITE 0x2
#define CREATE 0x4
#define NOMUTEX 0x8000
#define NO_CHECKPOINT_ON_CLOSE 1006

// The backup reads pages, and no schema: of what a start costs that is the most.
static int copied(sqlite3 *from, sqlite3 *to) {
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from, "main");
	if (b == 0)
		return sqlite3_extended_errcode(to);
	int rc = sqlite3_backup_step(b, -1);
	sqlite3_backup_finish(b);
	return rc == DONE ? OK : rc;
}

int crashfs_pages(const char *path, unsigned char **pages, int64_t *n) {
	sqlite3 *from = 0, *to = 0;
	int rc = sqlite3_open_v2(path, &from, READWRITE | NOMUTEX, "unix");
	if (rc == OK)
		rc = sqlite3_db_config(from, NO_CHECKPOINT_ON_CLOSE, 1, (int *)0);
	if (rc == OK)
		rc = sqlite3_open_v2("pages", &to, READWRITE | CREATE | NOMUTEX, "memdb");
	if (rc == OK)
		rc = copied(from, to);
	if (rc == OK && (*pages = sqlite3_serialize(to, "main", n, 0)) == 0)
		rc = NOMEM;
	sqlite3_close(to);
	sqlite3_close(from);
	return rc;
}
