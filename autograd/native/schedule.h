/* The order in which a program is replayed: instructions of one kind in groups.

   The members of a group are independent of each other, and their slots lie in a row, so that a group is a loop. Groups
   run from first to last, and backwards from last to first, and so do the members of a group. An instruction joins a
   group only if all that consumes its operands, and was recorded before it, stands before it then too. So each slot
   receives its flows in the order in which the recorded nodes would send them, and their sum is rounded in the same way.

   The inputs, parameters and constants keep their slots. Then comes one that holds 1.0, by which a term without a second
   factor is multiplied; then those of the members, group by group. */

#ifndef AUTOGRAD_SCHEDULE_H
#define AUTOGRAD_SCHEDULE_H

#include <stdint.h>
#include <string.h>

#include "formulas.h"

enum {
    /* After the codes of the engine. */
    LINEAR_CODE = 256,
    TAKE_CODE,
    DETACH_CODE,
    PYTHON_CODE /* known by its closure only, or a user's: asked by the caller */
};

typedef struct {
    unsigned short code;
    unsigned short operation; /* its place in the program */
    char listed;  /* whether the operands of each member lie in a row; else the first operands of all do, and so on */
    char uniform; /* whether it depends on parameters and constants alone */
    int arity;    /* how many operands each member has; of LINEAR how many terms */
    int count, first;        /* how many members, and the slot of the first */
    int operands;            /* where they begin, in `operands` */
    int pieces, piece_count; /* in `blocks` of LINEAR, in `stretches` of the four basic operations */
} Group;

/* Members, after those of the stretch before, whose first operands lie in a row, or are one slot, and so do their second
   ones. */
typedef struct {
    int count;
    signed char x_step, y_step;
    char sure; /* whether all of them are sure to be reached */
} Stretch;

/* Members of a LINEAR group that have one factor of each term in common: a matrix times a vector. */
typedef struct {
    int first, count, terms;
    int shared;          /* where the slots of the common factors begin, `terms` of them, in `linear` */
    int own;             /* and those of the others, member by member */
    int runs, run_count; /* terms in which the own factors of each member lie in a row */
    char sure;           /* whether all of its members are sure to be reached */
    char apart;          /* whether the own factors of no two members meet, in any run: then four can be done at a time */
} Block;

typedef struct {
    int root; /* the slot of the first output */
    int given, inputs, one, base, slots, instructions, group_count, block_count;
    int most_operands, needs_python, failed; /* failed: no memory */
    Group *groups;
    Block *blocks;
    Stretch *stretches;
    int *operands;    /* of all groups but LINEAR ones */
    int *linear;      /* the factors of blocks */
    int *runs;        /* the first term of each run, and the one after its last */
    int *slot_of;     /* the slot of each slot of the program, until all of them have been translated */
    int *origin;      /* the instruction of each slot from `base` on, where one can fail; else NULL */
    char *uniform;    /* of each slot */
    char *sure;       /* of each slot: whether a flow reaches it from the first output, whatever the numbers are */
} Schedule;

static void free_schedule(Schedule *s) {
    PyMem_RawFree(s->groups);
    PyMem_RawFree(s->blocks);
    PyMem_RawFree(s->stretches);
    PyMem_RawFree(s->operands);
    PyMem_RawFree(s->linear);
    PyMem_RawFree(s->runs);
    PyMem_RawFree(s->slot_of);
    PyMem_RawFree(s->origin);
    PyMem_RawFree(s->uniform);
    PyMem_RawFree(s->sure);
    memset(s, 0, sizeof(*s));
}

static void *room_for(Py_ssize_t count, size_t size) { return PyMem_RawMalloc((size_t)(count ? count : 1) * size); }

/* The same items in no more memory than they need. */
static void *fitted(void *items, Py_ssize_t count, size_t size) {
    void *smaller = PyMem_RawRealloc(items, (size_t)(count ? count : 1) * size);
    return smaller != NULL ? smaller : items;
}

/* What is read of a program. */
typedef struct {
    int inputs, parameters, constants, instructions, operation_count, output; /* the first of its outputs */
    const unsigned short *codes;
    const int *starts, *operands;
    const int *code_of, *is_listed; /* of each of its operations */
} Recorded;

