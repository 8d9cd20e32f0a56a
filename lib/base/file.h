/* Whole files: read with a limit, written so that a kill at any moment leaves the old file or the new one. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/memory.h"

/* The whole of a regular file (owned: visml_mem_free). limit in bytes. Errors: VISML_EIO (path and reason), VISML_ELIMIT, VISML_ENOMEM. */
visml_status visml_file_read(visml_memory *m, const char *path, uint64_t limit, unsigned char **bytes, size_t *n, visml_error *err);

/* The same into a buffer that is kept from file to file: *bytes (NULL at first) has room for *capacity and is replaced by a larger one
 * where the file needs it. *n is written on success. */
visml_status visml_file_read_into(visml_memory *m, const char *path, uint64_t limit, unsigned char **bytes, size_t *capacity, size_t *n,
                                  visml_error *err);

/* Writes beside the target, then syncs, renames over it and syncs the folder. */
typedef struct visml_file_writer {
    visml_memory *memory;
    char *path, *temporary;
    int fd;
    visml_status status; /* the first failure; later writes do nothing */
} visml_file_writer;

/* Errors: VISML_EIO, VISML_ENOMEM. After success exactly one of commit and abandon must follow. */
visml_status visml_file_begin(visml_file_writer *w, visml_memory *m, const char *path, visml_error *err);
visml_status visml_file_write(visml_file_writer *w, const void *bytes, size_t n, visml_error *err);
/* On failure the old file stands and the temporary one is gone. */
visml_status visml_file_commit(visml_file_writer *w, visml_error *err);
void visml_file_abandon(visml_file_writer *w);

/* begin, one write, commit. */
visml_status visml_file_replace(visml_memory *m, const char *path, const void *bytes, size_t n, visml_error *err);

/* Makes a folder and those above it; one that exists is fine. */
visml_status visml_folder_make(visml_memory *m, const char *path, visml_error *err);

#endif
