/*
 * run_disk.h: what runs took: requests, and space on disk.
 */
#ifndef ENVTALLY_RUN_DISK_H
#define ENVTALLY_RUN_DISK_H

#include <stdint.h>

/* The requests that a complete run has recorded; -1 where a recording has no end. */
int64_t run_requests(const char *run_folder);

/* Bytes that the files of a folder take on disk; a file with several names counts once for all. What cannot be read counts as none. */
int64_t run_disk_bytes(const char *folder);

/* The same of a ledger and its write-ahead log. */
int64_t ledger_disk_bytes(const char *path);

#endif
