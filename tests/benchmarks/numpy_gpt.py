"""The GPT of `gpt` as array code: forwards, backwards and Adam by hand, all positions and all heads at once.

>>> model = GPT()
>>> round(model.loss(gpt.tokens("matthew")), 6)
3.406626

It is what scalar code has to be measured against: nothing is recorded, nothing is generic, each gradient is a formula.
"""

import gpt
import numpy as np

SIZE, HEADS, HEAD_SIZE = gpt.EMBEDDING, gpt.HEADS, gpt.HEAD_SIZE
ROOT = HEAD_SIZE**0.5
# Added to the scores of the places that come later, of which a place is to know nothing.
LATER = np.triu(np.full((gpt.LONGEST, gpt.LONGEST), -np.inf), 1)


class GPT:
    """All parameters in one array, of which the matrices are views, and their gradients in another."""

    def __init__(self):
        self.data = np.array(gpt.GPT(float).parameters())
        self.grad = np.zeros_like(self.data)
        self.matrices, self.slopes = _matrices(self.data), _matrices(self.grad)

    def loss(self, tokens):
        """The mean of −log(probability) over the tokens that follow; the gradients are in `grad`."""
        of_token, of_place, attend, from_heads, widen, narrow, to_token = self.matrices
        known, following = tokens[:-1], tokens[1:]
        count = len(known)

        x, scale = _normed(of_token[known] + of_place[:count])
        to_attention, scale_of_attention = _normed(x)
        query, key, value = _by_head(to_attention @ attend.T)
        weights = _softmax(query @ key.swapaxes(1, 2) / ROOT + LATER[:count, :count])
        heard = (weights @ value).swapaxes(0, 1).reshape(count, SIZE)
        heard_x = x + heard @ from_heads.T
        to_wide, scale_of_wide = _normed(heard_x)
        wide = np.maximum(to_wide @ widen.T, 0.0)
        last = heard_x + wide @ narrow.T
        beliefs = _softmax(last @ to_token.T)
        each = np.arange(count)
        loss = -np.log(beliefs[each, following]).mean()

        d_token, d_place, d_attend, d_from_heads, d_widen, d_narrow, d_to_token = self.slopes
        # Of the logits: softmax(z) − [z is the right one], over the count.
        flow = beliefs
        flow[each, following] -= 1.0
        flow /= count
        np.matmul(flow.T, last, out=d_to_token)
        flow = flow @ to_token
        np.matmul(flow.T, wide, out=d_narrow)
        to_widen = (flow @ narrow) * (wide > 0.0)
        np.matmul(to_widen.T, to_wide, out=d_widen)
        flow += _unnormed(to_widen @ widen, to_wide, scale_of_wide)
        np.matmul(flow.T, heard, out=d_from_heads)
        to_heard = (flow @ from_heads).reshape(count, HEADS, HEAD_SIZE).swapaxes(0, 1)
        to_weights = to_heard @ value.swapaxes(1, 2)
        to_scores = weights * (to_weights - (to_weights * weights).sum(2, keepdims=True)) / ROOT
        to_heads = np.empty((count, 3, HEADS, HEAD_SIZE))
        to_query, to_key, to_value = to_heads.transpose(1, 2, 0, 3)
        np.matmul(to_scores, key, out=to_query)
        np.matmul(to_scores.swapaxes(1, 2), query, out=to_key)
        np.matmul(weights.swapaxes(1, 2), to_heard, out=to_value)
        to_heads = to_heads.reshape(count, 3 * SIZE)
        np.matmul(to_heads.T, to_attention, out=d_attend)
        flow += _unnormed(to_heads @ attend, to_attention, scale_of_attention)
        flow = _unnormed(flow, x, scale)
        d_token.fill(0.0)
        np.add.at(d_token, known, flow)  # a token that comes twice receives from both places
        d_place[:count] = flow
        d_place[count:] = 0.0
        return float(loss)


def _matrices(numbers):
    """The matrices that the parameters of `gpt.GPT` are, in their order; what makes queries, keys and values is one."""
    rows = [gpt.VOCABULARY, gpt.LONGEST, 3 * SIZE, SIZE, 4 * SIZE, SIZE, gpt.VOCABULARY]
    columns = [SIZE, SIZE, SIZE, SIZE, SIZE, 4 * SIZE, SIZE]
    ends = np.cumsum(np.multiply(rows, columns))
    return [part.reshape(shape) for part, *shape in zip(np.split(numbers, ends[:-1]), rows, columns, strict=True)]


def _by_head(numbers):
    """Queries, keys and values side by side, as three arrays of heads × places × numbers."""
    return numbers.reshape(len(numbers), 3, HEADS, HEAD_SIZE).transpose(1, 2, 0, 3)


def _softmax(x):
    powers = np.exp(x - x.max(-1, keepdims=True))
    powers /= powers.sum(-1, keepdims=True)
    return powers


def _normed(x):
    """Each row over the root of its mean square, and what it was multiplied with."""
    scale = 1.0 / np.sqrt(np.einsum("ij,ij->i", x, x)[:, None] / SIZE + 1e-5)
    return x * scale, scale


def _unnormed(flow, normed, scale):
    """What arrives before `_normed`: for y = x·s and s = (Σx²/n + ε)^−½, s·(flow − y·Σ(flow·y)/n)."""
    return scale * (flow - normed * (np.einsum("ij,ij->i", flow, normed)[:, None] / SIZE))


class Adam:
    """Adam as `gpt.PlainAdam`, all parameters at once and in place."""

    def __init__(self, model, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        self.model, self.lr, self.betas, self.eps = model, lr, betas, eps
        self.steps = 0
        self.first, self.second = np.zeros_like(model.data), np.zeros_like(model.data)
        self.spare, self.change = np.empty_like(model.data), np.empty_like(model.data)

    def step(self):
        """Update all parameters, once."""
        self.steps += 1
        beta1, beta2 = self.betas
        first, second, spare, change, grad = self.first, self.second, self.spare, self.change, self.model.grad
        first *= beta1
        first += np.multiply(grad, 1.0 - beta1, out=spare)
        second *= beta2
        np.multiply(grad, grad, out=spare)
        spare *= 1.0 - beta2
        second += spare
        np.sqrt(second, out=change)
        change /= (1.0 - beta2**self.steps) ** 0.5
        change += self.eps
        np.divide(first, change, out=change)
        change *= self.lr / (1.0 - beta1**self.steps)
        self.model.data -= change
