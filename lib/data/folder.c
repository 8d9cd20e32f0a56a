/* A folder with one folder for each class. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "data/dataset.h"
#include "data/files.h"

#define SNIFF_BYTES 64 /* of the beginning of a file tell what it is */

/* A folder that is still to be looked through. */
typedef struct pending {
    struct pending *next;
    const char *path;
} pending;

typedef struct scan {
    visml_files_source *files;
    const char *root;
    visml_arena arena; /* of the folders' paths */
    char *path;        /* of the entry at hand; reused */
    size_t path_capacity;
    pending *todo;     /* the folders of the class at hand */
    visml_intern seen; /* folders by device and number, when links are followed: each is looked through once a class */
    int64_t others;    /* files in class folders that are no images */
    int64_t loose;     /* images beside the class folders */
} scan;

static visml_status io_error(visml_error *err, const char *path, int number) {
    char text[128];
    return visml_fail(err, VISML_EIO, "%s: cannot read the folder: %s", path, visml_errno_text(number, text, sizeof text));
}

/* ---- names ---- */

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

typedef struct names {
    visml_arena arena;
    const char **list;
    size_t count, capacity;
} names;

static void names_free(names *n) {
    visml_mem_free(n->arena.memory, n->list);
    visml_arena_clear(&n->arena);
}

static visml_status add_name(names *n, const char *name, visml_error *err) {
    void *list = n->list;
    visml_status status = visml_mem_grow(n->arena.memory, &list, &n->capacity, n->count + 1, sizeof *n->list, err);
    n->list = list;
    if (status < 0)
        return status;
    n->list[n->count] = visml_arena_strndup(&n->arena, name, strlen(name), err);
    if (!n->list[n->count])
        return VISML_ENOMEM;
    n->count++;
    return VISML_OK;
}

/* The entries of a folder but hidden ones, sorted. The names are the caller's to free, also on failure. */
static visml_status list_folder(const scan *s, const char *path, names *n, visml_error *err) {
    *n = (names){0};
    visml_arena_init(&n->arena, s->arena.memory);
    DIR *d = opendir(path);
    if (!d)
        return io_error(err, path, errno);
    visml_status status = VISML_OK;
    struct dirent *e;
    while (status == VISML_OK && (errno = 0, e = readdir(d)))
        if (e->d_name[0] != '.')
            status = add_name(n, e->d_name, err);
    if (status == VISML_OK && errno)
        status = io_error(err, path, errno);
    closedir(d);
    if (status == VISML_OK && n->count)
        qsort(n->list, n->count, sizeof *n->list, by_bytes);
    return status;
}

/* Valid until the next call. */
static const char *join(scan *s, const char *folder, const char *name, visml_error *err) {
    size_t n = strlen(folder), m = strlen(name);
    void *path = s->path;
    visml_status status = visml_mem_grow(s->arena.memory, &path, &s->path_capacity, n + m + 2, 1, err);
    s->path = path;
    if (status < 0)
        return NULL;
    memcpy(s->path, folder, n);
    if (n && s->path[n - 1] != '/')
        s->path[n++] = '/';
    memcpy(s->path + n, name, m + 1);
    return s->path;
}

/* ---- what an entry is ---- */

typedef enum entry_kind { ENTRY_OTHER, ENTRY_FILE, ENTRY_FOLDER } entry_kind;

/* Links to files count as files; links to folders are followed where the caller wants that. A name that cannot be looked at (a link to
 * nothing) is a file when its name is an image's, so that it is reported when it is read. */
static entry_kind kind_of(const scan *s, const char *path, struct stat *st) {
    struct stat link;
    if (lstat(path, &link) != 0)
        return ENTRY_OTHER;
    if (stat(path, st) != 0)
        return ENTRY_FILE;
    if (S_ISDIR(st->st_mode))
        return S_ISLNK(link.st_mode) && !s->files->base.opts.follow_links ? ENTRY_OTHER : ENTRY_FOLDER;
    return S_ISREG(st->st_mode) ? ENTRY_FILE : ENTRY_OTHER;
}

