#include "support/support.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "context/context.h"

#define BLOCKS 1000

typedef struct job {
    const visml_parallel *parallel;
    _Atomic int done[BLOCKS];
    _Atomic int in_use[16]; /* workers at work */
    _Atomic int clash;
} job;

static void count_block(void *arg, size_t block, size_t worker) {
    job *j = arg;
    if (atomic_fetch_add(&j->in_use[worker], 1) != 0)
        atomic_store(&j->clash, 1);
    atomic_fetch_add(&j->done[block], 1);
    atomic_fetch_sub(&j->in_use[worker], 1);
}

static int all_done_once(job *j) {
    for (int i = 0; i < BLOCKS; i++)
        if (j->done[i] != 1)
            return 0;
    return !j->clash;
}

static int run_one(const visml_parallel *p) {
    job j;
    memset(&j, 0, sizeof j);
    visml_parallel_run(p, BLOCKS, count_block, &j);
    return all_done_once(&j);
}

static void every_block_once(void **state) {
    (void)state;
    static const int32_t threads[] = {1, 2, 3, 8, 16};
    for (size_t t = 0; t < 5; t++) {
        visml_context *ctx = test_context(threads[t]);
        visml_compute c = visml_context_compute(ctx);
        assert_int_equal(c.parallel->workers, threads[t]);
        for (int i = 0; i < 50; i++)
            assert_true(run_one(c.parallel));
        visml_context_free(ctx);
    }
}

static void nested_block(void *arg, size_t block, size_t worker) {
    (void)worker;
    job *j = arg;
    if (block % 100 == 0 && !run_one(j->parallel))
        atomic_store(&j->clash, 1);
    atomic_fetch_add(&j->done[block], 1);
}

static void jobs_may_start_jobs(void **state) {
    (void)state;
    visml_context *ctx = test_context(4);
    job j;
    memset(&j, 0, sizeof j);
    j.parallel = visml_context_compute(ctx).parallel;
    visml_parallel_run(j.parallel, BLOCKS, nested_block, &j);
    assert_true(all_done_once(&j));
    visml_context_free(ctx);
}

static void *run_many(void *arg) {
    for (int i = 0; i < 200; i++)
        if (!run_one(arg))
            return arg;
    return NULL;
}

static void many_callers_share_it(void **state) {
    (void)state;
    visml_context *ctx = test_context(3);
    pthread_t ids[6];
    for (int i = 0; i < 6; i++)
        assert_int_equal(pthread_create(&ids[i], NULL, run_many, (void *)visml_context_compute(ctx).parallel), 0);
    for (int i = 0; i < 6; i++) {
        void *failed;
        pthread_join(ids[i], &failed);
        assert_null(failed);
    }
    visml_context_free(ctx);
}

static void child_works(const visml_parallel *p) {
    pid_t child = fork();
    if (child == 0) {
        alarm(20); /* a hang ends as a failure */
        _exit(run_one(p) && run_one(p) ? 0 : 1);
    }
    int result;
    waitpid(child, &result, 0);
    assert_int_equal(result, 0);
}

static void survives_fork(void **state) {
    (void)state;
    visml_context *ctx = test_context(4);
    const visml_parallel *p = visml_context_compute(ctx).parallel;
    child_works(p); /* before the threads exist */
    assert_true(run_one(p));
    for (int i = 0; i < 20; i++)
        child_works(p);
    assert_true(run_one(p));
    visml_context_free(ctx);
}

typedef struct loop {
    const visml_parallel *parallel;
    _Atomic int stop;
} loop;

static void *run_until_stopped(void *arg) {
    loop *l = arg;
    while (!l->stop)
        run_one(l->parallel);
    return NULL;
}

static void survives_fork_in_mid_call(void **state) {
    (void)state;
    visml_context *ctx = test_context(3);
    loop l = {visml_context_compute(ctx).parallel, 0};
    pthread_t id;
    assert_int_equal(pthread_create(&id, NULL, run_until_stopped, &l), 0);
    for (int i = 0; i < 100; i++)
        child_works(l.parallel);
    l.stop = 1;
    pthread_join(id, NULL);
    visml_context_free(ctx);
}

static _Atomic int signals_elsewhere;
static pthread_t main_thread;
static void on_signal(int number) {
    (void)number;
    if (!pthread_equal(pthread_self(), main_thread))
        signals_elsewhere = 1;
}

static void threads_take_no_signals(void **state) {
    (void)state;
    visml_context *ctx = test_context(4);
    main_thread = pthread_self();
    signal(SIGUSR1, on_signal);
    assert_true(run_one(visml_context_compute(ctx).parallel));
    sigset_t mask, before;
    sigemptyset(&mask);
    sigaddset(&mask, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &mask, &before); /* only the pool's threads could take it now */
    kill(getpid(), SIGUSR1);
    for (int i = 0; i < 20; i++)
        assert_true(run_one(visml_context_compute(ctx).parallel));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_false(signals_elsewhere);
    visml_context_free(ctx);
}

/* Two blocks that each wait for the other (a second at most), so that both threads take part. */
typedef struct meeting {
    _Atomic int here;
    cpu_set_t cpus; /* where the worker may be */
} meeting;

static void meet(void *arg, size_t block, size_t worker) {
    meeting *m = arg;
    (void)block;
    if (worker == 1)
        assert_int_equal(sched_getaffinity(0, sizeof m->cpus, &m->cpus), 0);
    atomic_fetch_add(&m->here, 1);
    for (int i = 0; i < 1000 && atomic_load(&m->here) < 2; i++)
        usleep(1000);
}

/* On each CPU that there is: workers are never put behind the bringer. */
static void workers_leave_the_bringers_cpu_to_him(void **state) {
    (void)state;
    cpu_set_t all, one;
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    if (CPU_COUNT(&all) < 2)
        skip(); /* there is no other CPU to be kept to */
    visml_context *ctx = test_context(2);
    visml_compute c = visml_context_compute(ctx);
    assert_true(run_one(c.parallel)); /* starts the thread, which may run everywhere */
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all))
            continue;
        meeting m = {0};
        CPU_ZERO(&one);
        CPU_SET(cpu, &one);
        assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
        visml_parallel_run(c.parallel, 2, meet, &m);
        assert_int_equal(m.here, 2);
        assert_int_equal(CPU_COUNT(&m.cpus), CPU_COUNT(&all) - 1);
        assert_false(CPU_ISSET(cpu, &m.cpus));
    }
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    visml_context_free(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_block_once), cmocka_unit_test(jobs_may_start_jobs),       cmocka_unit_test(many_callers_share_it),
        cmocka_unit_test(survives_fork),    cmocka_unit_test(survives_fork_in_mid_call), cmocka_unit_test(threads_take_no_signals),
        cmocka_unit_test(workers_leave_the_bringers_cpu_to_him),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
