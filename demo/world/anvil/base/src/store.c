#include "store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

anvil_status store_apply(anvil *db, const void *key, uint32_t klen, uint64_t at,
                         uint64_t size, bool dead)
{
    const index_slot *old = aindex_find(&db->index, key, klen);
    if (old)
        db->live -= old->size;
    if (dead) {
        aindex_remove(&db->index, key, klen);
        return ANVIL_OK;
    }
    db->live += size;
    return aindex_set(&db->index, key, klen, at, size);
}

static anvil_status replay(anvil *db)
{
    uint64_t at = 0;
    while (at < db->log.end) {
        log_record rec;
        anvil_status st = log_read(&db->log, at, &rec);
        if (st != ANVIL_OK)
            return st;
        st = store_apply(db, rec.data, rec.klen, at, rec.next - at, rec.dead);
        free(rec.data);
        if (st != ANVIL_OK)
            return st;
        at = rec.next;
    }
    return ANVIL_OK;
}

anvil_status anvil_open(const char *path, anvil **out)
{
    anvil *db = calloc(1, sizeof *db);
    if (!db)
        return ANVIL_NOMEM;
    db->log.fd = -1;
    db->path = strdup(path);
    anvil_status st = db->path ? log_open(&db->log, path) : ANVIL_NOMEM;
    if (st == ANVIL_OK)
        st = replay(db);
    if (st != ANVIL_OK) {
        anvil_close(db);
        return st;
    }
    *out = db;
    return ANVIL_OK;
}

void anvil_close(anvil *db)
{
    if (!db)
        return;
    if (db->log.fd >= 0)
        log_close(&db->log);
    aindex_free(&db->index);
    free(db->path);
    free(db);
}

anvil_status anvil_put(anvil *db, const void *key, size_t klen, const void *val,
                       size_t vlen)
{
    uint64_t at;
    if (klen == 0 || klen > LOG_MAX_KEY || vlen > LOG_MAX_VALUE)
        return ANVIL_INVALID;
    anvil_status st = log_append(&db->log, key, (uint32_t)klen, val, (uint32_t)vlen, &at);
    if (st != ANVIL_OK)
        return st;
    return store_apply(db, key, (uint32_t)klen, at, db->log.end - at, false);
}

anvil_status anvil_get(anvil *db, const void *key, size_t klen, void **val,
                       size_t *vlen)
{
    const index_slot *slot = aindex_find(&db->index, key, (uint32_t)klen);
    if (!slot)
        return ANVIL_NOTFOUND;
    log_record rec;
    anvil_status st = log_read(&db->log, slot->at, &rec);
    if (st != ANVIL_OK)
        return st;
    memmove(rec.data, rec.data + rec.klen, rec.vlen);
    *val = rec.data;
    *vlen = rec.vlen;
    return ANVIL_OK;
}

anvil_status anvil_del(anvil *db, const void *key, size_t klen)
{
    uint64_t at;
    if (!aindex_find(&db->index, key, (uint32_t)klen))
        return ANVIL_NOTFOUND;
    anvil_status st = log_append(&db->log, key, (uint32_t)klen, NULL, LOG_TOMBSTONE, &at);
    if (st != ANVIL_OK)
        return st;
    return store_apply(db, key, (uint32_t)klen, at, 0, true);
}

anvil_status anvil_sync(anvil *db)
{
    return fsync(db->log.fd) == 0 ? ANVIL_OK : ANVIL_IO;
}

void anvil_get_stats(const anvil *db, anvil_stats *out)
{
    out->keys = db->index.count;
    out->live_bytes = db->live;
    out->file_bytes = db->log.end;
}

const char *anvil_strerror(anvil_status status)
{
    switch (status) {
    case ANVIL_OK: return "no error";
    case ANVIL_NOTFOUND: return "no such key";
    case ANVIL_IO: return "input or output failed";
    case ANVIL_CORRUPT: return "the file is damaged";
    case ANVIL_NOMEM: return "out of memory";
    case ANVIL_INVALID: return "the key or the value is too long, or the key is empty";
    }
    return "unknown error";
}
