#pragma once

#include <stdint.h>

// crashfs_pages gives the pages of a database, to be freed with sqlite3_free, and how many bytes
// they are; or what SQLite says instead.
int crashfs_pages(const char *path, unsigned char **pages, int64_t *n);

extern void sqlite3_free(void *);