/* The last group of each kind, found by hashing: which operation, how many operands, and whether it is uniform. */
typedef struct {
    int *at; /* group + 1 */
    int room, used;
} Kinds;

static size_t kind_hash(int operation, int arity, int uniform) {
    uint64_t key = ((uint64_t)(unsigned)operation << 33) ^ ((uint64_t)(unsigned)arity << 1) ^ (uint64_t)uniform;
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}

static int *kind_place(const Kinds *kinds, const Group *groups, int operation, int arity, int uniform) {
    size_t place = kind_hash(operation, arity, uniform) & (size_t)(kinds->room - 1);
    while (kinds->at[place]) {
        const Group *group = &groups[kinds->at[place] - 1];
        if (group->operation == operation && group->arity == arity && group->uniform == uniform) {
            break;
        }
        place = (place + 1) & (size_t)(kinds->room - 1);
    }
    return &kinds->at[place];
}

static int grow_kinds(Kinds *kinds, const Group *groups) {
    Kinds larger = {NULL, kinds->room ? 2 * kinds->room : 64, kinds->used};
    larger.at = PyMem_RawCalloc((size_t)larger.room, sizeof(int));
    if (larger.at == NULL) {
        return 0;
    }
    for (int i = 0; i < kinds->room; ++i) {
        if (kinds->at[i]) {
            const Group *group = &groups[kinds->at[i] - 1];
            *kind_place(&larger, groups, group->operation, group->arity, group->uniform) = kinds->at[i];
        }
    }
    PyMem_RawFree(kinds->at);
    *kinds = larger;
    return 1;
}

/* Where each instruction goes: its group and its place there. */
static int assign_groups(Schedule *s, const Recorded *r, int *group_of, int *member_of) {
    int first = r->inputs + r->parameters + r->constants, no_flow = r->inputs + r->parameters;
    int slots = first + r->instructions, room = 0, ok = 0;
    int *after = PyMem_RawCalloc((size_t)slots + 1, sizeof(int)); /* the first group that may consume a slot */
    char *uniform = PyMem_RawCalloc((size_t)slots + 1, 1);
    Kinds kinds = {NULL, 0, 0};
    if (after == NULL || uniform == NULL) {
        goto end;
    }
    memset(uniform + r->inputs, 1, (size_t)(first - r->inputs));
    for (int k = 0; k < r->instructions; ++k) {
        const int *operands = r->operands + r->starts[k];
        int operation = r->codes[k], arity = r->starts[k + 1] - r->starts[k], earliest = 0, is_uniform = 1, group;
        int *last;
        for (int i = 0; i < arity; ++i) {
            if (operands[i] >= 0) {
                is_uniform &= uniform[operands[i]];
                if (after[operands[i]] > earliest) {
                    earliest = after[operands[i]];
                }
            }
        }
        uniform[first + k] = (char)is_uniform;
        if (2 * (kinds.used + 1) > kinds.room && !grow_kinds(&kinds, s->groups)) {
            goto end;
        }
        if (s->group_count == room) {
            Group *larger = PyMem_RawRealloc(s->groups, (size_t)(2 * room + 16) * sizeof(Group));
            if (larger == NULL) {
                goto end;
            }
            s->groups = larger;
            room = 2 * room + 16;
        }
        last = kind_place(&kinds, s->groups, operation, arity, is_uniform);
        group = *last - 1;
        if (group < 0 || group < earliest) {
            kinds.used += *last == 0;
            group = s->group_count++;
            s->groups[group] = (Group){(unsigned short)r->code_of[operation], (unsigned short)operation,
                                       (char)r->is_listed[operation], (char)is_uniform, arity, 0, 0, 0, 0, 0};
            *last = group + 1;
        }
        group_of[k] = group;
        member_of[k] = s->groups[group].count++;
        after[first + k] = group + 1;
        for (int i = 0; i < arity; ++i) {
            int slot = operands[i];
            if (slot >= 0 && (slot < no_flow || slot >= first) && after[slot] < group) {
                after[slot] = group;
            }
        }
    }
    ok = 1;
end:
    PyMem_RawFree(kinds.at);
    PyMem_RawFree(after);
    PyMem_RawFree(uniform);
    return ok;
}

