#ifndef ANVIL_H
#define ANVIL_H

#include <stddef.h>
#include <stdint.h>

#define ANVIL_VERSION "0.6.0"

/* Everything but ANVIL_OK and ANVIL_NOTFOUND is an error. */
typedef enum {
    ANVIL_OK = 0,
    ANVIL_NOTFOUND,
    ANVIL_IO,
    ANVIL_CORRUPT,
    ANVIL_NOMEM,
    ANVIL_INVALID,
} anvil_status;

typedef struct anvil anvil;

typedef struct {
    uint64_t keys;
    uint64_t live_bytes; /* what a compaction would keep */
    uint64_t file_bytes;
} anvil_stats;

/* Open the store in the file `path`, creating it if it is not there. The whole
   log is read once, so this takes time proportionate to its lenght. */
anvil_status anvil_open(const char *path, anvil **out);
void anvil_close(anvil *db);

anvil_status anvil_put(anvil *db, const void *key, size_t klen, const void *val,
                       size_t vlen);

/* The value is a copy, which the caller frees. */
anvil_status anvil_get(anvil *db, const void *key, size_t klen, void **val,
                       size_t *vlen);

/* ANVIL_NOTFOUND when there was no such key. */
anvil_status anvil_del(anvil *db, const void *key, size_t klen);

/* Wait until everything written so far is on the disk. */
anvil_status anvil_sync(anvil *db);

/* Rewrite the log without the records that nobody can reach any more. */
anvil_status anvil_compact(anvil *db);

void anvil_get_stats(const anvil *db, anvil_stats *out);
const char *anvil_strerror(anvil_status status);

#endif
