#pragma once

#include "../sqlitevfs/vfs.h"

// memfs_register has the files of databases under a directory be in memory, for every
// connection that the process opens from now on.
int memfs_register(const char *root);

// What follows is for who knows that no connection is in a transaction.

int64_t memfs_size(const char *path);
void memfs_read(const char *path, void *to, int64_t n);
int memfs_write(const char *path, const void *from, int64_t n);

// memfs_forget takes away the head of a WAL's index.
void memfs_forget(const char *path);