/* A term as (own factor, common one): swapped where that makes its second factor the wanted one. */
static int split_term(int *own, const int *shared, int a, int b) {
    if (b == *shared) {
        *own = a;
    } else if (a == *shared) {
        *own = b;
    } else {
        return 0;
    }
    return 1;
}

/* Whether a member fits a block with these common factors; if so, its own factors are written. */
static int fits_block(const int *pairs, int terms, const int *shared, int *own) {
    for (int k = 0; k < terms; ++k) {
        if (!split_term(&own[k], &shared[k], pairs[2 * k], pairs[2 * k + 1])) {
            return 0;
        }
    }
    return 1;
}

/* Choose as common factors of a member's terms those that the next member has too. */
static int choose_shared(const int *pairs, const int *next, int terms, int *shared, int *own) {
    for (int k = 0; k < terms; ++k) {
        int a = pairs[2 * k], b = pairs[2 * k + 1];
        if (b == next[2 * k] || b == next[2 * k + 1]) {
            shared[k] = b;
            own[k] = a;
        } else if (a == next[2 * k] || a == next[2 * k + 1]) {
            shared[k] = a;
            own[k] = b;
        } else {
            return 0;
        }
    }
    return 1;
}

/* Where no other member has factors in common: those that vary, if the others do not, for lanes. */
static void choose_alone(const Schedule *s, const int *pairs, int terms, int *shared, int *own) {
    for (int k = 0; k < terms; ++k) {
        int a = pairs[2 * k], b = pairs[2 * k + 1], swap = s->uniform[b] && !s->uniform[a] && b != s->one;
        shared[k] = swap ? a : b;
        own[k] = swap ? b : a;
    }
}

/* In each run the members go on by the same step, which is as long as the run, as in a matrix. What is one slot for all,
   a constant, is sent nothing. */
static void find_whether_apart(const Schedule *s, Block *block) {
    const int *own = s->linear + block->own, *run = s->runs + 2 * block->runs;
    block->apart = block->count >= 4;
    for (int i = 0; i < block->run_count && block->apart; ++i, run += 2) {
        int step = own[block->terms + run[0]] - own[run[0]], length = run[1] - run[0];
        int is_constant = step == 0 && length == 1 && own[run[0]] >= s->given && own[run[0]] < s->base;
        block->apart = (char)(is_constant || step >= length || step <= -length);
        for (int m = 2; m < block->count && block->apart; ++m) {
            const int *mine = own + (Py_ssize_t)m * block->terms + run[0];
            block->apart = mine[0] - mine[-block->terms] == step;
        }
    }
}

static void find_runs(Schedule *s, Block *block, int *run_count) {
    const int *own = s->linear + block->own;
    int terms = block->terms, begin = 0;
    block->runs = *run_count;
    for (int k = 1; k <= terms; ++k) {
        int broken = k == terms;
        for (int m = 0; m < block->count && !broken; ++m) {
            broken = own[(Py_ssize_t)m * terms + k] != own[(Py_ssize_t)m * terms + k - 1] + 1;
        }
        if (broken) {
            s->runs[2 * *run_count] = begin;
            s->runs[2 * (*run_count)++ + 1] = k;
            begin = k;
        }
    }
    block->run_count = *run_count - block->runs;
    find_whether_apart(s, block);
}

