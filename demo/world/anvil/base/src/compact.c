#include "store.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

anvil_status anvil_compact(anvil *db)
{
    char tmp[PATH_MAX];
    snprintf(tmp, sizeof tmp, "%s.compact", db->path);

    anvil fresh = { 0 };
    anvil_status st = log_open(&fresh.log, tmp);
    if (st != ANVIL_OK)
        return st;
    for (size_t i = 0; i < db->index.cap; i++) {
        const index_slot *slot = &db->index.slots[i];
        if (!slot->key)
            continue;
        log_record rec;
        uint64_t at;
        st = log_read(&db->log, slot->at, &rec);
        if (st != ANVIL_OK)
            return st;
        st = log_append(&fresh.log, rec.data, rec.klen, rec.data + rec.klen, rec.vlen, &at);
        if (st == ANVIL_OK)
            st = store_apply(&fresh, rec.data, rec.klen, at, fresh.log.end - at, false);
        free(rec.data);
        if (st != ANVIL_OK)
            return st;
    }
    /* The new file must be hole before it takes the place of the old one. */
    if (fsync(fresh.log.fd) != 0 || rename(tmp, db->path) != 0)
        return ANVIL_IO;

    log_close(&db->log);
    aindex_free(&db->index);
    db->log = fresh.log;
    db->index = fresh.index;
    db->live = fresh.live;
    return ANVIL_OK;
}
