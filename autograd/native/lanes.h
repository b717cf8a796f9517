/* The replay of many examples: each instruction over the numbers of many lanes, each of which is an example.

   A **row** is what a slot is in lanes: `lanes` numbers. What depends on parameters and constants alone, a uniform slot,
   has one number for all, and a row of copies only where an instruction needs one.

   The examples are cut into **parts**, by their number and by nothing else. A part sums the flows of uniform slots over
   its examples; then the sums of all parts are added, in their order: so the bits do not depend on how many threads work
   at the parts. Flows are summed without a look at which of them are blocked: a blocked one is -0.0. It stays a zero,
   unless it meets a derivative that is inf or nan. Then there is a nan in the gradient, and its block of lanes is done
   again, example by example. */

#ifndef AUTOGRAD_LANES_H
#define AUTOGRAD_LANES_H

#include "chunks.h"
#include "exact.h"
#include "lane_formulas.h"

typedef enum { MATRIX, CHAIN, SINGLE, OF_LIST, TAKEN, TAKEN_UNIFORM, DETACHED } What;

/* What is done at a time: an instruction, or some whose rows and operands lie in a row, or a matrix times a vector. */
typedef struct {
    unsigned short what, code;
    int arity, count;      /* how many operands or terms, and members */
    int row;               /* of the first member */
    int operands, weights; /* where they begin, in `rows`; in `weight_slots`, or `taken_slots` */
    char needed, sends_on; /* whether a gradient needs its flows, and those of its shared operands; */
                           /* where it is SINGLE, a bit for each operand whose flow is needed */
} Step;

typedef struct {
    int row_count, row_room, step_count, step_room, lifted_count, lifted_room, most_operands;
    int one; /* a row of 1.0 */
    Py_ssize_t operand_count, operand_room, weight_count, weight_room, taken_count, taken_room;
    Step *steps;
    int *rows;         /* the operands of steps */
    int *weight_slots; /* of each weight of a matrix, four members side by side */
    int *taken_slots;  /* uniform slots among which an index chooses */
    int *lifted;       /* uniform slots that have rows, from row `first_lifted` on */
    int first_lifted;
    int *row_of;       /* of each slot, or -1 */
    char *needed;      /* for each slot, whether its flow is part of a gradient */
} Plan;

typedef struct {
    Py_ssize_t lanes;
    double *values, *flows; /* rows */
    double *to_weights;     /* a vector for each weight */
    double *to_taken;
    double *spare, *room;   /* rows for flows on their way; room for lists */
    const double *weights;
    const double **operands;
    double **towards;
    char *holds, *in_range;
    Py_ssize_t from; /* the example in the first lane */
    int listens;     /* whether the thread that called works here, which alone hears Ctrl-C */
    double unheard;  /* how much was done since it last listened */
} Bench;

typedef struct {
    int width;
    void (*matrix_values)(const Step *, const Plan *, Bench *);
    void (*matrix_flows)(const Step *, const Plan *, Bench *);
    void (*chain_values)(const Step *, const Plan *, Bench *);
    void (*chain_flows)(const Step *, const Plan *, Bench *);
    void (*add_products)(Py_ssize_t, const double *, const double *, double *);
    void (*add_rows_to)(Py_ssize_t, const double *, double *);
} Kernels;

/* The kinds of processors ---------------------------------------------------------------------------- */

#if defined(__GNUC__) || defined(__clang__)
#define WIDTH 2
#define TIER(name) name##_plain
#define FUSED(x, y, z) ((x) * (y) + (z))
#define SPREAD(x) ((TIER(Vector)){0} + (x))
#include "lane_kernels.h"
#undef WIDTH
#undef TIER
#undef FUSED
#undef SPREAD
#else
#define WIDTH 1
#define TIER(name) name##_plain
#define FUSED(x, y, z) ((x) * (y) + (z))
#define SPREAD(x) (x)
#include "lane_kernels.h"
#undef WIDTH
#undef TIER
#undef FUSED
#undef SPREAD
#endif

#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#define WIDTH 4
#define TIER(name) name##_avx2
#define FUSED(x, y, z) ((TIER(Vector))_mm256_fmadd_pd((__m256d)(x), (__m256d)(y), (__m256d)(z)))
#define SPREAD(x) ((TIER(Vector))_mm256_set1_pd(x))
#include "lane_kernels.h"
#undef WIDTH
#undef TIER
#undef FUSED
#undef SPREAD
#pragma GCC pop_options

#pragma GCC push_options
#pragma GCC target("avx512f")
#define WIDTH 8
#define TIER(name) name##_avx512
#define FUSED(x, y, z) ((TIER(Vector))_mm512_fmadd_pd((__m512d)(x), (__m512d)(y), (__m512d)(z)))
#define SPREAD(x) ((TIER(Vector))_mm512_set1_pd(x))
#include "lane_kernels.h"
#undef WIDTH
#undef TIER
#undef FUSED
#undef SPREAD
#pragma GCC pop_options

