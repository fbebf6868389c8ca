"""Random formulas in PyTorch: what test/random-formulas.test.ts compares values and gradients with.

Reads one formula a line from standard input, as JSON: its axes, tensors and steps. Writes one line
of JSON for each: the loss and the gradients by the real tensors, or why it cannot tell. Every value
is a tensor that has all axes of the formula, in their order, with length 1 where it lacks one.
"""

import functools
import json
import math
import sys

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def log_add_exp(*args):
    return torch.logsumexp(torch.stack(torch.broadcast_tensors(*args)), 0)


class WithDerivative(torch.autograd.Function):
    """A value whose derivative by each x is its slope."""

    @staticmethod
    def forward(ctx, value, *pairs):
        ctx.save_for_backward(*pairs)
        return torch.broadcast_tensors(value, *pairs)[0].clone()

    @staticmethod
    def backward(ctx, g):
        pairs = ctx.saved_tensors
        slopes = [None]
        for x, slope in zip(pairs[::2], pairs[1::2]):
            slopes += [(g * slope).sum_to_size(x.shape), None]
        return tuple(slopes)


ELEMENTWISE = {
    'add': torch.add, 'sub': torch.sub, 'mul': torch.mul, 'div': torch.div, 'neg': torch.neg,
    'mod': torch.remainder, 'pow': torch.pow, 'abs': torch.abs, 'sign': torch.sign,
    'floor': torch.floor, 'sqrt': torch.sqrt, 'exp': torch.exp, 'expm1': torch.expm1,
    'log': torch.log, 'log1p': torch.log1p, 'xlogy': torch.xlogy, 'atan': torch.atan,
    'tanh': torch.tanh, 'erf': torch.erf, 'sigmoid': torch.sigmoid, 'relu': torch.relu,
    'softplus': lambda a: torch.logaddexp(a, torch.zeros_like(a)), 'log_sigmoid': F.logsigmoid,
    'minimum': torch.minimum, 'maximum': torch.maximum, 'log_add_exp': log_add_exp,
    # Of numbers: bounds that are tensors take half of the gradient at ties.
    'clamp': lambda x, a, b: torch.clamp(x, min=a.item(), max=b.item()),
    'clamp_min': lambda x, a: torch.clamp(x, min=a.item()),
    'clamp_max': lambda x, a: torch.clamp(x, max=a.item()),
    'lt': torch.lt, 'le': torch.le, 'gt': torch.gt, 'ge': torch.ge, 'eq': torch.eq, 'ne': torch.ne,
    'and': torch.logical_and, 'or': torch.logical_or, 'not': torch.logical_not,
    'where': torch.where, 'stop_gradient': lambda a: a.detach(), 'with_derivative': WithDerivative.apply,
}


def softmax(x, dims):
    return torch.exp(x - torch.logsumexp(x, dims, keepdim=True))


ALONG = {
    'sum': lambda x, dims: x.sum(dims, keepdim=True),
    'mean': lambda x, dims: x.mean(dims, keepdim=True),
    'max': lambda x, dims: x.amax(dims, keepdim=True),
    'min': lambda x, dims: x.amin(dims, keepdim=True),
    'any': lambda x, dims: functools.reduce(lambda c, dim: c.any(dim, keepdim=True), dims, x),
    'logsumexp': lambda x, dims: torch.logsumexp(x, dims, keepdim=True),
    'softmax': softmax,
    'log_softmax': lambda x, dims: x - torch.logsumexp(x, dims, keepdim=True),
}


class Unknown(Exception):
    """An op that has no row here yet."""


