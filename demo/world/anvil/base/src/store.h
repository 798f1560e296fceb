#ifndef ANVIL_STORE_H
#define ANVIL_STORE_H

#include "anvil.h"
#include "index.h"
#include "log.h"

struct anvil {
    char *path;
    alog log;
    aindex index;
    uint64_t live;
};

/* Bring the index up to date with one record of the log. */
anvil_status store_apply(anvil *db, const void *key, uint32_t klen, uint64_t at,
                         uint64_t size, bool dead);

#endif