/* Cut a LINEAR group into blocks; `pairs` are the factors of its members. */
static void cut_into_blocks(Schedule *s, Group *group, const int *pairs, Py_ssize_t *used, int *run_count) {
    int terms = group->arity, m = 0;
    group->pieces = s->block_count;
    while (m < group->count) {
        Block *block = &s->blocks[s->block_count++];
        const int *mine = pairs + (Py_ssize_t)m * 2 * terms;
        int *shared = s->linear + *used, *own = shared + terms;
        *block = (Block){group->first + m, 1, terms, (int)*used, (int)*used + terms, 0, 0, 0, 0};
        if (m + 1 < group->count && choose_shared(mine, mine + 2 * terms, terms, shared, own)) {
            while (m + block->count < group->count &&
                   fits_block(mine + (Py_ssize_t)block->count * 2 * terms, terms, shared,
                              own + (Py_ssize_t)block->count * terms)) {
                ++block->count;
            }
        } else {
            choose_alone(s, mine, terms, shared, own);
        }
        *used += (Py_ssize_t)terms * (1 + block->count);
        m += block->count;
        find_runs(s, block, run_count);
    }
    group->piece_count = s->block_count - group->pieces;
}

static int is_basic(const Group *group) {
    return group->code == CODE_ADD || group->code == CODE_SUBTRACT || group->code == CODE_MULTIPLY ||
           group->code == CODE_DIVIDE;
}

/* How far the operands of a stretch go. */
static int end_of(int first, int step, int count) { return first + step * (count - 1); }

/* Whether flows towards both operands of a stretch can be sent one kind after the other: they meet nowhere, or those of
   one member only. */
static int are_apart(int x, int x_step, int y, int y_step, int count) {
    return (x == y && x_step && y_step) || end_of(x, x_step, count) < y || end_of(y, y_step, count) < x;
}

static void find_stretches(const Schedule *s, Group *group, Stretch *stretches, int *used) {
    const int *xs = s->operands + group->operands, *ys = xs + group->count;
    int m = 0;
    group->pieces = *used;
    while (m < group->count) {
        Stretch *stretch = &stretches[(*used)++];
        *stretch = (Stretch){1, 1, 1, 0};
        int x_step = m + 1 < group->count ? xs[m + 1] - xs[m] : -1, y_step = x_step < 0 ? -1 : ys[m + 1] - ys[m];
        if ((x_step == 1 && (y_step == 0 || y_step == 1)) || (x_step == 0 && y_step == 1)) {
            stretch->x_step = (signed char)x_step;
            stretch->y_step = (signed char)y_step;
            while (m + stretch->count < group->count &&
                   xs[m + stretch->count] == xs[m] + stretch->x_step * stretch->count &&
                   ys[m + stretch->count] == ys[m] + stretch->y_step * stretch->count &&
                   are_apart(xs[m], stretch->x_step, ys[m], stretch->y_step, stretch->count + 1)) {
                ++stretch->count;
            }
        }
        m += stretch->count;
    }
    group->piece_count = *used - group->pieces;
}

/* Note which instruction each slot is, for the error of one that fails. */
static int note_origins(Schedule *s, const Recorded *r) {
    int first = r->inputs + r->parameters + r->constants, can_fail = 0;
    for (int g = 0; g < s->group_count; ++g) {
        can_fail |= s->groups[g].code == PYTHON_CODE || s->groups[g].code == TAKE_CODE;
    }
    if (!can_fail) {
        return 1;
    }
    s->origin = room_for(r->instructions, sizeof(int));
    for (int k = 0; k < r->instructions && s->origin; ++k) {
        s->origin[s->slot_of[first + k] - s->base] = k;
    }
    return s->origin != NULL;
}

