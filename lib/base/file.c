#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/error.h"

static visml_status io_error(visml_error *err, const char *path, const char *doing, int number) {
    char text[128];
    return visml_fail(err, VISML_EIO, "%s: %s: %s", path, doing, visml_errno_text(number, text, sizeof text));
}

/* ---- reading ---- */

static visml_status read_all(int fd, const char *path, unsigned char *bytes, size_t n, visml_error *err) {
    size_t done = 0;
    while (done < n) {
        ssize_t got = read(fd, bytes + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return io_error(err, path, "cannot read", errno);
        if (got == 0)
            return visml_fail(err, VISML_EIO, "%s: became shorter while it was read: %zu of %zu bytes", path, done, n);
        done += (size_t)got;
    }
    return VISML_OK;
}

static visml_status size_of(int fd, const char *path, uint64_t limit, size_t *n, visml_error *err) {
    struct stat st;
    if (fstat(fd, &st) < 0)
        return io_error(err, path, "cannot read", errno);
    if (!S_ISREG(st.st_mode))
        return visml_fail(err, VISML_EIO, "%s: not a regular file", path);
    uint64_t size = st.st_size > 0 ? (uint64_t)st.st_size : 0;
    if (size > limit || size > (size_t)-1 / 2)
        return visml_fail(err, VISML_ELIMIT, "%s: %llu bytes, the limit is %llu (max_file_bytes)", path, (unsigned long long)size,
                          (unsigned long long)limit);
    *n = (size_t)size;
    return VISML_OK;
}

static visml_status read_open(visml_memory *m, int fd, const char *path, uint64_t limit, unsigned char **bytes, size_t *capacity,
                              size_t *n, visml_error *err) {
    size_t size = 0;
    VISML_TRY(size_of(fd, path, limit, &size, err));
    if (!*bytes || size > *capacity) {
        unsigned char *p = visml_mem_alloc(m, size, err);
        if (!p)
            return VISML_ENOMEM;
        visml_mem_free(m, *bytes);
        *bytes = p;
        *capacity = size;
    }
    VISML_TRY(read_all(fd, path, *bytes, size, err));
    *n = size;
    return VISML_OK;
}

visml_status visml_file_read_into(visml_memory *m, const char *path, uint64_t limit, unsigned char **bytes, size_t *capacity, size_t *n,
                                  visml_error *err) {
    /* O_NONBLOCK: opening a FIFO must not wait for a writer; it is refused as no regular file. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return io_error(err, path, "cannot open", errno);
    visml_status status = read_open(m, fd, path, limit, bytes, capacity, n, err);
    close(fd);
    return status;
}

visml_status visml_file_read(visml_memory *m, const char *path, uint64_t limit, unsigned char **bytes, size_t *n, visml_error *err) {
    unsigned char *p = NULL;
    size_t capacity = 0;
    visml_status status = visml_file_read_into(m, path, limit, &p, &capacity, n, err);
    if (status == VISML_OK)
        *bytes = p;
    else
        visml_mem_free(m, p);
    return status;
}

/* ---- writing ---- */

static void release_writer(visml_file_writer *w) {
    visml_mem_free(w->memory, w->path);
    visml_mem_free(w->memory, w->temporary);
    memset(w, 0, sizeof *w);
    w->fd = -1;
}

/* A file of our own beside the target: same folder, so that rename is atomic. Left-overs of a killed process are in nobody's way: the
 * name holds the process and a running number. */
static visml_status open_temporary(visml_file_writer *w, visml_error *err) {
    size_t n = strlen(w->path), room = n + 48;
    w->temporary = visml_mem_alloc(w->memory, room, err);
    if (!w->temporary)
        return VISML_ENOMEM;
    struct stat st;
    mode_t mode = stat(w->path, &st) == 0 ? st.st_mode & 0777 : 0666;
    for (unsigned i = 0; i < 1000; i++) {
        snprintf(w->temporary, room, "%s.tmp.%ld.%u", w->path, (long)getpid(), i);
        w->fd = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (w->fd >= 0 || errno != EEXIST)
            break;
    }
    return w->fd < 0 ? io_error(err, w->path, "cannot write", errno) : VISML_OK;
}

/* The file that a symbolic link stands for is what gets replaced; the link stays. Only what exists can be followed. */
static char *resolve(visml_memory *m, const char *path, visml_error *err) {
    char target[4096];
    struct stat st;
    if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode)) {
        ssize_t n = readlink(path, target, sizeof target);
        if (n > 0 && (size_t)n < sizeof target) {
            const char *slash = target[0] == '/' ? NULL : strrchr(path, '/');
            size_t folder = slash ? (size_t)(slash - path) + 1 : 0;
            char *full = visml_mem_alloc(m, folder + (size_t)n + 1, err);
            if (!full)
                return NULL;
            memcpy(full, path, folder);
            memcpy(full + folder, target, (size_t)n);
            full[folder + (size_t)n] = '\0';
            return full;
        }
    }
    return visml_mem_strdup(m, path, err);
}

