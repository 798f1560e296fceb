#include "index.h"

#include <stdlib.h>
#include <string.h>

/* Open adressing with linear probing. */

static uint64_t hash_key(const uint8_t *p, size_t n)
{
    uint64_t h = 0xcbf29ce484222325u;
    while (n--)
        h = (h ^ *p++) * 0x100000001b3u;
    return h ^ h >> 29;
}

/* The slot of the key, or the empty slot where its search ends. */
static index_slot *probe(const aindex *ix, const void *key, uint32_t klen)
{
    size_t mask = ix->cap - 1;
    for (size_t i = hash_key(key, klen) & mask;; i = (i + 1) & mask) {
        index_slot *s = &ix->slots[i];
        if (!s->key && !s->dead)
            return s;
        if (s->key && s->klen == klen && memcmp(s->key, key, klen) == 0)
            return s;
    }
}

static anvil_status grow(aindex *ix)
{
    aindex bigger = { .cap = ix->cap ? ix->cap * 2 : 64, .count = ix->count };
    bigger.slots = calloc(bigger.cap, sizeof *bigger.slots);
    if (!bigger.slots)
        return ANVIL_NOMEM;
    for (size_t i = 0; i < ix->cap; i++) {
        index_slot *s = &ix->slots[i];
        if (s->key)
            *probe(&bigger, s->key, s->klen) = *s;
    }
    free(ix->slots);
    *ix = bigger;
    return ANVIL_OK;
}

index_slot *aindex_find(const aindex *ix, const void *key, uint32_t klen)
{
    if (ix->cap == 0)
        return NULL;
    index_slot *s = probe(ix, key, klen);
    return s->key ? s : NULL;
}

anvil_status aindex_set(aindex *ix, const void *key, uint32_t klen, uint64_t at,
                        uint64_t size)
{
    if ((ix->count + 1) * 4 > ix->cap * 3 && grow(ix) != ANVIL_OK)
        return ANVIL_NOMEM;
    index_slot *s = probe(ix, key, klen);
    if (!s->key) {
        s->key = malloc(klen);
        if (!s->key)
            return ANVIL_NOMEM;
        memcpy(s->key, key, klen);
        s->klen = klen;
        ix->count++;
    }
    s->at = at;
    s->size = size;
    return ANVIL_OK;
}

void aindex_remove(aindex *ix, const void *key, uint32_t klen)
{
    index_slot *s = aindex_find(ix, key, klen);
    if (!s)
        return;
    free(s->key);
    s->key = NULL;
    s->dead = true;
    ix->count--;
}

void aindex_free(aindex *ix)
{
    for (size_t i = 0; i < ix->cap; i++)
        free(ix->slots[i].key);
    free(ix->slots);
    *ix = (aindex){ 0 };
}