static const Kernels *best_kernels(void) {
    if (__builtin_cpu_supports("avx512f")) {
        return &kernels_avx512;
    }
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? &kernels_avx2 : &kernels_plain;
}
#else
static const Kernels *best_kernels(void) { return &kernels_plain; }
#endif

/* The plan ------------------------------------------------------------------------------------------- */

static void free_plan(Plan *plan) {
    PyMem_RawFree(plan->steps);
    PyMem_RawFree(plan->rows);
    PyMem_RawFree(plan->weight_slots);
    PyMem_RawFree(plan->taken_slots);
    PyMem_RawFree(plan->lifted);
    PyMem_RawFree(plan->row_of);
    PyMem_RawFree(plan->needed);
    memset(plan, 0, sizeof(*plan));
}

static int add_int(int **numbers, Py_ssize_t *count, Py_ssize_t *room, int number) {
    if (*count == *room) {
        int *larger = PyMem_RawRealloc(*numbers, (size_t)(2 * *room + 64) * sizeof(int));
        if (larger == NULL) {
            return 0;
        }
        *numbers = larger;
        *room = 2 * *room + 64;
    }
    (*numbers)[(*count)++] = number;
    return 1;
}

static int add_operand(Plan *plan, int row) {
    return row >= 0 && add_int(&plan->rows, &plan->operand_count, &plan->operand_room, row);
}

static Step *add_step(Plan *plan, int what, int code, int arity, int row) {
    Step *step;
    if (plan->step_count == plan->step_room) {
        Step *larger = PyMem_RawRealloc(plan->steps, (size_t)(2 * plan->step_room + 16) * sizeof(Step));
        if (larger == NULL) {
            return NULL;
        }
        plan->steps = larger;
        plan->step_room = 2 * plan->step_room + 16;
    }
    step = &plan->steps[plan->step_count++];
    *step = (Step){(unsigned short)what, (unsigned short)code, arity, 1, row, (int)plan->operand_count, 0, 0, 0};
    return step;
}

/* The row of a slot; a uniform one gets a row of copies. */
static int row_for(Plan *plan, const Schedule *s, int slot) {
    if (slot == s->one) {
        return plan->one;
    }
    if (plan->row_of[slot] < 0) {
        Py_ssize_t count = plan->lifted_count, room = plan->lifted_room;
        if (!add_int(&plan->lifted, &count, &room, slot)) {
            return -1;
        }
        plan->lifted_count = (int)count;
        plan->lifted_room = (int)room;
        plan->row_of[slot] = plan->row_count++;
    }
    return plan->row_of[slot];
}

/* Whether a term is a uniform number times one that varies, or alone. */
static int is_weighted(const Schedule *s, int own, int shared) {
    return (s->uniform[own] && (!s->uniform[shared] || shared == s->one)) || (!s->uniform[own] && s->uniform[shared]);
}

static int term_weight(const Schedule *s, int own, int shared) { return s->uniform[own] ? own : shared; }
static int term_row(const Schedule *s, int own, int shared) { return s->uniform[own] ? shared : own; }

static int is_member_weighted(const Schedule *s, const int *shared, const int *own, int terms) {
    for (int k = 0; k < terms; ++k) {
        if (!is_weighted(s, own[k], shared[k])) {
            return 0;
        }
    }
    return 1;
}

/* The weights of members that have their rows in common: four side by side, the rest one by one. */
static int add_weights(Plan *plan, const Schedule *s, const int *shared, const int *own, int terms, int count) {
    for (int m = 0; m < count; m += m + 4 <= count ? 4 : 1) {
        int width = m + 4 <= count ? 4 : 1;
        for (int k = 0; k < terms; ++k) {
            for (int r = 0; r < width; ++r) {
                int weight = term_weight(s, own[(Py_ssize_t)(m + r) * terms + k], shared[k]);
                if (!add_int(&plan->weight_slots, &plan->weight_count, &plan->weight_room, weight)) {
                    return 0;
                }
            }
        }
    }
    return 1;
}

static int same_rows(const Schedule *s, const int *shared, const int *own, const int *other, int terms) {
    for (int k = 0; k < terms; ++k) {
        if (term_row(s, own[k], shared[k]) != term_row(s, other[k], shared[k])) {
            return 0;
        }
    }
    return 1;
}

