#ifndef ANVIL_LOG_H
#define ANVIL_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "anvil.h"

#define LOG_HEADER 12u
#define LOG_MAX_KEY 0xffffu
#define LOG_MAX_VALUE 0x7fffffffu
#define LOG_TOMBSTONE 0xffffffffu /* as a value length: the key is deleted */

typedef struct {
    int fd;
    uint64_t end; /* where the next record goes */
} alog;

typedef struct {
    uint32_t klen, vlen;
    bool dead;
    uint8_t *data; /* the key, then the value; the caller frees it */
    uint64_t next; /* where the record after this one begins */
} log_record;

anvil_status log_open(alog *log, const char *path);
void log_close(alog *log);
anvil_status log_append(alog *log, const void *key, uint32_t klen, const void *val,
                        uint32_t vlen, uint64_t *at);
anvil_status log_read(const alog *log, uint64_t at, log_record *rec);

#endif
