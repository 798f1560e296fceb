#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A record is: checksum, key length, value length (4 bytes each, little endian),
   then the key and the value. The checksum covers everthing that comes after it,
   so a flipped bit in a length is noticed aswell. */

static uint32_t crc32(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    while (n--) {
        crc ^= *p++;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
    }
    return ~crc;
}

static void put_u32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t get_u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static anvil_status write_all(int fd, const void *buf, size_t n, uint64_t at)
{
    const uint8_t *p = buf;
    while (n) {
        ssize_t done = pwrite(fd, p, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return ANVIL_IO;
        p += done;
        n -= (size_t)done;
        at += (uint64_t)done;
    }
    return ANVIL_OK;
}

static anvil_status read_all(int fd, void *buf, size_t n, uint64_t at)
{
    uint8_t *p = buf;
    while (n) {
        ssize_t done = pread(fd, p, n, (off_t)at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return ANVIL_IO;
        if (done == 0)
            return ANVIL_CORRUPT; /* the file ends in the midle of a record */
        p += done;
        n -= (size_t)done;
        at += (uint64_t)done;
    }
    return ANVIL_OK;
}

anvil_status log_open(alog *log, const char *path)
{
    struct stat info;
    log->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (log->fd < 0)
        return ANVIL_IO;
    if (fstat(log->fd, &info) != 0) {
        log_close(log);
        return ANVIL_IO;
    }
    log->end = (uint64_t)info.st_size;
    return ANVIL_OK;
}

void log_close(alog *log)
{
    close(log->fd);
    log->fd = -1;
}

anvil_status log_append(alog *log, const void *key, uint32_t klen, const void *val,
                        uint32_t vlen, uint64_t *at)
{
    uint32_t body = vlen == LOG_TOMBSTONE ? 0 : vlen;
    uint8_t head[LOG_HEADER];
    put_u32(head + 4, klen);
    put_u32(head + 8, vlen);
    uint32_t crc = crc32(0, head + 4, sizeof head - 4);
    crc = crc32(crc, key, klen);
    crc = crc32(crc, val, body);
    put_u32(head, crc);

    anvil_status st = write_all(log->fd, head, sizeof head, log->end);
    if (st == ANVIL_OK)
        st = write_all(log->fd, key, klen, log->end + LOG_HEADER);
    if (st == ANVIL_OK)
        st = write_all(log->fd, val, body, log->end + LOG_HEADER + klen);
    if (st != ANVIL_OK)
        return st;
    *at = log->end;
    log->end += (uint64_t)LOG_HEADER + klen + body;
    return ANVIL_OK;
}

anvil_status log_read(const alog *log, uint64_t at, log_record *rec)
{
    uint8_t head[LOG_HEADER];
    anvil_status st = read_all(log->fd, head, sizeof head, at);
    if (st != ANVIL_OK)
        return st;

    rec->klen = get_u32(head + 4);
    rec->vlen = get_u32(head + 8);
    rec->dead = rec->vlen == LOG_TOMBSTONE;
    if (rec->dead)
        rec->vlen = 0;
    rec->data = malloc(rec->klen + rec->vlen);
    if (!rec->data)
        return ANVIL_NOMEM;

    st = read_all(log->fd, rec->data, (size_t)rec->klen + rec->vlen, at + LOG_HEADER);
    if (st == ANVIL_OK) {
        uint32_t crc = crc32(0, head + 4, sizeof head - 4);
        crc = crc32(crc, rec->data, (size_t)rec->klen + rec->vlen);
        if (crc != get_u32(head))
            st = ANVIL_CORRUPT;
    }
    if (st != ANVIL_OK) {
        free(rec->data);
        return st;
    }
    rec->next = at + LOG_HEADER + rec->klen + rec->vlen;
    return ANVIL_OK;
}