static int plan_block(Plan *plan, const Schedule *s, const Block *block) {
    const int *shared = s->linear + block->shared;
    int terms = block->terms, m = 0;
    while (m < block->count) {
        const int *own = s->linear + block->own + (Py_ssize_t)m * terms;
        Step *step = add_step(plan, CHAIN, LINEAR_CODE, terms, plan->row_of[block->first + m]);
        if (step == NULL) {
            return 0;
        }
        if (!is_member_weighted(s, shared, own, terms)) {
            for (int k = 0; k < terms; ++k) {
                if (!add_operand(plan, row_for(plan, s, own[k])) || !add_operand(plan, row_for(plan, s, shared[k]))) {
                    return 0;
                }
            }
            step->needed = plan->needed[block->first + m];
            ++m;
            continue;
        }
        step->what = MATRIX;
        step->weights = (int)plan->weight_count;
        step->count = 0;
        while (m + step->count < block->count) {
            const int *other = own + (Py_ssize_t)step->count * terms;
            if (!is_member_weighted(s, shared, other, terms) || !same_rows(s, shared, own, other, terms)) {
                break;
            }
            step->needed |= plan->needed[block->first + m + step->count];
            ++step->count;
        }
        for (int k = 0; k < terms; ++k) {
            int slot = term_row(s, own[k], shared[k]);
            step->sends_on = (char)(step->sends_on | (slot != s->one && plan->needed[slot]));
            if (!add_operand(plan, row_for(plan, s, slot))) {
                return 0;
            }
        }
        if (!add_weights(plan, s, shared, own, terms, step->count)) {
            return 0;
        }
        m += step->count;
    }
    return 1;
}

/* So many numbers at most are computed at a time where members lie in a row: they stay in the nearest cache. */
#define MOST_TOGETHER 64

static int plan_single(Plan *plan, const Schedule *s, const Group *group) {
    const int *operands = s->operands + group->operands;
    Step *last = NULL;
    for (int m = 0; m < group->count; ++m) {
        int rows[3] = {0, 0, 0}, follows = last != NULL && last->count < MOST_TOGETHER, needed = 0;
        for (int i = 0; i < group->arity; ++i) {
            int slot = operands[(Py_ssize_t)i * group->count + m];
            rows[i] = row_for(plan, s, slot);
            needed |= (group->code != DETACH_CODE && plan->needed[slot]) << i;
            if (rows[i] < 0) {
                return 0;
            }
            follows = follows && rows[i] == plan->rows[last->operands + i] + last->count;
        }
        if (follows) {
            ++last->count;
            last->needed = (char)(last->needed | needed);
            continue;
        }
        last = add_step(plan, group->code == DETACH_CODE ? DETACHED : SINGLE, group->code, group->arity,
                        plan->row_of[group->first + m]);
        if (last == NULL) {
            return 0;
        }
        last->needed = (char)needed;
        for (int i = 0; i < group->arity; ++i) {
            if (!add_operand(plan, rows[i])) {
                return 0;
            }
        }
    }
    return 1;
}

static int plan_list(Plan *plan, const Schedule *s, const Group *group) {
    for (int m = 0; m < group->count; ++m) {
        const int *operands = s->operands + group->operands + (Py_ssize_t)m * group->arity;
        int uniform = group->code == TAKE_CODE;
        Step *step = add_step(plan, OF_LIST, group->code, group->arity, plan->row_of[group->first + m]);
        if (step == NULL) {
            return 0;
        }
        step->needed = plan->needed[group->first + m];
        for (int i = 1; i < group->arity; ++i) {
            uniform = uniform && s->uniform[operands[i]];
        }
        if (group->code == TAKE_CODE) {
            step->what = uniform ? TAKEN_UNIFORM : TAKEN;
        }
        step->weights = (int)plan->taken_count;
        for (int i = 0; i < group->arity; ++i) {
            if (uniform && i > 0) {
                if (!add_int(&plan->taken_slots, &plan->taken_count, &plan->taken_room, operands[i])) {
                    return 0;
                }
            } else if (!add_operand(plan, row_for(plan, s, operands[i]))) {
                return 0;
            }
        }
    }
    return 1;
}

static int is_needed(const Plan *plan, const Schedule *s, const Group *group, int m) {
    for (int i = 0; i < group->arity; ++i) {
        Py_ssize_t place = group->listed ? (Py_ssize_t)m * group->arity + i : (Py_ssize_t)i * group->count + m;
        if (plan->needed[s->operands[group->operands + place]]) {
            return 1;
        }
    }
    return 0;
}

/* Which flows are part of a gradient: those towards parameters and differentiable inputs, and what leads to them. */
static void find_needed(Plan *plan, const Schedule *s, const char *differentiable) {
    memset(plan->needed, 0, (size_t)s->slots);
    for (int i = 0; i < s->given; ++i) {
        plan->needed[i] = i >= s->inputs || differentiable[i];
    }
    for (int g = 0; g < s->group_count; ++g) {
        const Group *group = &s->groups[g];
        if (group->code == LINEAR_CODE) {
            for (int b = 0; b < group->piece_count; ++b) {
                const Block *block = &s->blocks[group->pieces + b];
                for (int m = 0; m < block->count; ++m) {
                    const int *own = s->linear + block->own + (Py_ssize_t)m * block->terms;
                    for (int k = 0; k < block->terms; ++k) {
                        plan->needed[block->first + m] |=
                            plan->needed[own[k]] | plan->needed[s->linear[block->shared + k]];
                    }
                }
            }
        } else if (group->code != DETACH_CODE) {
            for (int m = 0; m < group->count; ++m) {
                plan->needed[group->first + m] = (char)is_needed(plan, s, group, m);
            }
        }
    }
}

