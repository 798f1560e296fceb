#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "anvil.h"

static int failures;
static char path[64];

#define CHECK(cond)                                                       \
    do {                                                                  \
        if (!(cond)) {                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #cond);    \
            failures++;                                                   \
        }                                                                 \
    } while (0)

static anvil *open_store(void)
{
    anvil *db = NULL;
    CHECK(anvil_open(path, &db) == ANVIL_OK);
    return db;
}

static anvil *fresh_store(void)
{
    unlink(path);
    return open_store();
}

static void put(anvil *db, const char *key, const char *val)
{
    CHECK(anvil_put(db, key, strlen(key), val, strlen(val)) == ANVIL_OK);
}

static bool has(anvil *db, const char *key, const char *want)
{
    void *val;
    size_t vlen;
    if (anvil_get(db, key, strlen(key), &val, &vlen) != ANVIL_OK)
        return false;
    bool same = vlen == strlen(want) && memcmp(val, want, vlen) == 0;
    free(val);
    return same;
}

static void test_put_get_delete(void)
{
    anvil *db = fresh_store();
    put(db, "a", "1");
    put(db, "b", "");
    put(db, "a", "2");
    CHECK(has(db, "a", "2"));
    CHECK(has(db, "b", ""));
    CHECK(anvil_del(db, "a", 1) == ANVIL_OK);
    CHECK(anvil_del(db, "a", 1) == ANVIL_NOTFOUND);
    anvil_close(db);

    db = open_store();
    CHECK(!has(db, "a", "2"));
    CHECK(has(db, "b", ""));
    anvil_close(db);
}

static void test_compact(void)
{
    anvil_stats before, after;
    anvil *db = fresh_store();
    for (int i = 0; i < 500; i++) {
        char val[16];
        snprintf(val, sizeof val, "%d", i);
        put(db, i % 2 ? "odd" : "even", val);
    }
    anvil_get_stats(db, &before);
    CHECK(anvil_compact(db) == ANVIL_OK);
    anvil_get_stats(db, &after);
    CHECK(after.keys == 2 && after.file_bytes == after.live_bytes);
    CHECK(after.file_bytes < before.file_bytes);
    CHECK(has(db, "odd", "499") && has(db, "even", "498"));
    anvil_close(db);
}

int main(void)
{
    snprintf(path, sizeof path, "/tmp/anvil-test-%d", (int)getpid());
    test_put_get_delete();
    test_compact();
    unlink(path);
    if (failures == 0)
        puts("all tests passed");
    return failures != 0;
}
