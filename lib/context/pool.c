#include "context/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/error.h"

/* One job at a time. The thread that brings it takes part as worker 0. Each worker has a share of the blocks, side by side, and helps the
 * others when it is through: so one layer's worker mostly finds in its own cache what it made of the layer before, and a slow thread does
 * not hold up the others. (Which block runs where has no influence on results.)
 *
 * Whoever wants to help enters through the gate, and the bringer closes it when no block is left: he waits for those who are inside, never
 * for one that still sleeps or has lost its processor to another process.
 *
 * fork(): the child has none of the threads, and the mutex may be in any state. The pool remembers by process number who started it and who
 * is busy; another process starts afresh. No handler is registered, so nothing is left behind when the library is unloaded. */
struct visml_pool {
    visml_memory *memory;
    int32_t threads; /* the caller of run included */
    _Atomic int64_t busy;  /* process in which a job is running: another caller there does his work alone; 0: none */
    _Atomic int64_t owner; /* process whose threads these are; 0: none started */
    int32_t started;
    pthread_t *ids;
    struct worker_argument *arguments;
    pthread_mutex_t mutex; /* only for sleeping */
    pthread_cond_t wake, done;
    _Atomic uint64_t gate;    /* the job's number in the upper half, CLOSED, and how many threads are inside */
    _Atomic int32_t resting;  /* not 0: a thread sleeps, or is about to */
    _Atomic int32_t awaited;  /* the caller sleeps until nobody is inside */
    _Atomic int32_t stopping;
    cpu_set_t cpus; /* where these threads may run */
    int free_cpu;   /* the one that they leave to the bringer; -1: none yet */
    visml_block *fn;
    void *arg;
    struct share *shares; /* [threads] */
};

/* Blocks are claimed one by one. A cache line each. */
typedef struct share {
    _Atomic size_t next;
    size_t end;
    char apart[64 - 2 * sizeof(size_t)];
} share;

typedef struct worker_argument {
    visml_pool *pool;
    size_t worker;
} worker_argument;

/* Jobs come in quick succession, one a layer: a thread looks out for the next one for some tens of microseconds before it sleeps, since
 * waking it takes as long as a small job. */
#define SPINS 2000

#define CLOSED ((uint64_t)1 << 31)

static uint32_t job_of(uint64_t gate) {
    return (uint32_t)(gate >> 32);
}

static uint32_t inside(uint64_t gate) {
    return (uint32_t)(gate & (CLOSED - 1));
}

/* Now and then whoever else wants this processor may have it: perhaps it is the one that is waited for. */
static void relax(int i) {
    if (i % 64 == 0)
        sched_yield();
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void deal(visml_pool *p, size_t n) {
    size_t workers = (size_t)p->started + 1, next = 0;
    for (size_t w = 0; w < workers; w++) {
        atomic_store_explicit(&p->shares[w].next, next, memory_order_relaxed);
        next += n / workers + (w < n % workers);
        p->shares[w].end = next;
    }
}

static void work(visml_pool *p, size_t worker) {
    size_t workers = (size_t)p->started + 1, b;
    for (size_t i = 0, at = worker; i < workers; i++, at = at + 1 < workers ? at + 1 : 0) {
        share *s = &p->shares[at];
        while (atomic_load_explicit(&s->next, memory_order_relaxed) < s->end &&
               (b = atomic_fetch_add_explicit(&s->next, 1, memory_order_relaxed)) < s->end)
            p->fn(p->arg, b, worker);
    }
}

/* 1: there is a job other than `seen` that can be entered, or the pool stops. */
static int is_wanted(visml_pool *p, uint32_t seen) {
    uint64_t gate = atomic_load(&p->gate);
    return (job_of(gate) != seen && !(gate & CLOSED)) || atomic_load_explicit(&p->stopping, memory_order_relaxed);
}

/* `resting` is raised before the gate is looked at for the last time, and the caller opens it before he looks at `resting`: one of them
 * sees the other (both sequentially consistent). */
static void doze(visml_pool *p, uint32_t seen) {
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->resting, 1);
    if (!is_wanted(p, seen))
        pthread_cond_wait(&p->wake, &p->mutex);
    pthread_mutex_unlock(&p->mutex);
}

/* Returns when the thread is wanted. It may wake up too late for a job, and looks out for the next. */
static void rest(visml_pool *p, uint32_t seen) {
    for (;;) {
        for (int i = 1; i <= SPINS; i++) {
            if (is_wanted(p, seen))
                return;
            relax(i);
        }
        doze(p, seen);
    }
}

/* 0: it was closed before. */
static int enter(visml_pool *p, uint32_t *seen) {
    uint64_t gate = atomic_load(&p->gate);
    while (job_of(gate) != *seen && !(gate & CLOSED))
        if (atomic_compare_exchange_weak(&p->gate, &gate, gate + 1)) {
            *seen = job_of(gate);
            return 1;
        }
    return 0;
}

static void leave(visml_pool *p) {
    uint64_t gate = atomic_fetch_sub(&p->gate, 1);
    if (inside(gate) == 1 && (gate & CLOSED) && atomic_load(&p->awaited)) {
        pthread_mutex_lock(&p->mutex);
        pthread_cond_signal(&p->done);
        pthread_mutex_unlock(&p->mutex);
    }
}

static void *thread_main(void *argument) {
    worker_argument *a = argument;
    visml_pool *p = a->pool;
    uint32_t seen = 0;
    for (;;) {
        rest(p, seen);
        if (atomic_load(&p->stopping))
            return NULL;
        if (enter(p, &seen)) {
            work(p, a->worker);
            leave(p);
        }
    }
}