static int named_as_image(const char *path) {
    static const char *const suffixes[] = {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".gif", ".pbm", ".pgm",
                                           ".ppm", ".pnm",  ".tga", ".webp", ".tif", ".tiff", ".heic", ".heif", ".avif", ".jp2"};
    const char *dot = strrchr(path, '.');
    for (size_t i = 0; dot && i < sizeof suffixes / sizeof *suffixes; i++)
        if (strcasecmp(dot, suffixes[i]) == 0)
            return 1;
    return 0;
}

static int starts_as_image(const char *path) {
    unsigned char bytes[SNIFF_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return 0;
    ssize_t n;
    do
        n = read(fd, bytes, sizeof bytes);
    while (n < 0 && errno == EINTR);
    close(fd);
    return n > 0 && visml_image_format_of(bytes, (size_t)n) != VISML_FORMAT_UNKNOWN;
}

/* By content, and by name for what its content does not show: a page of text called cat.jpg was meant to be an image and must be
 * reported. */
static int is_image(const char *path) {
    return named_as_image(path) || starts_as_image(path);
}

/* ---- one class ---- */

/* 1 when the folder has not been looked through for this class yet; always when links are not followed. */
static visml_status is_new(scan *s, const struct stat *st, int *new, visml_error *err) {
    char key[48];
    size_t id, before = s->seen.count;
    *new = 1;
    if (!s->files->base.opts.follow_links)
        return VISML_OK;
    snprintf(key, sizeof key, "%llx:%llx", (unsigned long long)st->st_dev, (unsigned long long)st->st_ino);
    VISML_TRY(visml_intern_add(&s->seen, key, strlen(key), &id, err));
    *new = s->seen.count > before;
    return VISML_OK;
}

static visml_status push(scan *s, const char *path, const struct stat *st, visml_error *err) {
    int new;
    VISML_TRY(is_new(s, st, &new, err));
    if (!new)
        return VISML_OK;
    pending *p = visml_arena_take(&s->arena, sizeof *p, err);
    if (!p)
        return VISML_ENOMEM;
    *p = (pending){s->todo, visml_arena_strndup(&s->arena, path, strlen(path), err)};
    if (!p->path)
        return VISML_ENOMEM;
    s->todo = p;
    return VISML_OK;
}

static visml_status take_entry(scan *s, const char *folder, const char *name, int32_t label, visml_error *err) {
    struct stat st;
    const char *path = join(s, folder, name, err);
    if (!path)
        return VISML_ENOMEM;
    entry_kind kind = kind_of(s, path, &st);
    if (kind == ENTRY_FOLDER)
        return push(s, path, &st, err);
    if (kind == ENTRY_FILE && is_image(path))
        return visml_files_source_add(s->files, NULL, 0, path, strlen(path), label, err);
    s->others += kind == ENTRY_FILE;
    return VISML_OK;
}

static visml_status scan_one(scan *s, const char *folder, int32_t label, visml_error *err) {
    names n;
    visml_status status = list_folder(s, folder, &n, err);
    for (size_t i = 0; i < n.count && status == VISML_OK; i++)
        status = take_entry(s, folder, n.list[i], label, err);
    names_free(&n);
    return status;
}

/* A list instead of recursion: the depth of folders is the caller's data. */
static visml_status scan_class(scan *s, const char *folder, const struct stat *root, const struct stat *st, int32_t label,
                               visml_error *err) {
    int new;
    visml_intern_free(&s->seen);
    VISML_TRY(is_new(s, root, &new, err)); /* a link back to the top is no part of a class */
    VISML_TRY(push(s, folder, st, err));
    while (s->todo) {
        const pending *p = s->todo;
        s->todo = p->next;
        VISML_TRY(scan_one(s, p->path, label, err));
    }
    return VISML_OK;
}

/* ---- the whole ---- */

static visml_status scan_entry(scan *s, const char *name, const struct stat *root, visml_intern *classes, visml_error *err) {
    struct stat st;
    size_t label;
    const char *path = join(s, s->root, name, err);
    if (!path)
        return VISML_ENOMEM;
    entry_kind kind = kind_of(s, path, &st);
    s->loose += kind == ENTRY_FILE && is_image(path);
    if (kind != ENTRY_FOLDER)
        return VISML_OK;
    VISML_TRY(visml_intern_add(classes, name, strlen(name), &label, err)); /* in sorted order: the number is the class */
    return scan_class(s, path, root, &st, (int32_t)label, err);
}

static visml_status check_root(const char *dir, struct stat *st, visml_error *err) {
    char text[128];
    if (stat(dir, st) != 0)
        return visml_fail(err, errno == ENOENT || errno == ENOTDIR ? VISML_EINVAL : VISML_EIO, "%s: cannot read the folder: %s", dir,
                          visml_errno_text(errno, text, sizeof text));
    if (!S_ISDIR(st->st_mode))
        return visml_fail(err, VISML_EINVAL, "%s: is no folder; it must be one with a folder of images for each class", dir);
    return VISML_OK;
}

static visml_status check_found(const scan *s, size_t classes, visml_error *err) {
    if (s->files->base.count)
        return VISML_OK;
    if (!classes && s->loose)
        return visml_fail(err, VISML_EINVAL, "%s: holds %lld images, but no folders; there must be a folder of images for each class",
                          s->root, (long long)s->loose);
    if (!classes)
        return visml_fail(err, VISML_EINVAL, "%s: holds no folders; there must be a folder of images for each class", s->root);
    return visml_fail(err, VISML_EINVAL, "%s: its %zu class folders hold no images (%lld other files)", s->root, classes,
                      (long long)s->others);
}

static visml_status scan_root(scan *s, visml_intern *classes, visml_error *err) {
    struct stat root;
    names n;
    VISML_TRY(check_root(s->root, &root, err));
    visml_status status = list_folder(s, s->root, &n, err);
    for (size_t i = 0; i < n.count && status == VISML_OK; i++)
        status = scan_entry(s, n.list[i], &root, classes, err);
    names_free(&n);
    VISML_TRY(status);
    VISML_TRY(check_found(s, classes->count, err));
    return visml_source_name_classes(&s->files->base, "folder", classes->strings, classes->count, err);
}

/* ---- order ---- */

typedef struct entry {
    const char *path;
    int32_t label;
} entry;

static int by_path(const void *a, const void *b) {
    return strcmp(((const entry *)a)->path, ((const entry *)b)->path);
}

static visml_status sort_by_path(visml_files_source *f, visml_error *err) {
    visml_memory *m = &f->base.context->memory;
    size_t n = (size_t)f->base.count;
    entry *all = visml_mem_zalloc(m, n, sizeof *all, err);
    if (!all)
        return VISML_ENOMEM;
    for (size_t i = 0; i < n; i++)
        all[i] = (entry){f->paths[i], f->base.labels[i]};
    qsort(all, n, sizeof *all, by_path);
    for (size_t i = 0; i < n; i++) {
        f->paths[i] = all[i].path;
        f->base.labels[i] = all[i].label;
    }
    visml_mem_free(m, all);
    return VISML_OK;
}

static visml_status fill(visml_files_source *f, const char *dir, visml_error *err) {
    visml_memory *m = &f->base.context->memory;
    visml_intern classes;
    scan s = {.files = f, .root = dir};
    visml_arena_init(&s.arena, m);
    visml_intern_init(&s.seen, m);
    visml_intern_init(&classes, m);
    visml_status status = scan_root(&s, &classes, err);
    visml_intern_free(&classes);
    visml_intern_free(&s.seen);
    visml_arena_clear(&s.arena);
    visml_mem_free(m, s.path);
    return status == VISML_OK ? sort_by_path(f, err) : status;
}

visml_dataset *visml_dataset_from_folder(visml_context *ctx, const char *dir, const visml_source_opts *opts, visml_error *err) {
    if (!ctx || !dir || !*dir) {
        visml_fail(err, VISML_EINVAL, "folder: %s", !ctx ? "ctx is NULL, must be a context" : "dir is NULL or empty, must be a folder");
        return NULL;
    }
    visml_files_source *f = visml_files_source_new(ctx, "folder", dir, opts, err);
    if (f && fill(f, dir, err) < 0) {
        visml_source_release(&f->base);
        return NULL;
    }
    return f ? visml_dataset_over(&f->base, err) : NULL;
}
