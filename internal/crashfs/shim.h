#pragma once

#include "../sqlitevfs/vfs.h"

extern int sqlite3_auto_extension(void (*)(void));
extern int sqlite3_wal_autocheckpoint(sqlite3 *, int);

// crashfs_register puts the recorder before the platform's VFS, for every database
// that the process opens from now on; each checkpoints itself after that many pages.
int crashfs_register(int pages);
