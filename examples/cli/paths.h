/* A list of paths: the operands of `visml predict`, with folders replaced by the images in them.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PATHS_H
#define PATHS_H

#include <stddef.h>

typedef struct paths {
    char **items;
    size_t count, capacity;
} paths;

void paths_free(paths *p);
/* Adds a file, or all images below a folder in the order of their names. Hidden files and files that are no images are passed over in
 * folders. 0, or -1 when memory ran out. A folder that cannot be read is added itself, so that its failure is told in its place. */
int paths_add(paths *p, const char *path);

#endif