/* The steps of a program over lanes; outputs and both sides of guards have rows. 0 where memory ends. */
static int make_plan(Plan *plan, const Schedule *s, const char *differentiable, const int *outputs, int output_count,
                     const int *guards, int guard_count) {
    memset(plan, 0, sizeof(*plan));
    plan->row_of = room_for(s->slots, sizeof(int));
    plan->needed = room_for(s->slots, 1);
    if (plan->row_of == NULL || plan->needed == NULL) {
        return 0;
    }
    plan->most_operands = s->most_operands;
    for (int slot = 0; slot < s->slots; ++slot) {
        plan->row_of[slot] = s->uniform[slot] ? -1 : slot < s->inputs ? plan->row_count++ : -1;
    }
    plan->one = plan->row_count++;
    for (int slot = s->base; slot < s->slots; ++slot) {
        if (!s->uniform[slot]) {
            plan->row_of[slot] = plan->row_count++;
        }
    }
    plan->first_lifted = plan->row_count;
    find_needed(plan, s, differentiable);
    for (int i = 0; i < output_count; ++i) {
        if (row_for(plan, s, outputs[i]) < 0) {
            return 0;
        }
    }
    for (int i = 0; i < guard_count; ++i) {
        if (row_for(plan, s, guards[4 * i + 1]) < 0 || row_for(plan, s, guards[4 * i + 2]) < 0) {
            return 0;
        }
    }
    for (int g = 0; g < s->group_count; ++g) {
        const Group *group = &s->groups[g];
        if (group->uniform) {
            continue;
        }
        if (group->code == LINEAR_CODE) {
            for (int b = 0; b < group->piece_count; ++b) {
                if (!plan_block(plan, s, &s->blocks[group->pieces + b])) {
                    return 0;
                }
            }
        } else if (!(group->listed ? plan_list : plan_single)(plan, s, group)) {
            return 0;
        }
    }
    plan->steps = fitted(plan->steps, plan->step_count, sizeof(Step));
    plan->rows = fitted(plan->rows, plan->operand_count, sizeof(int));
    plan->weight_slots = fitted(plan->weight_slots, plan->weight_count, sizeof(int));
    return 1;
}

/* Bench ----------------------------------------------------------------------------------------------- */

/* How many numbers a part hands over: a flow for each weight, for each slot that may be taken, each that has a row. */
static Py_ssize_t sum_count(const Plan *plan) { return plan->weight_count + plan->taken_count + plan->lifted_count; }

/* Memory for a bench, zeros at first: it may be that of an earlier one, whose size is told. */
typedef struct {
    void *at;
    size_t size;
} Memory;

static void free_memory(Memory *memory) {
    if (memory->at != NULL) {
        free_table(memory->at, memory->size);
    }
    memory->at = NULL;
    memory->size = 0;
}

static int open_bench(Bench *bench, const Plan *plan, Py_ssize_t lanes, const double *weights, const Kernels *kernels,
                      Memory *memory) {
    Py_ssize_t rows = plan->row_count, operands = plan->most_operands + 4;
    Py_ssize_t spare = operands > MOST_TOGETHER ? operands : MOST_TOGETHER;
    size_t doubles = (size_t)((2 * rows + spare) * lanes + plan->weight_count * kernels->width + plan->taken_count +
                              4 * operands);
    size_t size = doubles * sizeof(double) + 2 * (size_t)operands * sizeof(double *) + 2 * (size_t)lanes + 64;
    int is_new = memory->size < size;
    if (is_new) {
        free_memory(memory);
        memory->at = new_table(size);
        if (memory->at == NULL) {
            return 0;
        }
        memory->size = size;
    }
    bench->lanes = lanes;
    bench->weights = weights;
    bench->values = (double *)((char *)memory->at + (64 - (uintptr_t)memory->at % 64));
    bench->flows = bench->values + rows * lanes;
    bench->spare = bench->flows + rows * lanes;
    bench->to_weights = bench->spare + spare * lanes;
    bench->to_taken = bench->to_weights + plan->weight_count * kernels->width;
    bench->room = bench->to_taken + plan->taken_count;
    bench->operands = (const double **)(bench->room + 4 * operands);
    bench->towards = (double **)(bench->operands + operands);
    bench->holds = (char *)(bench->towards + operands);
    bench->in_range = bench->holds + lanes;
    if (!is_new) {
        memset(bench->flows, 0, (size_t)(rows * lanes) * sizeof(double));
    }
    return 1;
}

/* Before a part: the rows that stay the same. */
static void begin_bench(Bench *bench, const Plan *plan, const double *uniform_values) {
    for (Py_ssize_t l = 0; l < bench->lanes; ++l) {
        bench->values[plan->one * bench->lanes + l] = 1.0;
    }
    for (int i = 0; i < plan->lifted_count; ++i) {
        for (Py_ssize_t l = 0; l < bench->lanes; ++l) {
            bench->values[(plan->first_lifted + i) * bench->lanes + l] = uniform_values[plan->lifted[i]];
        }
    }
}