/* Threads must not take the host's signals. */
static int start_thread(visml_pool *p, int32_t i) {
    sigset_t all, before;
    p->arguments[i] = (worker_argument){p, (size_t)i + 1};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(&p->ids[i], NULL, thread_main, &p->arguments[i]);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

/* As many threads as can be had; with none, run does the work alone and tries again next time. */
static void start(visml_pool *p) {
    /* After fork(): what the parent's threads held is of no use here. */
    atomic_store(&p->gate, CLOSED);
    atomic_store(&p->resting, 0);
    atomic_store(&p->awaited, 0);
    pthread_mutex_init(&p->mutex, NULL);
    pthread_cond_init(&p->wake, NULL);
    pthread_cond_init(&p->done, NULL);
    p->started = 0;
    p->free_cpu = -1;
    if (sched_getaffinity(0, sizeof p->cpus, &p->cpus) != 0)
        CPU_ZERO(&p->cpus);
    while (p->started < p->threads - 1 && start_thread(p, p->started) == 0)
        p->started++;
    atomic_store(&p->owner, p->started ? (int64_t)getpid() : 0);
}

static void stop(visml_pool *p) {
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->stopping, 1);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->mutex);
    for (int32_t i = 0; i < p->started; i++)
        pthread_join(p->ids[i], NULL);
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->wake);
    pthread_mutex_destroy(&p->mutex);
}

visml_pool *visml_pool_new(visml_memory *memory, int32_t threads, visml_error *err) {
    visml_pool *p = visml_mem_zalloc(memory, 1, sizeof *p, err);
    if (!p)
        return NULL;
    p->memory = memory;
    p->threads = threads;
    p->ids = visml_mem_zalloc(memory, (size_t)threads, sizeof *p->ids, err);
    p->arguments = visml_mem_zalloc(memory, (size_t)threads, sizeof *p->arguments, err);
    p->shares = visml_mem_zalloc(memory, (size_t)threads, sizeof *p->shares, err);
    if (!p->ids || !p->arguments || !p->shares) {
        visml_pool_free(p);
        return NULL;
    }
    return p;
}

void visml_pool_free(visml_pool *p) {
    if (!p)
        return;
    if (atomic_load(&p->owner) == (int64_t)getpid())
        stop(p);
    visml_mem_free(p->memory, p->shares);
    visml_mem_free(p->memory, p->arguments);
    visml_mem_free(p->memory, p->ids);
    visml_mem_free(p->memory, p);
}

/* A virtual CPU that has slept for long counts as taken: Linux starts and wakes threads, workers and bringers, where the one who wakes them
 * is at work, and for some tens of milliseconds one stands in line behind the other. So workers are kept off the bringer's CPU, where there
 * are others enough for them. He stays where he is: to ask for that costs nothing. */
static void leave_cpu(visml_pool *p) {
    int cpu = sched_getcpu();
    cpu_set_t others = p->cpus;
    if (cpu < 0 || cpu >= CPU_SETSIZE || cpu == p->free_cpu)
        return;
    CPU_CLR(cpu, &others);
    if (CPU_COUNT(&others) < p->started)
        return;
    for (int32_t i = 0; i < p->started; i++)
        pthread_setaffinity_np(p->ids[i], sizeof others, &others);
    p->free_cpu = cpu;
}

/* Those who sleep raise `resting` again when they go back to it, so that one broadcast is enough for a row of jobs. */
static void wake(visml_pool *p) {
    if (!atomic_load(&p->resting))
        return;
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->resting, 0);
    pthread_cond_broadcast(&p->wake);
    pthread_mutex_unlock(&p->mutex);
}

static void await(visml_pool *p) {
    for (int i = 1; i <= SPINS; i++) {
        if (!inside(atomic_load(&p->gate)))
            return;
        relax(i);
    }
    pthread_mutex_lock(&p->mutex);
    atomic_store(&p->awaited, 1);
    while (inside(atomic_load(&p->gate)))
        pthread_cond_wait(&p->done, &p->mutex);
    atomic_store(&p->awaited, 0);
    pthread_mutex_unlock(&p->mutex);
}

static void run_together(visml_pool *p, size_t n, visml_block *fn, void *arg) {
    uint64_t job = (uint64_t)job_of(atomic_load(&p->gate)) + 1;
    p->fn = fn;
    p->arg = arg;
    deal(p, n);
    leave_cpu(p);
    atomic_store(&p->gate, job << 32); /* of 32 bits; open, nobody inside */
    wake(p);
    work(p, 0);
    atomic_fetch_or(&p->gate, CLOSED);
    await(p);
}

/* Takes the pool for this process. Another process' number is a mark that fork() copied. */
static int take(visml_pool *p, int64_t me) {
    int64_t busy = atomic_load(&p->busy);
    return busy != me && atomic_compare_exchange_strong(&p->busy, &busy, me);
}

void visml_pool_run(const visml_parallel *self, size_t n, visml_block *fn, void *arg) {
    visml_pool *p = self->self;
    int64_t me = (int64_t)getpid();
    if (!take(p, me)) {
        visml_run_alone(self, n, fn, arg);
        return;
    }
    if (atomic_load(&p->owner) != me)
        start(p);
    if (p->started)
        run_together(p, n, fn, arg);
    else
        visml_run_alone(self, n, fn, arg);
    atomic_store(&p->busy, 0);
}
