/* `compiler/simplify.py` in C, part for part: what a recorded program can do without.

   It knows programs as arrays of numbers and nothing of Python; `record.pxi` makes the arrays and the answer. */

#ifndef AUTOGRAD_SIMPLIFY_H
#define AUTOGRAD_SIMPLIFY_H

#include <stdint.h>
#include <string.h>

#include "chunks.h"

/* What simplifying has to know of an operation. */
enum { KIND_OTHER, KIND_ADD, KIND_SUBTRACT, KIND_MULTIPLY, KIND_NEGATE, KIND_SUM, KIND_DOT, KIND_TAKE, KIND_DETACH };
enum { KIND = 15, IS_OF_BOOK = 16, IS_CHEAP = 32 };

/* What is known of a slot. */
enum { IS_CONSTANT = 1, PASSES = 2, STAYS = 4, ONCE = 8, OFTEN = 16, NEEDED = 32 };

enum { DEAD, CONSTANT, REPEATED, COPIED, JOINED, WHYS };

typedef struct {
    uint32_t hash;
    int32_t slot; /* plus 1: 0 is an empty place */
} Found;

/* So many of them are one line of the processor's cache. */
enum { LINE = 8 };

typedef struct {
    /* The recorded program, the operands on their way. */
    int32_t inputs, given, first, count, zero, minus_one;
    const double *constants, *numbers;
    const unsigned short *codes;
    const unsigned char *kinds; /* by code */
    const int32_t *starts;
    int32_t *operands, *outputs, *guards;
    int32_t output_count, guard_count; /* quadruples */
    /* What is found out, see `_Work`. */
    unsigned char *state; /* of each slot */
    int32_t *place, *same, *nearest;
    int32_t *next_use;              /* of each occurrence */
    int32_t *copies, *pair_counts;  /* of each instruction */
    int32_t *pairs;                 /* of all chains, filled from the end */
    size_t pairs_end, pairs_start;
    Found *found;
    size_t lines; /* of places in this table, less 1: a mask */
    void *memory; /* all of these arrays, one after another */
    size_t size;
    int32_t counts[WHYS];
    /* What is left. */
    int32_t left, left_operands, left_constants;
} Work;

static inline int kind_of(const Work *work, int32_t slot) {
    if (slot < work->first || slot >= work->zero || !(work->state[slot] & STAYS)) {
        return KIND_OTHER;
    }
    return work->kinds[work->codes[slot - work->first]] & KIND;
}

static inline double number_in(const Work *work, int32_t slot) {
    return slot < work->first    ? work->constants[slot - work->given]
           : slot < work->zero   ? work->numbers[slot - work->first]
           : slot == work->zero ? 0.0
                                : -1.0;
}

static inline void leaves(Work *work, int32_t slot, int why) {
    work->state[slot] &= ~STAYS;
    ++work->counts[why];
}

static void copy_to(int32_t *to, const int32_t *from, size_t count) {
    if (count > 0) {
        memcpy(to, from, count * sizeof(int32_t));
    }
}

static void free_work(Work *work) {
    if (work->memory != NULL) {
        free_table(work->memory, work->size);
    }
}

/* A part of the memory that is asked for as a whole; before it is there, `from` is NULL, and only sizes are counted. */
static void *part_of(char *from, size_t *used, size_t size) {
    void *part = from == NULL ? NULL : from + *used;
    *used += (size + 63) / 64 * 64;
    return part;
}

