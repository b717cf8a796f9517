/* The replay of one example, forwards and backwards: bit for bit what the nodes would compute.

   A slot whose `reached` is 0 has received no flow, and sends none. Its flow is -0.0, to which the first one that comes
   is added without a change. After those of all slots, `reached` says whether what is sure to be reached counts as
   reached from the beginning. */

#ifndef AUTOGRAD_EXACT_H
#define AUTOGRAD_EXACT_H

#include "lane_math.h"
#include "schedule.h"

#if defined(__GNUC__) || defined(__clang__)
#define INLINED static inline __attribute__((always_inline))
#else
#define INLINED static __forceinline
#endif

/* Room for the operands of one instruction, and three rows more. */
static size_t scratch_size(const Schedule *s) { return (size_t)(4 * s->most_operands + 16) * sizeof(double); }

/* Values ------------------------------------------------------------------------------------------- */

/* Sums of so many members at once: each from left to right, side by side because one alone would wait for each sum. */
INLINED void add_rows(int rows, const Schedule *s, const Block *block, int m, const double *shared, double *values) {
    const int *own = s->linear + block->own + (Py_ssize_t)m * block->terms, *run = s->runs + 2 * block->runs;
    double totals[8] = {-0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0, -0.0};
    for (int i = 0; i < block->run_count; ++i, run += 2) {
        const double *row[8];
        for (int r = 0; r < rows; ++r) {
            row[r] = values + own[(Py_ssize_t)r * block->terms + run[0]] - run[0];
        }
        for (int k = run[0]; k < run[1]; ++k) {
            for (int r = 0; r < rows; ++r) {
                totals[r] += row[r][k] * shared[k];
            }
        }
    }
    for (int r = 0; r < rows; ++r) {
        values[block->first + m + r] = totals[r];
    }
}

LANES void block_values(const Schedule *s, const Block *block, double *values, double *scratch) {
    const int *slots = s->linear + block->shared;
    int m = 0;
    for (int k = 0; k < block->terms; ++k) {
        scratch[k] = values[slots[k]];
    }
    for (; m + 8 <= block->count; m += 8) {
        add_rows(8, s, block, m, scratch, values);
    }
    for (; m + 2 <= block->count; m += 2) {
        add_rows(2, s, block, m, scratch, values);
    }
    for (; m < block->count; ++m) {
        add_rows(1, s, block, m, scratch, values);
    }
}

/* The place that an index says, or -1. */
static inline int place_in(double index, int count) {
    return index >= 0.0 && index < (double)count && index == floor(index) ? (int)index : -1;
}

static void list_values(const Schedule *s, const Group *group, double *values, double *scratch, int *failed) {
    const int *operands = s->operands + group->operands;
    for (int m = 0; m < group->count; ++m, operands += group->arity) {
        double *value = &values[group->first + m];
        if (group->code == TAKE_CODE) {
            int place = place_in(values[operands[0]], group->arity - 1), origin = s->origin[group->first + m - s->base];
            *value = place < 0 ? 0.0 : values[operands[1 + place]];
            if (place < 0 && (*failed < 0 || origin < *failed)) {
                *failed = origin;
            }
        } else {
            for (int i = 0; i < group->arity; ++i) {
                scratch[i] = values[operands[i]];
            }
            *value = value_n(group->code, scratch, group->arity);
        }
    }
}

#define EACH_OF_STRETCH(formula)                                                                                         \
    for (int i = 0; i < n; ++i) {                                                                                        \
        value[i] = formula;                                                                                              \
    }                                                                                                                    \
    break