/* Write the operands of all members, by their new slots. */
static int place_operands(Schedule *s, const Recorded *r, const int *group_of, const int *member_of) {
    Py_ssize_t plain = 0, linear = 0, linear_members = 0, terms = 0, used = 0, basic = 0;
    int run_count = 0, stretch_count = 0;
    int *pairs;
    for (int g = 0; g < s->group_count; ++g) {
        Group *group = &s->groups[g];
        if (group->code == LINEAR_CODE) {
            group->operands = linear;
            linear += (Py_ssize_t)group->count * group->arity;
            linear_members += group->count;
            terms += (Py_ssize_t)group->count * group->arity / 2;
        } else {
            group->operands = plain;
            plain += (Py_ssize_t)group->count * group->arity;
        }
        if (group->arity > s->most_operands) {
            s->most_operands = group->arity;
        }
        basic += is_basic(group) ? group->count : 0;
        s->needs_python |= group->code == PYTHON_CODE;
    }
    pairs = room_for(linear, sizeof(int));
    s->operands = room_for(plain, sizeof(int));
    s->linear = room_for(2 * terms, sizeof(int));
    s->runs = room_for(2 * terms, sizeof(int));
    s->blocks = room_for(linear_members, sizeof(Block));
    s->stretches = room_for(basic, sizeof(Stretch));
    if (!pairs || !s->stretches || !s->operands || !s->linear || !s->runs || !s->blocks) {
        PyMem_RawFree(pairs);
        return 0;
    }
    for (int k = 0; k < r->instructions; ++k) {
        Group *group = &s->groups[group_of[k]];
        const int *operands = r->operands + r->starts[k];
        for (int i = 0; i < group->arity; ++i) {
            int slot = operands[i] < 0 ? s->one : s->slot_of[operands[i]];
            if (group->code == LINEAR_CODE) {
                pairs[group->operands + (Py_ssize_t)member_of[k] * group->arity + i] = slot;
            } else if (group->listed) {
                s->operands[group->operands + (Py_ssize_t)member_of[k] * group->arity + i] = slot;
            } else {
                s->operands[group->operands + (Py_ssize_t)i * group->count + member_of[k]] = slot;
            }
        }
    }
    for (int g = 0; g < s->group_count; ++g) {
        Group *group = &s->groups[g];
        if (group->code == LINEAR_CODE) {
            const int *mine = pairs + group->operands;
            group->arity /= 2;
            cut_into_blocks(s, group, mine, &used, &run_count);
        } else if (is_basic(group)) {
            find_stretches(s, group, s->stretches, &stretch_count);
        }
    }
    PyMem_RawFree(pairs);
    s->stretches = fitted(s->stretches, stretch_count, sizeof(Stretch));
    s->blocks = fitted(s->blocks, s->block_count, sizeof(Block));
    s->runs = fitted(s->runs, 2 * (Py_ssize_t)run_count, sizeof(int));
    s->linear = fitted(s->linear, used, sizeof(int));
    return 1;
}

/* Operations that always send a flow to all their operands, as far as it is worth to know. */
static int always_sends(int code) {
    switch (code) {
    case LINEAR_CODE:
    case CODE_ADD:
    case CODE_SUBTRACT:
    case CODE_MULTIPLY:
    case CODE_DIVIDE:
    case CODE_NEGATE:
    case CODE_RECIPROCAL:
    case CODE_POWER:
    case CODE_IDENTITY:
    case CODE_EXP:
    case CODE_LOG:
    case CODE_SQRT:
    case CODE_TANH:
    case CODE_SIGMOID:
    case CODE_SUM:
    case CODE_MEAN:
    case CODE_DOT:
    case CODE_LOGSUMEXP:
        return 1;
    default:
        return 0;
    }
}

/* The group of a slot from `base` on. */
static const Group *group_of_slot(const Schedule *s, int slot) {
    int low = 0, high = s->group_count - 1;
    while (low < high) {
        int middle = (low + high + 1) / 2;
        if (s->groups[middle].first <= slot) {
            low = middle;
        } else {
            high = middle - 1;
        }
    }
    return &s->groups[low];
}

/* A `take` reaches one of its candidates, nobody knows which; so it is sure to reach what all of them are computed from,
   as the sum by which all shares of a softmax are divided. */
static void find_sure_of_take(Schedule *s, const int *candidates, int count) {
    for (int i = 0; i < 2; ++i) {
        int common = -1, k = 0;
        for (; k < count && candidates[k] >= s->base; ++k) {
            const Group *group = group_of_slot(s, candidates[k]);
            int operand = is_basic(group) ? s->operands[group->operands + i * group->count + candidates[k] - group->first] : -1;
            if (operand < 0 || (k > 0 && operand != common)) {
                break;
            }
            common = operand;
        }
        if (k == count) {
            s->sure[common] = 1;
        }
    }
}