static void clear_sums(Bench *bench, const Plan *plan, const Kernels *kernels) {
    memset(bench->to_weights, 0, (size_t)(plan->weight_count * kernels->width + plan->taken_count) * sizeof(double));
    memset(bench->flows + plan->first_lifted * bench->lanes, 0, (size_t)(plan->lifted_count * bench->lanes) * sizeof(double));
}

/* The sum of a power of two or a multiple of 16 of numbers: of halves, so that no addition has to wait for the one before. */
static double total_of_row(const double *row, Py_ssize_t count) {
    double total = 0.0;
    switch (count) {
    case 1:
        return row[0];
    case 2:
        return row[0] + row[1];
    case 4:
        return (row[0] + row[1]) + (row[2] + row[3]);
    case 8:
        return ((row[0] + row[1]) + (row[2] + row[3])) + ((row[4] + row[5]) + (row[6] + row[7]));
    default:
        for (Py_ssize_t l = 0; l < count; l += 8) {
            total += total_of_row(row + l, 8);
        }
        return total;
    }
}

/* Add to the sums of a part; whether one of those that are needed is nan. */
static int add_sums(const Bench *bench, const Plan *plan, const Kernels *kernels, double *sums) {
    int odd = 0;
    for (Py_ssize_t i = 0; i < plan->weight_count; ++i, ++sums) {
        *sums += total_of_row(bench->to_weights + i * kernels->width, kernels->width);
        odd |= isnan(*sums) && plan->needed[plan->weight_slots[i]];
    }
    for (Py_ssize_t i = 0; i < plan->taken_count; ++i, ++sums) {
        *sums += bench->to_taken[i];
        odd |= isnan(*sums) && plan->needed[plan->taken_slots[i]];
    }
    for (int i = 0; i < plan->lifted_count; ++i, ++sums) {
        *sums += total_of_row(bench->flows + (plan->first_lifted + i) * bench->lanes, bench->lanes);
        odd |= isnan(*sums) && plan->needed[plan->lifted[i]];
    }
    return odd;
}

static void point_at_rows(const Step *step, const Plan *plan, Bench *bench) {
    const int *rows = plan->rows + step->operands;
    for (int i = 0; i < step->arity; ++i) {
        bench->operands[i] = bench->values + rows[i] * bench->lanes;
        bench->towards[i] = bench->flows + rows[i] * bench->lanes;
    }
}

static void take_values(const Step *step, const Plan *plan, Bench *bench, const double *uniform_values) {
    const int *rows = plan->rows + step->operands, *slots = plan->taken_slots + step->weights;
    const double *index = bench->values + rows[0] * bench->lanes;
    double *out = bench->values + step->row * bench->lanes;
    for (Py_ssize_t l = 0; l < bench->lanes; ++l) {
        int place = place_in(index[l], step->arity - 1);
        if (place < 0) {
            bench->in_range[l] = 0;
            out[l] = 0.0;
        } else if (step->what == TAKEN) {
            out[l] = bench->values[rows[1 + place] * bench->lanes + l];
        } else {
            out[l] = uniform_values[slots[place]];
        }
    }
}

static void take_flows(const Step *step, const Plan *plan, Bench *bench) {
    const int *rows = plan->rows + step->operands;
    const double *index = bench->values + rows[0] * bench->lanes, *flow = bench->flows + step->row * bench->lanes;
    for (Py_ssize_t l = 0; l < bench->lanes; ++l) {
        int place = place_in(index[l], step->arity - 1);
        if (place < 0) {
            continue;
        }
        if (step->what == TAKEN) {
            bench->flows[rows[1 + place] * bench->lanes + l] += flow[l];
        } else {
            bench->to_taken[step->weights + place] += flow[l];
        }
    }
}

static void step_values(const Plan *plan, Bench *bench, const Kernels *kernels, const double *uniform_values) {
    memset(bench->in_range, 1, (size_t)bench->lanes);
    for (int i = 0; i < plan->step_count; ++i) {
        const Step *step = &plan->steps[i];
        double *out = bench->values + step->row * bench->lanes;
        switch (step->what) {
        case MATRIX:
            kernels->matrix_values(step, plan, bench);
            break;
        case CHAIN:
            kernels->chain_values(step, plan, bench);
            break;
        case SINGLE:
            point_at_rows(step, plan, bench);
            lanes_value(step->code, step->count * bench->lanes, bench->operands, out);
            break;
        case OF_LIST:
            point_at_rows(step, plan, bench);
            lanes_value_of_list(step->code, step->arity, bench->lanes, bench->operands, out, bench->room);
            break;
        case DETACHED:
            point_at_rows(step, plan, bench);
            memcpy(out, bench->operands[0], (size_t)(step->count * bench->lanes) * sizeof(double));
            break;
        default:
            take_values(step, plan, bench, uniform_values);
        }
    }
}

