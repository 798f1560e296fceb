#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "anvil.h"

static int usage(void)
{
    fputs("usage: anvil FILE get KEY\n"
          "       anvil FILE put KEY VALUE\n"
          "       anvil FILE del KEY\n"
          "       anvil FILE stats\n"
          "       anvil FILE compact\n",
          stderr);
    return 2;
}

static anvil_status get(anvil *db, const char *key)
{
    void *val;
    size_t vlen;
    anvil_status st = anvil_get(db, key, strlen(key), &val, &vlen);
    if (st != ANVIL_OK)
        return st;
    fwrite(val, 1, vlen, stdout);
    putchar('\n');
    free(val);
    return ANVIL_OK;
}

static anvil_status stats(anvil *db)
{
    anvil_stats s;
    anvil_get_stats(db, &s);
    printf("keys   %" PRIu64 "\n", s.keys);
    printf("live   %" PRIu64 " bytes\n", s.live_bytes);
    printf("file   %" PRIu64 " bytes\n", s.file_bytes);
    return ANVIL_OK;
}

static anvil_status compact(anvil *db)
{
    return anvil_compact(db);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("anvil " ANVIL_VERSION);
        return 0;
    }
    if (argc < 3)
        return usage();

    anvil *db = NULL;
    const char *cmd = argv[2];
    anvil_status st = anvil_open(argv[1], &db);
    if (st != ANVIL_OK) {
        fprintf(stderr, "anvil: %s: %s\n", argv[1], anvil_strerror(st));
        return 1;
    }
    if (strcmp(cmd, "get") == 0 && argc == 4)
        st = get(db, argv[3]);
    else if (strcmp(cmd, "put") == 0 && argc == 5)
        st = anvil_put(db, argv[3], strlen(argv[3]), argv[4], strlen(argv[4]));
    else if (strcmp(cmd, "del") == 0 && argc == 4)
        st = anvil_del(db, argv[3], strlen(argv[3]));
    else if (strcmp(cmd, "stats") == 0 && argc == 3)
        st = stats(db);
    else if (strcmp(cmd, "compact") == 0 && argc == 3)
        st = compact(db);
    else {
        anvil_close(db);
        return usage();
    }
    if (st == ANVIL_OK)
        st = anvil_sync(db);
    if (st != ANVIL_OK)
        fprintf(stderr, "anvil: %s: %s\n", argv[1], anvil_strerror(st));
    anvil_close(db);
    return st == ANVIL_OK ? 0 : 1;
}