static void divide_memory(Work *work, char *from, size_t slots, size_t occurrences) {
    size_t count = (size_t)work->count, used = 0;
    work->found = part_of(from, &used, (work->lines + 1) * LINE * sizeof(Found));
    work->state = part_of(from, &used, slots);
    work->place = part_of(from, &used, slots * sizeof(int32_t));
    work->same = part_of(from, &used, slots * sizeof(int32_t));
    work->nearest = part_of(from, &used, slots * sizeof(int32_t));
    work->operands = part_of(from, &used, occurrences * sizeof(int32_t));
    work->next_use = part_of(from, &used, occurrences * sizeof(int32_t));
    work->copies = part_of(from, &used, count * sizeof(int32_t));
    work->pair_counts = part_of(from, &used, count * sizeof(int32_t));
    work->outputs = part_of(from, &used, (size_t)work->output_count * sizeof(int32_t));
    work->guards = part_of(from, &used, (size_t)work->guard_count * 4 * sizeof(int32_t));
    work->pairs = part_of(from, &used, work->pairs_end * sizeof(int32_t));
    work->size = used;
}

/* Room for what will be found out; 0 where there is none. The operands, outputs and guards of the program are copied. */
static int begin_work(Work *work, const int32_t *operands, const int32_t *outputs, const int32_t *guards) {
    size_t slots = (size_t)work->minus_one + 1, occurrences = (size_t)work->starts[work->count];
    size_t most = slots > (size_t)work->guard_count ? slots : (size_t)work->guard_count;
    /* Each operand of a part is one pair at most, and a sum or dot has one more. */
    work->pairs_start = work->pairs_end = 2 * (occurrences + (size_t)work->count);
    for (work->lines = 2; work->lines * LINE < 2 * most;) {
        work->lines *= 2;
    }
    --work->lines; /* a mask */
    divide_memory(work, NULL, slots, occurrences);
    work->memory = new_table(work->size);
    if (work->memory == NULL) {
        return 0;
    }
    divide_memory(work, work->memory, slots, occurrences);
    copy_to(work->operands, operands, occurrences);
    copy_to(work->outputs, outputs, (size_t)work->output_count);
    copy_to(work->guards, guards, 4 * (size_t)work->guard_count);
    return 1;
}

/* Dead code ------------------------------------------------------------------------------------------ */

static void mark_dead(Work *work) {
    for (int32_t i = 0; i < work->output_count; ++i) {
        work->state[work->outputs[i]] |= NEEDED;
    }
    for (int32_t i = 0; i < work->guard_count; ++i) {
        work->state[work->guards[4 * i + 1]] |= NEEDED;
        work->state[work->guards[4 * i + 2]] |= NEEDED;
    }
    for (int32_t k = work->count - 1; k >= 0; --k) {
        int32_t slot = work->first + k;
        if (!(work->state[slot] & NEEDED)) {
            leaves(work, slot, DEAD);
            continue;
        }
        work->state[slot] |= STAYS;
        for (int32_t i = work->starts[k]; i < work->starts[k + 1]; ++i) {
            work->state[work->operands[i]] |= NEEDED;
        }
    }
}

/* Constants, and repeated expressions ---------------------------------------------------------------- */

