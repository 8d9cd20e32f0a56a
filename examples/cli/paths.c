/* Paths and folders.
 *
 * SPDX-License-Identifier: MIT
 */
#include "paths.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli.h"

void paths_free(paths *p) {
    for (size_t i = 0; i < p->count; i++)
        free(p->items[i]);
    free(p->items);
    *p = (paths){0};
}

/* Takes `path`, memory of malloc, also on failure. */
static int append(paths *p, char *path) {
    if (path && p->count == p->capacity) {
        size_t capacity = p->capacity ? 2 * p->capacity : 64;
        char **items = realloc(p->items, capacity * sizeof *items);
        if (!items) {
            free(path);
            return -1;
        }
        p->items = items;
        p->capacity = capacity;
    }
    if (!path)
        return -1;
    p->items[p->count++] = path;
    return 0;
}

static char *join(const char *folder, const char *name) {
    size_t n = strlen(folder) + strlen(name) + 2;
    char *path = malloc(n);
    if (path)
        snprintf(path, n, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name);
    return path;
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The paths of what lies in a folder, sorted. 0, -1 when memory ran out, 1 when the folder cannot be read. */
static int list_folder(const char *folder, paths *out) {
    struct dirent *entry;
    int status = 0;
    DIR *dir = opendir(folder);
    if (!dir)
        return 1;
    while (status == 0 && (entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] != '.')
            status = append(out, join(folder, entry->d_name));
    }
    closedir(dir);
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, by_name);
    return status;
}

static int walk(paths *p, const char *folder, int depth);

/* One entry of a folder. Links to folders are not followed, so that there are no circles. */
static int add_entry(paths *p, const char *path, int depth) {
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return walk(p, path, depth + 1);
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || !cli_looks_like_image(path))
        return 0;
    return append(p, strdup(path));
}

static int walk(paths *p, const char *folder, int depth) {
    enum { DEEPEST = 128 };
    paths entries = {0};
    int status = depth < DEEPEST ? list_folder(folder, &entries) : 1;
    for (size_t i = 0; status == 0 && i < entries.count; i++)
        status = add_entry(p, entries.items[i], depth);
    paths_free(&entries);
    return status > 0 ? append(p, strdup(folder)) : status;
}

int paths_add(paths *p, const char *path) {
    struct stat st;
    if (*path && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return walk(p, path, 0);
    return append(p, strdup(path));
}
