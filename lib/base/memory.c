#include "base/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/error.h"
#include "base/options.h"

/* In front of every block; as large as the alignment so that what follows is aligned too. */
typedef struct header {
    size_t bytes; /* header included */
    char pad[VISML_ALIGN - sizeof(size_t)];
} header;

/* Whole pages only, for others share the first and the last one. Where the system declines nothing is lost. */
static void advise(void *p, size_t bytes, int advice) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)p;
    uintptr_t begin = (at + page - 1) / page * page, end = (at + bytes) / page * page;
    if (begin < end)
        (void)madvise((void *)begin, end - begin, advice);
}

/* Of blocks of so many bytes the addresses of small pages do not stay in a CPU's tables: large pages make passes over them some per cent
 * faster. */
#define LARGE ((size_t)4 << 20)

static void *system_alloc(void *user, size_t bytes, size_t align) {
    (void)user;
    void *p = NULL;
    if (posix_memalign(&p, align, bytes) != 0)
        return NULL;
    if (bytes >= LARGE)
        advise(p, bytes, MADV_HUGEPAGE);
    return p;
}

static void system_free(void *user, void *ptr, size_t bytes) {
    (void)user;
    (void)bytes;
    free(ptr);
}

visml_status visml_memory_init(visml_memory *m, const visml_allocator *allocator, uint64_t limit, visml_error *err) {
    static const visml_allocator standard = {sizeof standard, 0, NULL, system_alloc, system_free};
    static const visml_field fields[] = {VISML_FIELD_OF_RESERVED(visml_allocator), {0}};
    visml_allocator a;
    VISML_TRY(visml_options_read("allocator", fields, allocator ? allocator : &standard, &a, sizeof a, err));
    if (!a.alloc || !a.free)
        return visml_fail(err, VISML_EINVAL, "allocator: %s is NULL; both functions are needed", a.alloc ? "free" : "alloc");
    m->allocator = a;
    m->limit = limit;
    m->used = m->peak = 0;
    return VISML_OK;
}

/* Takes bytes from the budget. The peak only ever rises, whatever other threads do meanwhile. */
static int charge(visml_memory *m, size_t bytes) {
    uint64_t now = atomic_fetch_add_explicit(&m->used, bytes, memory_order_relaxed) + bytes;
    if (m->limit && now > m->limit) {
        atomic_fetch_sub_explicit(&m->used, bytes, memory_order_relaxed);
        return 0;
    }
    uint64_t peak = atomic_load_explicit(&m->peak, memory_order_relaxed);
    while (now > peak && !atomic_compare_exchange_weak_explicit(&m->peak, &peak, now, memory_order_relaxed, memory_order_relaxed))
        ;
    return 1;
}

void *visml_mem_alloc(visml_memory *m, size_t bytes, visml_error *err) {
    size_t total;
    if (!visml_size_add(bytes, sizeof(header), &total)) {
        visml_fail(err, VISML_ENOMEM, "out of memory: %zu bytes are more than can be addressed", bytes);
        return NULL;
    }
    if (!charge(m, total)) {
        visml_fail(err, VISML_ENOMEM, "out of memory: %zu bytes more would exceed the context's memory_limit of %llu", bytes,
                   (unsigned long long)m->limit);
        return NULL;
    }
    header *h = m->allocator.alloc(m->allocator.user, total, VISML_ALIGN);
    if (!h) {
        atomic_fetch_sub_explicit(&m->used, total, memory_order_relaxed);
        visml_fail(err, VISML_ENOMEM, "out of memory: the allocator did not give %zu bytes", bytes);
        return NULL;
    }
    h->bytes = total;
    return h + 1;
}

void *visml_mem_zalloc(visml_memory *m, size_t count, size_t size, visml_error *err) {
    size_t bytes;
    if (!visml_size_mul(count, size, &bytes)) {
        visml_fail(err, VISML_ENOMEM, "out of memory: %zu x %zu bytes are more than can be addressed", count, size);
        return NULL;
    }
    void *p = visml_mem_alloc(m, bytes, err);
    return p ? memset(p, 0, bytes) : NULL;
}

void visml_mem_free(visml_memory *m, void *p) {
    if (!p)
        return;
    header *h = (header *)p - 1;
    size_t bytes = h->bytes;
    m->allocator.free(m->allocator.user, h, bytes);
    atomic_fetch_sub_explicit(&m->used, bytes, memory_order_relaxed);
}

visml_status visml_mem_grow(visml_memory *m, void **p, size_t *capacity, size_t need, size_t size, visml_error *err) {
    if (need <= *capacity)
        return VISML_OK;
    size_t more = *capacity < 8 ? 8 : *capacity, bytes;
    while (more < need && visml_size_add(more, more, &more))
        ;
    if (more < need)
        more = need;
    if (!visml_size_mul(more, size, &bytes))
        return visml_fail(err, VISML_ENOMEM, "out of memory: %zu x %zu bytes are more than can be addressed", more, size);
    void *q = visml_mem_alloc(m, bytes, err);
    if (!q)
        return VISML_ENOMEM;
    if (*p)
        memcpy(q, *p, *capacity * size);
    visml_mem_free(m, *p);
    *p = q;
    *capacity = more;
    return VISML_OK;
}

char *visml_mem_strndup(visml_memory *m, const char *s, size_t n, visml_error *err) {
    size_t bytes = n;
    if (!visml_size_add(bytes, 1, &bytes))
        bytes = n; /* SIZE_MAX: refused below */
    char *copy = visml_mem_alloc(m, bytes, err);
    if (copy) {
        memcpy(copy, s, n);
        copy[n] = '\0';
    }
    return copy;
}

char *visml_mem_strdup(visml_memory *m, const char *s, visml_error *err) {
    return visml_mem_strndup(m, s, strlen(s), err);
}

void visml_mem_discard(void *p, size_t bytes) {
    advise(p, bytes, MADV_DONTNEED);
}