#define EACH_KIND(name)                                                                                                  \
    if (x_step && y_step) {                                                                                              \
        EACH_OF_STRETCH(value_##name(x[i], y[i]));                                                                       \
    }                                                                                                                    \
    if (x_step) {                                                                                                        \
        EACH_OF_STRETCH(value_##name(x[i], y[0]));                                                                       \
    }                                                                                                                    \
    EACH_OF_STRETCH(value_##name(x[0], y[i]))

LANES void stretch_values(int code, int n, const double *x, int x_step, const double *y, int y_step, double *value) {
    switch (code) {
    case CODE_ADD:
        EACH_KIND(add);
    case CODE_SUBTRACT:
        EACH_KIND(subtract);
    case CODE_MULTIPLY:
        EACH_KIND(multiply);
    default:
        EACH_KIND(divide);
    }
}
#undef EACH_KIND
#undef EACH_OF_STRETCH

#define EACH_PAIR(formula)                                                                                               \
    for (int m = 0; m < group->count; ++m) {                                                                             \
        double x = values[xs[m]], y = values[ys[m]];                                                                     \
        value[m] = formula;                                                                                              \
    }                                                                                                                    \
    break

static void group_values(const Schedule *s, const Group *group, double *values, double *scratch, int *failed) {
    const int *xs = s->operands + group->operands, *ys = xs + group->count, *zs = ys + group->count;
    double *value = values + group->first;
    if (group->code == LINEAR_CODE) {
        for (int b = 0; b < group->piece_count; ++b) {
            block_values(s, &s->blocks[group->pieces + b], values, scratch);
        }
    } else if (group->listed) {
        list_values(s, group, values, scratch, failed);
    } else {
        switch (group->code) {
        case DETACH_CODE:
            for (int m = 0; m < group->count; ++m) {
                value[m] = values[xs[m]];
            }
            break;
        case CODE_ADD:
        case CODE_SUBTRACT:
        case CODE_MULTIPLY:
        case CODE_DIVIDE:
            for (int i = 0, m = 0; i < group->piece_count; ++i) {
                const Stretch *stretch = &s->stretches[group->pieces + i];
                stretch_values(group->code, stretch->count, values + xs[m], stretch->x_step, values + ys[m],
                               stretch->y_step, value + m);
                m += stretch->count;
            }
            break;
        default:
            if (group->arity == 1) {
                for (int m = 0; m < group->count; ++m) {
                    value[m] = value1(group->code, values[xs[m]]);
                }
            } else if (group->arity == 2) {
                EACH_PAIR(value2(group->code, x, y));
            } else {
                for (int m = 0; m < group->count; ++m) {
                    double operands[3] = {values[xs[m]], values[ys[m]], values[zs[m]]};
                    value[m] = value_n(group->code, operands, 3);
                }
            }
        }
    }
}
#undef EACH_PAIR

/* The values of groups from one on, up to one that Python has to be asked for; answers which, or how many there are.
   With `uniform` those only that depend on no input. `failed` is the first instruction whose index is out of range. */
static int replay_values(const Schedule *s, int from, int uniform, double *values, double *scratch, int *failed) {
    for (; from < s->group_count; ++from) {
        const Group *group = &s->groups[from];
        if (uniform && !group->uniform) {
            continue;
        }
        if (group->code == PYTHON_CODE) {
            break;
        }
        group_values(s, group, values, scratch, failed);
    }
    return from;
}

/* Flows -------------------------------------------------------------------------------------------- */

#if defined(__GNUC__) && !defined(__clang__)
#define APART _Pragma("GCC ivdep") /* what a loop writes, it reads nowhere else */
#else
#define APART
#endif

/* From one member: so many terms, from the one that own, shared and their flows point at. */
INLINED void send_row(int n, double flow, const double *shared, double *to_shared, const double *row, double *to_row) {
    APART
    for (int k = 0; k < n; ++k) {
        to_shared[k] += flow * row[k];
        to_row[k] += flow * shared[k];
    }
}

/* From four members, first from the last of them; their own factors do not meet, and stand `step` behind each other. */
INLINED void send_rows(int n, const double *flow, const double *shared, double *to_shared, const double *row,
                       double *to_row, Py_ssize_t step) {
    const double *row1 = row + step, *row2 = row1 + step, *row3 = row2 + step;
    double *to_row1 = to_row + step, *to_row2 = to_row1 + step, *to_row3 = to_row2 + step;
    double flow0 = flow[0], flow1 = flow[1], flow2 = flow[2], flow3 = flow[3];
    APART
    for (int k = 0; k < n; ++k) {
        double x = shared[k], total = to_shared[k] + flow3 * row3[k];
        total += flow2 * row2[k];
        total += flow1 * row1[k];
        to_shared[k] = total + flow0 * row[k];
        to_row3[k] += flow3 * x;
        to_row2[k] += flow2 * x;
        to_row1[k] += flow1 * x;
        to_row[k] += flow0 * x;
    }
}

static int is_reached(const char *reached, int count) { return memchr(reached, 0, (size_t)count) == NULL; }

LANES void block_flows(const Schedule *s, const Block *block, const double *values, double *flows, char *reached,
                       double *scratch) {
    const int *slots = s->linear + block->shared, *run = s->runs + 2 * block->runs;
    int terms = block->terms, m = block->count, sure = block->sure && reached[s->slots];
    int all = sure || is_reached(reached + block->first, m), any = all;
    double *shared = scratch, *to_shared = scratch + terms;
    for (int k = 0; k < terms; ++k) {
        shared[k] = values[slots[k]];
        to_shared[k] = flows[slots[k]];
    }
    for (; all && block->apart && m >= 4; m -= 4) {
        const int *own = s->linear + block->own + (Py_ssize_t)(m - 4) * terms;
        for (int i = 0; i < block->run_count; ++i) {
            int k = run[2 * i];
            send_rows(run[2 * i + 1] - k, flows + block->first + m - 4, shared + k, to_shared + k, values + own[k],
                      flows + own[k], own[k + terms] - own[k]);
        }
    }
    while (m > 0) {
        const int *own = s->linear + block->own + (Py_ssize_t)--m * terms;
        for (int i = 0; i < block->run_count && reached[block->first + m]; ++i) {
            int k = run[2 * i];
            send_row(run[2 * i + 1] - k, flows[block->first + m], shared + k, to_shared + k, values + own[k],
                     flows + own[k]);
        }
    }
    for (m = 0; m < block->count && !sure; ++m) {
        const int *own = s->linear + block->own + (Py_ssize_t)m * terms;
        any |= reached[block->first + m];
        for (int i = 0; i < block->run_count && reached[block->first + m]; ++i) {
            memset(reached + own[run[2 * i]], 1, (size_t)(run[2 * i + 1] - run[2 * i]));
        }
    }
    for (int k = 0; k < terms && any; ++k) {
        flows[slots[k]] = to_shared[k];
        reached[slots[k]] = 1;
    }
}

static inline void arrive_at(int slot, double flow, double *flows, char *reached) {
    flows[slot] += flow;
    reached[slot] = 1;
}

static void list_flows(const Schedule *s, const Group *group, const double *values, double *flows, char *reached,
                       double *scratch) {
    double *partials = scratch + group->arity;
    char *chosen = (char *)(partials + group->arity);
    for (int m = group->count - 1; m >= 0; --m) {
        const int *operands = s->operands + group->operands + (Py_ssize_t)m * group->arity;
        int slot = group->first + m;
        double flow = flows[slot];
        if (!reached[slot]) {
            continue;
        }
        if (group->code == TAKE_CODE) {
            int place = place_in(values[operands[0]], group->arity - 1);
            if (place >= 0) {
                arrive_at(operands[1 + place], flow * 1.0, flows, reached);
            }
            continue;
        }
        for (int i = 0; i < group->arity; ++i) {
            scratch[i] = values[operands[i]];
            chosen[i] = 1;
        }
        partials_n(group->code, scratch, group->arity, values[slot], partials, chosen);
        for (int i = 0; i < group->arity; ++i) {
            if (chosen[i]) {
                arrive_at(operands[i], flow * partials[i], flows, reached);
            }
        }
    }
}

static void ternary_flows(const Schedule *s, const Group *group, const double *values, double *flows, char *reached) {
    const int *operands = s->operands + group->operands;
    double numbers[3], partials[3];
    char chosen[3] = {1, 1, 1};
    for (int m = group->count - 1; m >= 0; --m) {
        int slot = group->first + m;
        if (!reached[slot]) {
            continue;
        }
        for (int i = 0; i < 3; ++i) {
            numbers[i] = values[operands[i * group->count + m]];
        }
        partials_n(group->code, numbers, 3, values[slot], partials, chosen);
        for (int i = 0; i < 3; ++i) {
            if (chosen[i]) {
                arrive_at(operands[i * group->count + m], flows[slot] * partials[i], flows, reached);
            }
        }
    }
}

/* Flows of a stretch that all of them have reached: towards the one operand x of each, which is multiplied by what
   `factor` says, and the same of the other. Towards one slot of all members, they are added from the last to the first. */
#define SEND(to, step, factor)                                                                                           \
    if (step) {                                                                                                          \
        for (int i = 0; i < n; ++i) {                                                                                    \
            to[i] += flow[i] * factor;                                                                                   \
        }                                                                                                                \
    } else {                                                                                                             \
        double total = to[0];                                                                                            \
        for (int i = n - 1; i >= 0; --i) {                                                                               \
            total += flow[i] * factor;                                                                                   \
        }                                                                                                                \
        to[0] = total;                                                                                                   \
    }

LANES void stretch_flows(int code, int n, const double *flow, const double *x, int x_step, const double *y, int y_step,
                         double *to_x, double *to_y) {
    if (code == CODE_MULTIPLY && x_step && y_step) {
        SEND(to_x, 1, y[i])
        SEND(to_y, 1, x[i])
    } else if (code == CODE_MULTIPLY && x_step) {
        SEND(to_x, 1, y[0])
        SEND(to_y, 0, x[i])
    } else if (code == CODE_MULTIPLY) {
        SEND(to_x, 0, y[i])
        SEND(to_y, 1, x[0])
    } else {
        double sign = code == CODE_ADD ? 1.0 : -1.0;
        SEND(to_x, x_step, 1.0)
        SEND(to_y, y_step, sign)
    }
}
#undef SEND

static void basic_flows(const Schedule *s, const Group *group, const double *values, double *flows, char *reached) {
    const int *xs = s->operands + group->operands, *ys = xs + group->count;
    int end = group->count;
    for (int i = group->piece_count - 1; i >= 0; --i) {
        const Stretch *stretch = &s->stretches[group->pieces + i];
        int n = stretch->count, m = end - n, slot = group->first + m, sure = stretch->sure && reached[s->slots];
        end = m;
        if (n > 2 && group->code != CODE_DIVIDE && (sure || is_reached(reached + slot, n))) {
            stretch_flows(group->code, n, flows + slot, values + xs[m], stretch->x_step, values + ys[m], stretch->y_step,
                          flows + xs[m], flows + ys[m]);
            if (sure) {
                continue;
            }
            memset(reached + xs[m], 1, (size_t)(stretch->x_step ? n : 1));
            memset(reached + ys[m], 1, (size_t)(stretch->y_step ? n : 1));
            continue;
        }
        for (m += n - 1; m >= end; --m) {
            double flow = flows[group->first + m], x = values[xs[m]], y = values[ys[m]];
            if (!reached[group->first + m]) {
                continue;
            }
            if (group->code == CODE_MULTIPLY) {
                arrive_at(xs[m], flow * y, flows, reached);
                arrive_at(ys[m], flow * x, flows, reached);
            } else if (group->code == CODE_DIVIDE) {
                double value = values[group->first + m];
                arrive_at(xs[m], flow * partial_divide_0(x, y, value), flows, reached);
                arrive_at(ys[m], flow * partial_divide_1(x, y, value), flows, reached);
            } else {
                arrive_at(xs[m], flow, flows, reached);
                arrive_at(ys[m], group->code == CODE_ADD ? flow : -flow, flows, reached);
            }
        }
    }
}

/* A loop over the members that flows have reached, from last to first. */
#define EACH_REACHED(body)                                                                                               \
    for (int m = group->count - 1; m >= 0; --m) {                                                                        \
        if (arrived[m]) {                                                                                                \
            double flow = sent[m];                                                                                       \
            body                                                                                                         \
        }                                                                                                                \
    }                                                                                                                    \
    break

static void group_flows(const Schedule *s, const Group *group, const double *values, double *flows, char *reached,
                        double *scratch) {
    const int *xs = s->operands + group->operands, *ys = xs + group->count;
    const double *value = values + group->first, *sent = flows + group->first;
    const char *arrived = reached + group->first;
    double partial;
    if (group->code == LINEAR_CODE) {
        for (int b = group->piece_count - 1; b >= 0; --b) {
            block_flows(s, &s->blocks[group->pieces + b], values, flows, reached, scratch);
        }
    } else if (group->listed) {
        list_flows(s, group, values, flows, reached, scratch);
    } else {
        switch (group->code) {
        case DETACH_CODE:
            break;
        case CODE_ADD:
        case CODE_SUBTRACT:
        case CODE_MULTIPLY:
        case CODE_DIVIDE:
            basic_flows(s, group, values, flows, reached);
            break;
        default:
            if (group->arity == 1) {
                EACH_REACHED(if (partial1(group->code, values[xs[m]], value[m], &partial)) {
                    arrive_at(xs[m], flow * partial, flows, reached);
                });
            } else if (group->arity == 2) {
                EACH_REACHED(
                    double x = values[xs[m]]; double y = values[ys[m]];
                    if (partial2_0(group->code, x, y, value[m], &partial)) {
                        arrive_at(xs[m], flow * partial, flows, reached);
                    } if (partial2_1(group->code, x, y, value[m], &partial)) {
                        arrive_at(ys[m], flow * partial, flows, reached);
                    });
            } else {
                ternary_flows(s, group, values, flows, reached);
            }
        }
    }
}
#undef EACH_REACHED

/* The flows of groups from one down to the first, up to one that Python has to be asked for; answers which, or -1. */
static int replay_flows(const Schedule *s, int from, int uniform, const double *values, double *flows, char *reached,
                        double *scratch) {
    for (; from >= 0; --from) {
        const Group *group = &s->groups[from];
        if (uniform && !group->uniform) {
            continue;
        }
        if (group->code == PYTHON_CODE) {
            break;
        }
        group_flows(s, group, values, flows, reached, scratch);
    }
    return from;
}

static void clear_flows(const Schedule *s, double *flows, char *reached) {
    for (int i = 0; i < s->slots; ++i) {
        flows[i] = -0.0;
    }
    memset(reached, 0, (size_t)s->slots + 1);
}

/* Begin at an output; at the first one, with all that is sure to be reached from it. */
static void begin_at(const Schedule *s, int output, double arrived, double *flows, char *reached) {
    reached[s->slots] = output == s->root;
    if (reached[s->slots]) {
        for (int i = 0; i < s->given; ++i) {
            reached[i] = (char)(reached[i] | s->sure[i]);
        }
        memcpy(reached + s->given, s->sure + s->given, (size_t)(s->slots - s->given));
    }
    flows[output] += arrived;
    reached[output] = 1;
}

/* Guards: quadruples of relation, left slot, right slot, and what came out. ---------------------------- */

static inline int compares(int relation, double x, double y) {
    switch (relation) {
    case 0:
        return x < y;
    case 1:
        return x <= y;
    case 2:
        return x > y;
    case 3:
        return x >= y;
    case 4:
        return x == y;
    default:
        return x != y;
    }
}

static int guards_hold(const int *guards, int count, const double *values) {
    for (int i = 0; i < count; ++i, guards += 4) {
        if (compares(guards[0], values[guards[1]], values[guards[2]]) != guards[3]) {
            return 0;
        }
    }
    return 1;
}

#endif