static inline uint64_t mixed(uint64_t hash, uint64_t item) {
    hash = (hash ^ item) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

static inline uint64_t bits_of(double number) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static inline int is_commutative(int kind) { return kind == KIND_ADD || kind == KIND_MULTIPLY; }

static inline uint32_t hash_of(const Work *work, int32_t slot) {
    uint64_t hash;
    if (work->state[slot] & IS_CONSTANT) {
        hash = mixed(0, bits_of(number_in(work, slot)));
    } else {
        int32_t k = slot - work->first, i = work->starts[k], end = work->starts[k + 1];
        hash = mixed(1, work->codes[k]);
        if (is_commutative(work->kinds[work->codes[k]] & KIND)) {
            uint32_t a = (uint32_t)work->same[work->operands[i]], b = (uint32_t)work->same[work->operands[i + 1]];
            hash = mixed(hash, a < b ? (uint64_t)a << 32 | b : (uint64_t)b << 32 | a);
        } else {
            for (; i < end; ++i) {
                hash = mixed(hash, (uint32_t)work->same[work->operands[i]]);
            }
        }
    }
    return (uint32_t)(hash ^ hash >> 32);
}

static int is_same(const Work *work, int32_t slot, int32_t other) {
    int32_t j = slot - work->first, k = other - work->first, a, b, length;
    if (work->state[slot] & work->state[other] & IS_CONSTANT) {
        return bits_of(number_in(work, slot)) == bits_of(number_in(work, other));
    }
    if ((work->state[slot] | work->state[other]) & IS_CONSTANT || work->codes[j] != work->codes[k]) {
        return 0;
    }
    a = work->starts[j], b = work->starts[k], length = work->starts[j + 1] - a;
    if (work->starts[k + 1] - b != length) {
        return 0;
    }
    if (is_commutative(work->kinds[work->codes[j]] & KIND) &&
        work->same[work->operands[a]] == work->same[work->operands[b + 1]] &&
        work->same[work->operands[a + 1]] == work->same[work->operands[b]]) {
        return 1;
    }
    for (int32_t i = 0; i < length; ++i) {
        if (work->same[work->operands[a + i]] != work->same[work->operands[b + i]]) {
            return 0;
        }
    }
    return 1;
}

/* Where to look first: beside what was found for the youngest operand, which is in the cache. */
static inline size_t first_line(const Work *work, int32_t slot, uint32_t hash) {
    int32_t k = slot - work->first, youngest = 0;
    if (work->state[slot] & IS_CONSTANT) {
        return hash & work->lines;
    }
    for (int32_t i = work->starts[k]; i < work->starts[k + 1]; ++i) {
        int32_t same = work->same[work->operands[i]];
        youngest = same > youngest ? same : youngest;
    }
    return (size_t)youngest / 4 & work->lines;
}

/* The first slot with the same value as this one, which may be itself. A line that is full, as where many instructions
   have one operand, goes on wherever the hash says. */
static int32_t first_same(Work *work, int32_t slot) {
    uint32_t hash = hash_of(work, slot);
    size_t line = first_line(work, slot, hash), next = hash & work->lines;
    for (;; line = next, next = (next + 1) & work->lines) {
        Found *found = work->found + line * LINE;
        for (int i = 0; i < LINE; ++i) {
            if (found[i].slot == 0) {
                found[i].hash = hash;
                found[i].slot = slot + 1;
                return slot;
            }
            if (found[i].hash == hash && is_same(work, slot, found[i].slot - 1)) {
                return found[i].slot - 1;
            }
        }
    }
}

static void become_constant(Work *work, int32_t slot) {
    work->state[slot] |= IS_CONSTANT;
    work->place[slot] = work->same[slot] = first_same(work, slot);
}

static void look_at(Work *work, int32_t k) {
    int32_t slot = work->first + k, start = work->starts[k], end = work->starts[k + 1], first;
    unsigned char kind = work->kinds[work->codes[k]], all_constant = IS_CONSTANT, passes = 0;
    for (int32_t i = start; i < end; ++i) {
        unsigned char state = work->state[work->operands[i] = work->place[work->operands[i]]];
        all_constant &= state;
        if (i > start || (kind & KIND) != KIND_TAKE) {
            passes |= state & PASSES;
        }
    }
    if ((kind & KIND) != KIND_DETACH) {
        work->state[slot] |= passes;
    }
    if (!(kind & IS_OF_BOOK)) {
        return;
    }
    if (all_constant) {
        leaves(work, slot, CONSTANT);
        become_constant(work, slot);
        return;
    }
    first = work->same[slot] = first_same(work, slot);
    if (first == slot) {
        return;
    }
    if (!(work->state[slot] & PASSES)) {
        work->place[slot] = first;
        leaves(work, slot, REPEATED);
    } else if (!(kind & IS_CHEAP)) {
        work->copies[k] = first;
        ++work->counts[COPIED];
    }
}

/* Guards on other slots than an earlier one, and not on constants alone. A guard has the slots of two numbers, so a
   table of all of them is the one of repeated expressions, emptied. */
static void find_guards(Work *work) {
    int32_t kept = 0;
    size_t mask = (work->lines + 1) * LINE - 1;
    memset(work->found, 0, (mask + 1) * sizeof(Found));
    for (int32_t g = 0; g < work->guard_count; ++g) {
        int32_t *guard = work->guards + 4 * g, left = work->place[guard[1]], right = work->place[guard[2]];
        uint32_t hash;
        size_t at;
        if (work->state[left] & work->state[right] & IS_CONSTANT) {
            continue;
        }
        int32_t resolved[4] = {guard[0], left, right, guard[3]};
        hash = (uint32_t)(mixed(mixed((uint64_t)(8 * guard[0] + guard[3]), (uint32_t)left), (uint32_t)right) >> 32);
        for (at = hash & mask; work->found[at].slot != 0; at = (at + 1) & mask) {
            if (!memcmp(work->guards + 4 * (work->found[at].slot - 1), resolved, sizeof resolved)) {
                break;
            }
        }
        if (work->found[at].slot == 0) {
            memcpy(work->guards + 4 * kept, resolved, sizeof resolved);
            work->found[at].slot = ++kept;
        }
    }
    work->guard_count = kept;
}

static void find_repeated(Work *work, const char *differentiable) {
    for (int32_t slot = 0; slot <= work->minus_one; ++slot) {
        work->place[slot] = work->same[slot] = slot;
    }
    for (int32_t slot = 0; slot < work->given; ++slot) {
        work->state[slot] |= slot >= work->inputs || differentiable[slot] ? PASSES : 0;
    }
    for (int32_t slot = work->given; slot < work->first; ++slot) {
        become_constant(work, slot);
    }
    become_constant(work, work->zero);
    become_constant(work, work->minus_one);
    for (int32_t k = 0; k < work->count; ++k) {
        work->copies[k] = -1;
        if (work->state[work->first + k] & STAYS) {
            look_at(work, k);
        }
    }
    for (int32_t i = 0; i < work->output_count; ++i) {
        work->outputs[i] = work->place[work->outputs[i]];
    }
}

/* Chains --------------------------------------------------------------------------------------------- */

static void find_consumers(Work *work) {
    for (int32_t slot = 0; slot <= work->minus_one; ++slot) {
        work->nearest[slot] = work->count;
    }
    for (int32_t i = 0; i < work->output_count; ++i) {
        work->state[work->outputs[i]] |= OFTEN;
    }
    for (int32_t i = 0; i < work->guard_count; ++i) {
        work->state[work->guards[4 * i + 1]] |= OFTEN;
        work->state[work->guards[4 * i + 2]] |= OFTEN;
    }
    for (int32_t k = work->count - 1; k >= 0; --k) {
        if (work->state[work->first + k] & STAYS) {
            for (int32_t i = work->starts[k + 1] - 1; i >= work->starts[k]; --i) {
                int32_t operand = work->operands[i];
                work->next_use[i] = work->nearest[operand];
                work->nearest[operand] = k;
                work->state[operand] |= work->state[operand] & ONCE ? OFTEN : ONCE;
            }
        }
    }
}

static int can_join(const Work *work, int32_t slot, int32_t top) {
    int32_t k = slot - work->first;
    for (int32_t i = work->starts[k]; i < work->starts[k + 1]; ++i) {
        if (work->next_use[i] <= top - work->first && !(work->state[work->operands[i]] & IS_CONSTANT)) {
            return 0;
        }
    }
    return 1;
}

static inline int is_sum(int kind) {
    return kind == KIND_ADD || kind == KIND_SUBTRACT || kind == KIND_SUM || kind == KIND_DOT;
}

static inline int is_product(const Work *work, int32_t slot) {
    int kind = kind_of(work, slot);
    return (kind == KIND_MULTIPLY || kind == KIND_NEGATE) && !(work->state[slot] & OFTEN);
}

static int goes_on(const Work *work, int32_t slot, int32_t top) {
    int kind = kind_of(work, slot);
    int32_t k = slot - work->first;
    if (!is_sum(kind) || work->state[slot] & OFTEN || !can_join(work, slot, top)) {
        return 0;
    }
    for (int32_t i = work->starts[k]; i < work->starts[k + 1] && kind != KIND_DOT; ++i) {
        int32_t operand = work->operands[i];
        if (is_product(work, operand) && !can_join(work, operand, top) && can_join(work, operand, slot)) {
            return 0;
        }
    }
    return 1;
}

static inline void put_pair(Work *work, int32_t a, int32_t b) {
    work->pairs_start -= 2;
    work->pairs[work->pairs_start] = a;
    work->pairs[work->pairs_start + 1] = b;
}

static inline int is_one(const Work *work, int32_t slot) {
    return work->state[slot] & IS_CONSTANT && number_in(work, slot) == 1.0;
}

static inline void put_product(Work *work, int32_t a, int32_t b) {
    if (is_one(work, b)) {
        put_pair(work, a, -1);
    } else if (is_one(work, a)) {
        put_pair(work, b, -1);
    } else {
        put_pair(work, a, b);
    }
}

static inline void append_term(Work *work, int32_t slot, int32_t top) {
    int kind = kind_of(work, slot);
    const int32_t *operands;
    if (!is_product(work, slot) || !can_join(work, slot, top)) {
        put_pair(work, slot, -1);
        return;
    }
    leaves(work, slot, JOINED);
    operands = work->operands + work->starts[slot - work->first];
    put_product(work, operands[0], kind == KIND_NEGATE ? work->place[work->minus_one] : operands[1]);
}

/* The terms of one instruction of a chain; what it goes on with, −1 where it begins. */
static int32_t put_terms(Work *work, int32_t slot, int32_t top) {
    int kind = kind_of(work, slot), left_goes_on;
    int32_t k = slot - work->first, count = work->starts[k + 1] - work->starts[k], left, right;
    const int32_t *operands = work->operands + work->starts[k];
    if (kind == KIND_SUM || kind == KIND_DOT) {
        if (kind == KIND_SUM) {
            for (int32_t i = count - 1; i >= 0; --i) {
                append_term(work, operands[i], top);
            }
        } else {
            for (int32_t i = count / 2 - 1; i >= 0; --i) {
                put_product(work, operands[i], operands[count / 2 + i]);
            }
        }
        put_pair(work, work->place[work->zero], -1);
        return -1;
    }
    left = operands[0], right = operands[1];
    left_goes_on = goes_on(work, left, top);
    if (kind == KIND_ADD && !left_goes_on && goes_on(work, right, top)) {
        left = operands[1], right = operands[0];
        left_goes_on = 1;
    }
    if (kind == KIND_SUBTRACT) {
        put_product(work, right, work->place[work->minus_one]);
    } else {
        append_term(work, right, top);
    }
    if (left_goes_on) {
        return left;
    }
    append_term(work, left, top);
    return -1;
}

static void find_chains(Work *work) {
    for (int32_t top = work->zero - 1; top >= work->first; --top) {
        int kind = kind_of(work, top);
        size_t before = work->pairs_start;
        int32_t joined = work->counts[JOINED];
        if (!is_sum(kind) || !can_join(work, top, top)) {
            continue;
        }
        for (int32_t slot = put_terms(work, top, top); slot >= 0;) {
            int32_t next = put_terms(work, slot, top);
            leaves(work, slot, JOINED);
            slot = next;
        }
        if (work->counts[JOINED] > joined || kind == KIND_SUM || kind == KIND_DOT) {
            work->pair_counts[top - work->first] = (int32_t)((before - work->pairs_start) / 2);
        } else {
            work->pairs_start = before;
        }
    }
}

/* What is left, numbered again ----------------------------------------------------------------------- */

static void measure(Work *work) {
    const int32_t *pairs = work->pairs + work->pairs_start;
    size_t pair_items = work->pairs_end - work->pairs_start;
    for (int32_t slot = 0; slot <= work->minus_one; ++slot) {
        work->state[slot] &= ~NEEDED;
    }
    work->left = 0;
    work->left_operands = (int32_t)pair_items;
    for (size_t i = 0; i < pair_items; ++i) {
        if (pairs[i] >= 0) {
            work->state[pairs[i]] |= NEEDED;
        }
    }
    for (int32_t k = 0; k < work->count; ++k) {
        if (work->state[work->first + k] & STAYS) {
            ++work->left;
            if (!work->pair_counts[k]) {
                work->left_operands += work->starts[k + 1] - work->starts[k];
                for (int32_t i = work->starts[k]; i < work->starts[k + 1]; ++i) {
                    work->state[work->operands[i]] |= NEEDED;
                }
            }
        }
    }
    for (int32_t i = 0; i < work->output_count; ++i) {
        work->state[work->outputs[i]] |= NEEDED;
    }
    for (int32_t i = 0; i < work->guard_count; ++i) {
        work->state[work->guards[4 * i + 1]] |= NEEDED;
        work->state[work->guards[4 * i + 2]] |= NEEDED;
    }
    work->left_constants = 0;
    for (int32_t slot = work->given; slot <= work->minus_one; ++slot) {
        work->left_constants += (work->state[slot] & (IS_CONSTANT | NEEDED)) == (IS_CONSTANT | NEEDED);
    }
}

/* `code_of` has a place for each code and then one for chains; it is how they are numbered, −1 where they do not
   occur. */
static int32_t number_codes(const Work *work, int32_t *code_of, int32_t codes) {
    int32_t occurring = 0;
    for (int32_t code = 0; code <= codes; ++code) {
        code_of[code] = -1;
    }
    for (int32_t k = 0; k < work->count; ++k) {
        if (work->state[work->first + k] & STAYS) {
            code_of[work->pair_counts[k] ? codes : work->codes[k]] = 0;
        }
    }
    for (int32_t code = 0; code <= codes; ++code) {
        code_of[code] = code_of[code] < 0 ? -1 : occurring++;
    }
    return occurring;
}

static void write_work(const Work *work, const int32_t *code_of, int32_t linear, double *constants,
                       unsigned short *codes, int32_t *starts, int32_t *operands, int32_t *copies, int32_t *outputs,
                       int32_t *guards) {
    int32_t *slots = work->nearest, next = work->given, done = 0, filled = 0;
    const int32_t *pairs = work->pairs + work->pairs_start;
    for (int32_t slot = 0; slot < work->given; ++slot) {
        slots[slot] = slot;
    }
    for (int32_t slot = work->given; slot <= work->minus_one; ++slot) {
        if ((work->state[slot] & (IS_CONSTANT | NEEDED)) == (IS_CONSTANT | NEEDED)) {
            constants[next - work->given] = number_in(work, slot);
            slots[slot] = next++;
        }
    }
    for (int32_t k = 0; k < work->count; ++k) {
        if (!(work->state[work->first + k] & STAYS)) {
            continue;
        }
        slots[work->first + k] = next++;
        codes[done] = (unsigned short)code_of[work->pair_counts[k] ? linear : work->codes[k]];
        copies[done] = work->copies[k] < 0 ? -1 : slots[work->copies[k]];
        starts[done++] = filled;
        if (work->pair_counts[k]) {
            for (int32_t i = 0; i < 2 * work->pair_counts[k]; ++i, ++pairs) {
                operands[filled++] = *pairs < 0 ? -1 : slots[*pairs];
            }
        } else {
            for (int32_t i = work->starts[k]; i < work->starts[k + 1]; ++i) {
                operands[filled++] = slots[work->operands[i]];
            }
        }
    }
    starts[done] = filled;
    for (int32_t i = 0; i < work->output_count; ++i) {
        outputs[i] = slots[work->outputs[i]];
    }
    for (int32_t i = 0; i < 4 * work->guard_count; ++i) {
        guards[i] = i % 4 == 1 || i % 4 == 2 ? slots[work->guards[i]] : work->guards[i];
    }
}

#endif