static void single_flows(const Step *step, const Plan *plan, Bench *bench, const Kernels *kernels) {
    Py_ssize_t n = step->count * bench->lanes;
    const double *value = bench->values + step->row * bench->lanes, *flow = bench->flows + step->row * bench->lanes;
    point_at_rows(step, plan, bench);
    for (int i = 0; i < step->arity; ++i) {
        if (!(step->needed >> i & 1)) {
            continue; /* as of the exponent of a square */
        }
        if (step->code == CODE_ADD || (step->code == CODE_SUBTRACT && i == 0)) {
            kernels->add_rows_to(n, flow, bench->towards[i]);
        } else if (step->code == CODE_MULTIPLY) {
            kernels->add_products(n, flow, bench->operands[1 - i], bench->towards[i]);
        } else {
            lanes_flow(step->code, i, n, bench->operands, value, flow, bench->spare);
            kernels->add_rows_to(n, bench->spare, bench->towards[i]);
        }
    }
}

static void list_step_flows(const Step *step, const Plan *plan, Bench *bench, const Kernels *kernels) {
    point_at_rows(step, plan, bench);
    for (int i = 0; i < step->arity; ++i) {
        bench->towards[i] = bench->spare + i * bench->lanes;
    }
    lanes_flows_of_list(step->code, step->arity, bench->lanes, bench->operands, bench->values + step->row * bench->lanes,
                        bench->flows + step->row * bench->lanes, bench->towards, bench->room);
    for (int i = 0; i < step->arity; ++i) {
        kernels->add_rows_to(bench->lanes, bench->spare + i * bench->lanes,
                             bench->flows + plan->rows[step->operands + i] * bench->lanes);
    }
}

/* What has been sent is cleared at once, while it is in the nearest cache, for the next examples. */
static void step_flows(const Plan *plan, Bench *bench, const Kernels *kernels) {
    for (int i = plan->step_count - 1; i >= 0; --i) {
        const Step *step = &plan->steps[i];
        switch (step->needed ? step->what : DETACHED) {
        case MATRIX:
            kernels->matrix_flows(step, plan, bench);
            break;
        case CHAIN:
            kernels->chain_flows(step, plan, bench);
            break;
        case SINGLE:
            single_flows(step, plan, bench, kernels);
            break;
        case OF_LIST:
            list_step_flows(step, plan, bench, kernels);
            break;
        case DETACHED:
            break;
        default:
            take_flows(step, plan, bench);
        }
        memset(bench->flows + step->row * bench->lanes, 0, (size_t)(step->count * bench->lanes) * sizeof(double));
    }
}

/* A job: all examples ---------------------------------------------------------------------------------- */

typedef struct {
    const char *first; /* the number of example 0 */
    Py_ssize_t stride; /* in bytes */
    int is_float;
} Column;

typedef struct {
    const Schedule *schedule;
    const Plan *plan;
    const Kernels *kernels;
    Column *columns;
    const long long *which; /* NULL: all, in their order */
    Py_ssize_t count, lanes, part_size;
    int part_count, want_gradient, output_count, guard_count, wanted_count, any_taken;
    const int *outputs, *guards, *wanted; /* slots; those of the inputs whose gradients are wanted */
    const double *uniform_values, *weights;
    double *out, *to_inputs; /* row by row */
    char *holds;             /* of each example: whether its guards hold, and its indices are in range */
    char *in_range;
    char *again;             /* of each block: whether it is to be done again, example by example */
    double *sums;            /* of each part */
    volatile int stopped;
    volatile long next_part; /* the first that no thread has taken */
    void (*listen)(void *caller); /* sets `stopped` where Ctrl-C was pressed */
    void *caller;
} Job;

static void read_inputs(const Job *job, Bench *bench, Py_ssize_t from, Py_ssize_t count) {
    for (int i = 0; i < job->schedule->inputs; ++i) {
        const Column *column = &job->columns[i];
        double *row = bench->values + i * bench->lanes;
        for (Py_ssize_t l = 0; l < count; ++l) {
            Py_ssize_t example = job->which ? (Py_ssize_t)job->which[from + l] : from + l;
            const char *place = column->first + example * column->stride;
            row[l] = column->is_float ? (double)*(const float *)place : *(const double *)place;
        }
        for (Py_ssize_t l = count; l < bench->lanes; ++l) {
            row[l] = row[count - 1];
        }
    }
}

static void look_at_guards(const Job *job, Bench *bench) {
    memset(bench->holds, 1, (size_t)bench->lanes);
    for (int i = 0; i < job->guard_count; ++i) {
        const int *guard = job->guards + 4 * i;
        const double *x = bench->values + job->plan->row_of[guard[1]] * bench->lanes;
        const double *y = bench->values + job->plan->row_of[guard[2]] * bench->lanes;
        for (Py_ssize_t l = 0; l < bench->lanes; ++l) {
            bench->holds[l] &= compares(guard[0], x[l], y[l]) == guard[3];
        }
    }
}

/* The row of a slot in a job; that of the 1.0 is no slot of a program, so all others have one. */
static double *row_at(const Job *job, double *rows, int slot) { return rows + job->plan->row_of[slot] * job->lanes; }