static void find_sure(Schedule *s, int output) {
    memset(s->sure, 0, (size_t)s->slots);
    s->root = output;
    s->sure[output] = 1;
    for (int g = s->group_count - 1; g >= 0; --g) {
        const Group *group = &s->groups[g];
        for (int m = 0; m < group->count && group->code == TAKE_CODE; ++m) {
            if (s->sure[group->first + m]) {
                find_sure_of_take(s, s->operands + group->operands + (Py_ssize_t)m * group->arity + 1, group->arity - 1);
            }
        }
        if (!always_sends(group->code)) {
            continue;
        }
        for (int b = 0; b < (group->code == LINEAR_CODE ? group->piece_count : 0); ++b) {
            const Block *block = &s->blocks[group->pieces + b];
            for (int m = 0; m < block->count; ++m) {
                for (int k = 0; k < block->terms && s->sure[block->first + m]; ++k) {
                    s->sure[s->linear[block->shared + k]] = 1;
                    s->sure[s->linear[block->own + (Py_ssize_t)m * block->terms + k]] = 1;
                }
            }
        }
        for (int m = 0; m < (group->code == LINEAR_CODE ? 0 : group->count); ++m) {
            for (int i = 0; i < group->arity && s->sure[group->first + m]; ++i) {
                Py_ssize_t place = group->listed ? (Py_ssize_t)m * group->arity + i : (Py_ssize_t)i * group->count + m;
                s->sure[s->operands[group->operands + place]] = 1;
            }
        }
    }
}

static int all_sure(const Schedule *s, int first, int count) {
    return memchr(s->sure + first, 0, (size_t)count) == NULL;
}

static void note_sure(Schedule *s) {
    for (int g = 0; g < s->group_count; ++g) {
        const Group *group = &s->groups[g];
        for (int i = 0, slot = group->first; i < group->piece_count && is_basic(group); ++i) {
            Stretch *stretch = &s->stretches[group->pieces + i];
            stretch->sure = (char)all_sure(s, slot, stretch->count);
            slot += stretch->count;
        }
        for (int i = 0; i < group->piece_count && group->code == LINEAR_CODE; ++i) {
            Block *block = &s->blocks[group->pieces + i];
            block->sure = (char)all_sure(s, block->first, block->count);
        }
    }
}

/* The schedule of a program whose numbers were checked; 0 where memory ends. */
static int make_schedule(Schedule *s, const Recorded *r) {
    int first = r->inputs + r->parameters + r->constants, next;
    int *group_of = room_for(r->instructions, sizeof(int)), *member_of = room_for(r->instructions, sizeof(int));
    memset(s, 0, sizeof(*s));
    s->inputs = r->inputs;
    s->given = r->inputs + r->parameters;
    s->one = first;
    s->base = first + 1;
    s->instructions = r->instructions;
    s->slots = s->base + r->instructions;
    s->slot_of = room_for(first + r->instructions, sizeof(int));
    s->uniform = room_for(s->slots, 1);
    s->sure = room_for(s->slots, 1);
    s->failed = 1;
    if (group_of && member_of && s->slot_of && s->uniform && s->sure &&
        assign_groups(s, r, group_of, member_of)) {
        next = s->base;
        for (int g = 0; g < s->group_count; ++g) {
            s->groups[g].first = next;
            next += s->groups[g].count;
        }
        for (int slot = 0; slot < s->base; ++slot) {
            s->uniform[slot] = slot >= s->inputs;
        }
        for (int slot = 0; slot < first; ++slot) {
            s->slot_of[slot] = slot;
        }
        for (int k = 0; k < r->instructions; ++k) {
            int slot = s->groups[group_of[k]].first + member_of[k];
            s->slot_of[first + k] = slot;
            s->uniform[slot] = (char)s->groups[group_of[k]].uniform;
        }
        s->groups = fitted(s->groups, s->group_count, sizeof(Group));
        s->failed = !note_origins(s, r) || !place_operands(s, r, group_of, member_of);
        if (!s->failed) {
            find_sure(s, s->slot_of[r->output]);
            note_sure(s);
        }
    }
    PyMem_RawFree(group_of);
    PyMem_RawFree(member_of);
    return !s->failed;
}

#endif