class Formula:
    def __init__(self, given):
        self.axes = [name for name, _ in given['axes']]
        self.lengths = [length for _, length in given['axes']]
        self.groups = given['groups']
        self.names = {}
        self.by = {}
        for name, value in given['numbers'].items():
            self.names[name] = self.scalar(float(value))
        for name, tensor in given['tensors'].items():
            leaf, value = self.tensor(tensor)
            self.names[name] = value
            if leaf is not None:
                self.by[name] = leaf

    def scalar(self, value):
        return torch.tensor(value).reshape([1] * len(self.axes))

    def tensor(self, given):
        data = torch.tensor([float(x) for x in given['data']]).reshape(given['shape'])
        leaf = data.requires_grad_() if given['kind'] == 'real' else None
        places = sorted(range(len(given['dimensions'])),
                        key=lambda place: self.axes.index(given['dimensions'][place]))
        shape = [1] * len(self.axes)
        for name, length in zip(given['dimensions'], given['shape']):
            shape[self.axes.index(name)] = length
        value = data.permute(places).reshape(shape)
        return leaf, value != 0 if given['kind'] == 'boolean' else value

    def dims(self, over):
        """Places of named axes; a group has several."""
        return [self.axes.index(axis) for name in over for axis in self.groups.get(name, [name])]

    def spread(self, x, dims):
        shape = [self.lengths[dim] if dim in dims else -1 for dim in range(len(self.axes))]
        return x.expand(shape)

    def index(self, dims):
        """The position along axes, the last of them fastest."""
        place = self.scalar(0.0)
        for dim in dims:
            shape = [-1 if other == dim else 1 for other in range(len(self.axes))]
            along = torch.arange(self.lengths[dim], dtype=torch.float64).reshape(shape)
            place = place * self.lengths[dim] + along
        return place

    def take(self, x, dims, indices):
        places = []
        for dim, length in enumerate(x.shape):
            if dim in dims:
                at = torch.floor(indices[dims.index(dim)]).clamp(0, length - 1)
            else:
                shape = [-1 if other == dim else 1 for other in range(len(x.shape))]
                at = torch.arange(length).reshape(shape)
            places.append(at.long())
        return x[tuple(places)]

    def order(self, x, origin, target):
        places = torch.argsort(self.spread(x, [origin]), dim=origin, descending=True, stable=True)
        if origin == target:
            return places.double()
        first = torch.arange(self.lengths[target]).clamp(0, self.lengths[origin] - 1)
        return places.index_select(origin, first).transpose(origin, target).double()

    def norm(self, x, p, dims):
        p = p.item()
        return torch.linalg.vector_norm(x, p, dim=dims, keepdim=True)

    def scan(self, step, values):
        dim = self.dims(step['over'])[0]
        count = self.lengths[dim]
        was = self.scalar(float(step['value']))
        found = [None] * count
        for place in reversed(range(count)) if step['reverse'] else range(count):
            here = {
                key: x.narrow(dim, place, 1) if x.shape[dim] > 1 else x
                for key, x in values.items()
            }
            for each in step['body']:
                here[each['id']] = was if each['op'] == 'was' else self.step(each, here)
            was = here[step['body'][-1]['id']]
            found[place] = was
        return torch.cat(torch.broadcast_tensors(*found), dim)

    def neighbour(self, x, dim, distance):
        """x[place - distance], and the start of the scan where there is no such place."""
        x = self.spread(x, [dim])
        length = self.lengths[dim]
        at = torch.arange(length) - distance
        inside = (at >= 0) & (at < length)
        shape = [-1 if other == dim else 1 for other in range(len(self.axes))]
        moved = x.index_select(dim, at.clamp(0, length - 1))
        return torch.where(inside.reshape(shape), moved, self.start)

    def step(self, step, values):
        op = step['op']
        args = [values[arg] for arg in step['args']]
        dims = self.dims(step['over'])
        if op == 'number':
            return self.scalar(self.literal(step['value']))
        if op == 'argument':
            return self.names[step['value']]
        if op == 'index':
            return self.index(dims)
        if op == 'length':
            return self.scalar(float(math.prod(self.lengths[dim] for dim in dims)))
        if op == 'same':
            return args[0]
        if op == 'take':
            return self.take(args[0], dims, args[1:])
        if op == 'order':
            return self.order(args[0], *dims)
        if op == 'cumsum':
            x = self.spread(args[0], dims)
            if step['reverse']:
                return x.flip(dims).cumsum(dims[0]).flip(dims)
            return x.cumsum(dims[0])
        if op == 'scan':
            self.start = self.scalar(float(step['value']))
            return self.scan(step, values)
        if op == 'neighbour':
            return self.neighbour(args[0], dims[0], int(step['value']))
        if op == 'norm':
            return self.norm(self.spread(args[0], dims), args[1], dims)
        if op in ALONG:
            # Without axes all of them, which only an argument of its own axes is given.
            every = list(range(len(self.axes)))
            return ALONG[op](self.spread(args[0], dims), dims or every) if self.axes else args[0]
        if op not in ELEMENTWISE:
            raise Unknown(f'{op} has no row')
        return ELEMENTWISE[op](*args)

    @staticmethod
    def literal(text):
        return {'pi': math.pi, 'e': math.e}.get(text) or float(text)


def evaluate(given):
    formula = Formula(given)
    values = {}
    for step in given['steps']:
        values[step['id']] = formula.step(step, values)
    value = values[given['value']]
    if value.numel() != given['elements']:
        return {'skip': 'an axis was folded away'}
    loss = value
    if given['denominator'] is not None and given['reduction'] == 'mean':
        loss = value.sum() / values[given['denominator']].expand(value.shape).sum()
    elif given['reduction'] == 'mean':
        loss = value.mean()
    elif given['reduction'] == 'sum':
        loss = value.sum()
    total = loss.sum()
    gradients = {}
    for name, leaf in formula.by.items():
        found = None
        if total.requires_grad:
            found, = torch.autograd.grad(total, leaf, retain_graph=True, allow_unused=True)
        gradients[name] = texts(torch.zeros_like(leaf) if found is None else found)
    return {'loss': texts(loss), 'gradients': gradients}


def texts(tensor):
    """Numbers; those that JSON lacks are written as texts."""
    numbers = tensor.detach().flatten().tolist()
    return [x if math.isfinite(x) else str(x).replace('inf', 'Infinity') for x in numbers]


for line in sys.stdin:
    try:
        reply = evaluate(json.loads(line))
    except Unknown as unknown:
        reply = {'skip': str(unknown)}
    except Exception as error:  # pylint: disable=broad-except
        reply = {'error': f'{type(error).__name__}: {error}'}
    print(json.dumps(reply).replace('"nan"', '"NaN"'), flush=True)