/* What is told of a flow: -0.0 where nothing may have arrived, as in a branch that is dead in all lanes. */
static double told(const Schedule *s, int slot, double flow) { return flow == 0.0 && !s->sure[slot] ? -0.0 : flow; }

/* Flows from the first output of the lanes that count. */
static int block_sweep(const Job *job, Bench *bench, Py_ssize_t from, Py_ssize_t count) {
    double *seeds = row_at(job, bench->flows, job->outputs[0]);
    const char *seeds_at = bench->in_range; /* after this, which lanes count */
    int odd = 0;
    for (Py_ssize_t l = 0; l < count; ++l) {
        bench->in_range[l] &= bench->holds[l];
        seeds[l] += bench->in_range[l] ? 1.0 : 0.0;
    }
    step_flows(job->plan, bench, job->kernels);
    for (int i = 0; i < job->wanted_count; ++i) {
        const double *flow = bench->flows + job->wanted[i] * bench->lanes;
        for (Py_ssize_t l = 0; l < count; ++l) {
            job->to_inputs[(from + l) * job->wanted_count + i] =
                seeds_at[l] ? told(job->schedule, job->wanted[i], flow[l]) : 0.0;
            odd |= isnan(flow[l]);
        }
    }
    memset(bench->flows, 0, (size_t)((job->plan->one + 1) * bench->lanes) * sizeof(double)); /* the inputs, and the 1.0 */
    return odd;
}

static void do_block(const Job *job, Bench *bench, Py_ssize_t from, Py_ssize_t count) {
    bench->from = from;
    read_inputs(job, bench, from, count);
    step_values(job->plan, bench, job->kernels, job->uniform_values);
    look_at_guards(job, bench);
    memcpy(job->holds + from, bench->holds, (size_t)count);
    memcpy(job->in_range + from, bench->in_range, (size_t)count);
    for (int i = 0; i < job->output_count; ++i) {
        const double *row = row_at(job, bench->values, job->outputs[i]);
        for (Py_ssize_t l = 0; l < count; ++l) {
            job->out[(from + l) * job->output_count + i] = bench->holds[l] ? row[l] : 0.0;
        }
    }
}

/* Give the lanes that do not count the inputs of one that does, so that nothing odd can come of them; whether any does. */
static int replace_lost(const Job *job, Bench *bench, Py_ssize_t count, int careful) {
    Py_ssize_t good = 0, lost = 0;
    for (Py_ssize_t l = 0; l < count; ++l) {
        int counts = bench->holds[l] && bench->in_range[l];
        good = counts ? l + 1 : good;
        lost += !counts;
    }
    if (good && lost && careful) {
        for (int i = 0; i < job->schedule->inputs; ++i) {
            double *row = bench->values + i * bench->lanes;
            for (Py_ssize_t l = 0; l < bench->lanes; ++l) {
                if (l >= count || !(bench->holds[l] && bench->in_range[l])) {
                    row[l] = row[good - 1];
                }
            }
        }
        step_values(job->plan, bench, job->kernels, job->uniform_values);
        memcpy(bench->in_range, job->in_range + bench->from, (size_t)count);
    }
    return good != 0;
}

/* Whether the job was stopped. Who listens does so some ten times a second, for it takes the interpreter's lock. */
static int must_stop(Job *job, Bench *bench) {
    bench->unheard += (double)(job->lanes * job->schedule->slots);
    if (bench->listens && bench->unheard > 2e7) {
        bench->unheard = 0.0;
        job->listen(job->caller);
    }
    return job->stopped;
}

/* One part; `careful` with sums for each block, so that what is nan can be done again. Whether there was a nan. */
static int do_part(Job *job, Bench *bench, int part, int careful) {
    Py_ssize_t from = part * job->part_size, end = from + job->part_size;
    double *sums = job->sums + part * sum_count(job->plan);
    double *kept = careful ? PyMem_RawMalloc((size_t)(sum_count(job->plan) + 1) * sizeof(double)) : NULL;
    int odd = 0;
    if (careful && kept == NULL) {
        return -1;
    }
    end = end < job->count ? end : job->count;
    memset(sums, 0, (size_t)sum_count(job->plan) * sizeof(double));
    begin_bench(bench, job->plan, job->uniform_values);
    clear_sums(bench, job->plan, job->kernels);
    for (; from < end && !must_stop(job, bench); from += job->lanes) {
        Py_ssize_t count = end - from < job->lanes ? end - from : job->lanes;
        do_block(job, bench, from, count);
        if (!job->want_gradient || !replace_lost(job, bench, count, careful)) {
            continue;
        }
        if (careful) {
            clear_sums(bench, job->plan, job->kernels);
            memcpy(kept, sums, (size_t)sum_count(job->plan) * sizeof(double));
        }
        odd |= block_sweep(job, bench, from, count);
        if (careful) {
            odd |= add_sums(bench, job->plan, job->kernels, sums);
            if (odd) {
                memcpy(sums, kept, (size_t)sum_count(job->plan) * sizeof(double));
            }
            job->again[from / job->lanes] = (char)odd;
            odd = 0;
        }
    }
    if (job->want_gradient && !careful) {
        odd |= add_sums(bench, job->plan, job->kernels, sums);
    }
    PyMem_RawFree(kept);
    return odd;
}

