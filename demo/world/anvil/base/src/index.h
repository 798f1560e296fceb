#ifndef ANVIL_INDEX_H
#define ANVIL_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "anvil.h"

typedef struct {
    uint8_t *key; /* NULL: the slot holds no key */
    uint32_t klen;
    bool dead; /* a removed key was here, keep looking */
    uint64_t at, size;
} index_slot;

typedef struct {
    index_slot *slots;
    size_t cap; /* zero or a power of two */
    size_t count;
} aindex;

/* NULL when the key is not there. */
index_slot *aindex_find(const aindex *ix, const void *key, uint32_t klen);
anvil_status aindex_set(aindex *ix, const void *key, uint32_t klen, uint64_t at,
                        uint64_t size);
void aindex_remove(aindex *ix, const void *key, uint32_t klen);
void aindex_free(aindex *ix);

#endif
