#include "data/prefetch.h"

#include <signal.h>
#include <unistd.h>

#include "base/error.h"

#define ROWS_AT_ONCE 4 /* that a thread claims: few, so that all work at the batch that is needed first */

typedef struct worker {
    visml_prefetch *prefetch;
    pthread_t id;
    visml_read_buffer buffer;
} worker;

/* A ring of batches. Batch number n (0 is the first that is handed out) lies at n % ahead; those from `head` up to `opened` are in work or
 * full. Rows are claimed in order; which thread fills a row has no influence on what it holds. */
struct visml_prefetch {
    visml_batch_pool *pool;
    visml_prefetch_jobs jobs;
    visml_batch **ring; /* [ahead] */
    int32_t ahead;
    int64_t head, opened;
    int64_t claim_batch, claim_row; /* the next row that nobody has taken */
    int32_t finished;               /* there are no more batches to open */
    _Atomic int32_t stopping;
    worker *workers; /* [room for `wanted`] */
    int32_t started;
    int64_t process; /* that the threads belong to */
    visml_read_buffer buffer; /* of the thread that calls wait */
    pthread_mutex_t mutex;
    pthread_cond_t work, full; /* there is something to claim; a batch became full */
};

/* Some rows of one batch. */
typedef struct claim {
    visml_batch *batch;
    int64_t begin, end;
} claim;

static visml_batch *at(const visml_prefetch *p, int64_t number) {
    return p->ring[number % p->ahead];
}

/* ---- work; all of this under the mutex but fill ---- */

static int open_next(visml_prefetch *p) {
    if (p->finished || p->opened - p->head >= p->ahead)
        return 0;
    if (!p->jobs.open(p->jobs.user, at(p, p->opened))) {
        p->finished = 1;
        pthread_cond_broadcast(&p->full); /* who waits for a batch must learn that none comes */
        return 0;
    }
    p->opened++;
    return 1;
}

/* Takes the next rows of batches below `limit`. 0 when there are none for now. */
static int take(visml_prefetch *p, int64_t limit, claim *c) {
    if (p->claim_batch >= limit || (p->claim_batch >= p->opened && !open_next(p)))
        return 0;
    c->batch = at(p, p->claim_batch);
    c->begin = p->claim_row;
    c->end = c->batch->rows;
    if (p->started && c->end - c->begin > ROWS_AT_ONCE)
        c->end = c->begin + ROWS_AT_ONCE;
    p->claim_row = c->end;
    if (c->end == c->batch->rows) { /* once full, the batch may leave the ring */
        p->claim_batch++;
        p->claim_row = 0;
    }
    return 1;
}

/* Leaves the mutex while it works. */
static void fill(visml_prefetch *p, const claim *c, visml_read_buffer *buffer) {
    int64_t failed = 0;
    pthread_mutex_unlock(&p->mutex);
    for (int64_t row = c->begin; row < c->end && !atomic_load_explicit(&p->stopping, memory_order_relaxed); row++) {
        p->jobs.fill(p->jobs.user, c->batch, row, buffer);
        failed += c->batch->state[row] < 0;
    }
    pthread_mutex_lock(&p->mutex);
    c->batch->failed += failed;
    c->batch->pending -= c->end - c->begin;
    if (c->batch->pending == 0)
        pthread_cond_broadcast(&p->full);
}

static void *thread_main(void *argument) {
    worker *w = argument;
    visml_prefetch *p = w->prefetch;
    claim c;
    pthread_mutex_lock(&p->mutex);
    while (!atomic_load_explicit(&p->stopping, memory_order_relaxed)) {
        if (take(p, INT64_MAX, &c))
            fill(p, &c, &w->buffer);
        else
            pthread_cond_wait(&p->work, &p->mutex);
    }
    pthread_mutex_unlock(&p->mutex);
    return NULL;
}

/* ---- making and ending ---- */

/* Threads must not take the host's signals. */
static void start(visml_prefetch *p, int32_t wanted) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_mutex_lock(&p->mutex); /* they read `started` */
    while (p->started < wanted) {
        worker *w = &p->workers[p->started];
        w->prefetch = p;
        if (pthread_create(&w->id, NULL, thread_main, w) != 0)
            break;
        p->started++;
    }
    pthread_mutex_unlock(&p->mutex);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static int fill_ring(visml_prefetch *p, visml_error *err) {
    for (int32_t i = 0; i < p->ahead; i++)
        if (!(p->ring[i] = visml_batch_take(p->pool, err)))
            return 0;
    return 1;
}

visml_prefetch *visml_prefetch_new(visml_batch_pool *pool, const visml_prefetch_jobs *jobs, int32_t workers, int32_t ahead,
                                   visml_error *err) {
    visml_memory *m = &pool->source->context->memory;
    visml_prefetch *p = visml_mem_zalloc(m, 1, sizeof *p, err);
    if (!p)
        return NULL;
    p->pool = pool;
    p->jobs = *jobs;
    p->ahead = ahead;
    p->process = (int64_t)getpid();
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->full, NULL);
    if (!(p->ring = visml_mem_zalloc(m, (size_t)ahead, sizeof *p->ring, err)) ||
        !(p->workers = visml_mem_zalloc(m, (size_t)workers, sizeof *p->workers, err)) || !fill_ring(p, err)) {
        visml_prefetch_free(p);
        return NULL;
    }
    start(p, workers);
    return p;
}

static void stop(visml_prefetch *p) {
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->stopping, 1);
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->mutex);
    for (int32_t i = 0; i < p->started; i++)
        pthread_join(p->workers[i].id, NULL);
    pthread_cond_destroy(&p->full);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->mutex);
}

void visml_prefetch_free(visml_prefetch *p) {
    if (!p)
        return;
    visml_memory *m = &p->pool->source->context->memory;
    if (p->process == (int64_t)getpid()) /* in a child of fork() there is nobody to stop, and the mutex may be in any state */
        stop(p);
    for (int32_t i = 0; i < p->started; i++)
        visml_read_buffer_free(p->pool->source, &p->workers[i].buffer);
    visml_read_buffer_free(p->pool->source, &p->buffer);
    for (int32_t i = 0; p->ring && i < p->ahead; i++)
        visml_batch_free(p->ring[i]);
    visml_mem_free(m, p->workers);
    visml_mem_free(m, p->ring);
    visml_mem_free(m, p);
}

/* ---- handing out ---- */

visml_status visml_prefetch_wait(visml_prefetch *p, visml_batch **b, visml_error *err) {
    claim c;
    if (p->process != (int64_t)getpid())
        return visml_fail(err, VISML_ESTATE, "loader_next: the loader was made before fork(); make a new one in the child");
    pthread_mutex_lock(&p->mutex);
    while (p->head >= p->opened || at(p, p->head)->pending) {
        if (p->finished && p->head >= p->opened)
            break;
        if (take(p, p->head + 1, &c)) /* rather than wait for the batch that is needed now, help with it */
            fill(p, &c, &p->buffer);
        else if (!(p->finished && p->head >= p->opened))
            pthread_cond_wait(&p->full, &p->mutex);
    }
    *b = p->head < p->opened ? at(p, p->head) : NULL;
    pthread_mutex_unlock(&p->mutex);
    return VISML_OK;
}

void visml_prefetch_advance(visml_prefetch *p, visml_batch *spare) {
    pthread_mutex_lock(&p->mutex);
    p->ring[p->head % p->ahead] = spare;
    p->head++;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->mutex);
}