static visml_status check_target(const char *path, visml_error *err) {
    struct stat st;
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return visml_fail(err, VISML_EIO, "%s: cannot write: %s", path,
                          S_ISDIR(st.st_mode) ? "it is a folder" : "it is not a regular file");
    return VISML_OK;
}

visml_status visml_file_begin(visml_file_writer *w, visml_memory *m, const char *path, visml_error *err) {
    memset(w, 0, sizeof *w);
    w->fd = -1;
    VISML_TRY(check_target(path, err));
    w->memory = m;
    w->path = resolve(m, path, err);
    if (!w->path)
        return VISML_ENOMEM;
    visml_status status = open_temporary(w, err);
    if (status < 0)
        release_writer(w);
    return status;
}

visml_status visml_file_write(visml_file_writer *w, const void *bytes, size_t n, visml_error *err) {
    const char *p = bytes;
    while (n && w->status == VISML_OK) {
        ssize_t put = write(w->fd, p, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0) {
            w->status = io_error(err, w->path, "cannot write", put < 0 ? errno : ENOSPC);
            break;
        }
        p += put;
        n -= (size_t)put;
    }
    return w->status;
}

static visml_status sync_folder(const char *path, visml_memory *m, visml_error *err) {
    const char *slash = strrchr(path, '/');
    char *folder = slash ? visml_mem_strndup(m, path, slash == path ? 1 : (size_t)(slash - path), err) : visml_mem_strdup(m, ".", err);
    if (!folder)
        return VISML_ENOMEM;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    visml_mem_free(m, folder);
    if (fd < 0)
        return VISML_OK; /* a folder that may be written but not read: the rename has been done all the same */
    fsync(fd);           /* some file systems cannot sync folders; there the rename is as durable as it gets */
    close(fd);
    return VISML_OK;
}

void visml_file_abandon(visml_file_writer *w) {
    if (w->fd >= 0)
        close(w->fd);
    if (w->temporary)
        unlink(w->temporary);
    release_writer(w);
}

visml_status visml_file_commit(visml_file_writer *w, visml_error *err) {
    visml_status status = w->status;
    if (status == VISML_OK && fsync(w->fd) < 0 && errno != EINVAL && errno != EROFS)
        status = io_error(err, w->path, "cannot write", errno);
    int fd = w->fd;
    w->fd = -1;
    if (close(fd) < 0 && status == VISML_OK && errno != EINTR)
        status = io_error(err, w->path, "cannot write", errno);
    if (status == VISML_OK && rename(w->temporary, w->path) < 0)
        status = io_error(err, w->path, "cannot write", errno);
    if (status < 0) {
        visml_file_abandon(w);
        return status;
    }
    status = sync_folder(w->path, w->memory, NULL);
    release_writer(w);
    return VISML_OK;
}

visml_status visml_file_replace(visml_memory *m, const char *path, const void *bytes, size_t n, visml_error *err) {
    visml_file_writer w;
    VISML_TRY(visml_file_begin(&w, m, path, err));
    visml_status status = visml_file_write(&w, bytes, n, err);
    if (status < 0) {
        visml_file_abandon(&w);
        return status;
    }
    return visml_file_commit(&w, err);
}

/* ---- folders ---- */

static visml_status make_one(const char *path, visml_error *err) {
    struct stat st;
    if (mkdir(path, 0777) == 0)
        return VISML_OK;
    int number = errno;
    if (stat(path, &st) == 0)
        return S_ISDIR(st.st_mode) ? VISML_OK : visml_fail(err, VISML_EIO, "%s: exists and is not a folder", path);
    return io_error(err, path, "cannot make the folder", number);
}

visml_status visml_folder_make(visml_memory *m, const char *path, visml_error *err) {
    char *copy = visml_mem_strdup(m, path, err);
    if (!copy)
        return VISML_ENOMEM;
    visml_status status = VISML_OK;
    for (char *p = copy + (copy[0] == '/'); *p && status == VISML_OK; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        status = *copy ? make_one(copy, err) : VISML_OK;
        *p = '/';
    }
    if (status == VISML_OK)
        status = make_one(copy, err);
    visml_mem_free(m, copy);
    return status;
}