#if defined(__GNUC__) || defined(__clang__)
#define NEXT_PART(job) __sync_fetch_and_add(&(job)->next_part, 1)
#else
#include <intrin.h>
#define NEXT_PART(job) (_InterlockedIncrement(&(job)->next_part) - 1)
#endif

/* One part after the other that no other thread has taken; 0 where memory ends. */
static int do_parts(Job *job, Memory *memory, int listens) {
    Bench bench;
    bench.listens = listens;
    bench.unheard = 0.0;
    if (!open_bench(&bench, job->plan, job->lanes, job->weights, job->kernels, memory)) {
        return 0;
    }
    for (long part = NEXT_PART(job); part < job->part_count && !job->stopped; part = NEXT_PART(job)) {
        if (do_part(job, &bench, (int)part, 0) && do_part(job, &bench, (int)part, 1) < 0) {
            return 0;
        }
    }
    return 1;
}

/* Another thread that does parts. It never waits for Python: whom the interpreter's lock wakes, some systems put on the
   core of who let go of it, behind the very work that was to be shared. */
typedef struct {
    Job *job;
    int done;
    PyThread_type_lock end; /* held until it has ended */
} Helper;

static void help(void *place) {
    Helper *helper = place;
    Memory memory = {NULL, 0};
    helper->done = do_parts(helper->job, &memory, 0);
    free_memory(&memory);
    PyThread_release_lock(helper->end);
}

/* Whether there is one more thread; the work gets done by however many there are. */
static int start_helper(Helper *helper, Job *job) {
    helper->job = job;
    helper->end = PyThread_allocate_lock();
    if (helper->end == NULL) {
        return 0;
    }
    PyThread_acquire_lock(helper->end, WAIT_LOCK);
    if (PyThread_start_new_thread(help, helper) == PYTHREAD_INVALID_THREAD_ID) {
        PyThread_release_lock(helper->end);
        PyThread_free_lock(helper->end);
        return 0;
    }
    return 1;
}

/* Whether it found the memory that it needed; whoever waits listens. */
static int wait_for(Helper *helper) {
    while (PyThread_acquire_lock_timed(helper->end, -1, 1) != PY_LOCK_ACQUIRED) {
        helper->job->listen(helper->job->caller);
    }
    PyThread_release_lock(helper->end);
    PyThread_free_lock(helper->end);
    return helper->done;
}

/* The sums of all parts, added in their order to the flows of slots. */
static void collect_sums(const Job *job, double *flows, char *reached) {
    const Plan *plan = job->plan;
    for (int part = 0; part < job->part_count; ++part) {
        const double *sums = job->sums + part * sum_count(plan);
        for (Py_ssize_t i = 0; i < plan->weight_count; ++i) {
            arrive_at(plan->weight_slots[i], *sums++, flows, reached);
        }
        for (Py_ssize_t i = 0; i < plan->taken_count; ++i) {
            arrive_at(plan->taken_slots[i], *sums++, flows, reached);
        }
        for (int i = 0; i < plan->lifted_count; ++i) {
            arrive_at(plan->lifted[i], *sums++, flows, reached);
        }
    }
}

static void gather_weights(const Plan *plan, const double *uniform_values, double *weights) {
    for (Py_ssize_t i = 0; i < plan->weight_count; ++i) {
        weights[i] = uniform_values[plan->weight_slots[i]];
    }
}

/* How many lanes there are at a time: more than a few only where all that they touch stays in the nearest cache. */
static Py_ssize_t lanes_for(const Plan *plan, const Kernels *kernels, Py_ssize_t count) {
    Py_ssize_t best = 16, least = (count + 15) / 16 * 16;
    for (Py_ssize_t lanes = 32; lanes <= 64; lanes += 16) {
        Py_ssize_t total = (count + lanes - 1) / lanes * lanes;
        Py_ssize_t doubles = 2 * plan->row_count * lanes + plan->weight_count * (kernels->width + 1);
        if (total <= least && doubles * 8 <= 32 * 1024) {
            best = lanes;
            least = total;
        }
    }
    return best;
}

/* How many examples a part has, a multiple of the lanes: by the amount of work alone, never by the threads. */
static Py_ssize_t part_size_for(const Schedule *s, Py_ssize_t count, Py_ssize_t lanes) {
    double work = (double)count * (s->slots + 16.0);
    Py_ssize_t parts = work < 4e5 ? 1 : work > 32 * 2e5 ? 32 : (Py_ssize_t)(work / 2e5);
    Py_ssize_t blocks = (count + lanes - 1) / lanes;
    parts = parts > blocks ? blocks : parts;
    return (blocks + parts - 1) / parts * lanes;
}

#endif
