#!/usr/bin/env python3
"""The vectors of the Lovász losses, made with PyTorch from the definition: usage: lovasz.py

Berman, Triki, Blaschko: The Lovász-Softmax loss, CVPR 2018. Errors are sorted, each is weighed by
the growth of the Jaccard loss at its place. Writes lovasz_hinge.json and lovasz_softmax.json beside
this file, in the form of the other vectors.
"""
import itertools
import json
import pathlib

import torch

torch.manual_seed(5)
folder = pathlib.Path(__file__).parent


def growth(hits):
    """What 1 - IoU grows by when one place more counts as wrong."""
    total = hits.sum()
    jaccard = 1 - (total - hits.cumsum(0)) / (total + (1 - hits).cumsum(0))
    return torch.cat([jaccard[:1], jaccard[1:] - jaccard[:-1]])


def lovasz(errors, hits):
    if len(errors) == 0:
        return errors.sum()
    ordered, places = torch.sort(errors, descending=True, stable=True)
    return torch.relu(ordered) @ growth(hits[places])


def images(x, target, per_image, ignore_index, loss):
    """The loss of each image, or of all pixels together; x is [pixels, …] for the function."""
    if per_image:
        return torch.stack([images(x[n:n + 1], target[n:n + 1], False, ignore_index, loss)
                            for n in range(len(x))])
    target = target.flatten()
    kept = target != ignore_index
    return loss(x.reshape(len(target), -1)[kept], target[kept])


def hinge(x, target, per_image=True, ignore_index=-100):
    def flat(x, target):
        return lovasz(1 - x[:, 0] * (2 * target - 1), target)
    return images(x, target, per_image, ignore_index, flat)


def softmax(x, target, from_logits=True, per_image=False, classes='present', ignore_index=-100):
    def flat(p, target):
        hits = [(target == c).to(p.dtype) for c in range(x.shape[1])]
        found = [lovasz((hit - p[:, c]).abs(), hit) for c, hit in enumerate(hits)
                 if classes == 'all' or hit.any()]
        return sum(found) / len(found) if found else p.sum() * 0
    p = x.softmax(1) if from_logits else x
    return images(p.movedim(1, -1), target, per_image, ignore_index, flat)


def tensor(x):
    kind = str(x.dtype).removeprefix('torch.')
    return {'shape': list(x.shape), 'dtype': kind, 'data': x.flatten().tolist()}


def case(name, function, x, target, options):
    """In float32 and float64 on the same numbers."""
    for dtype in (torch.float32, torch.float64):
        given = x.detach().float().to(dtype).clone().requires_grad_()
        real = target.dtype.is_floating_point
        held = target.to(dtype) if real else target
        known = {k: v for k, v in options.items() if k != 'reduction'}
        value = function(given, held, **known)
        if options.get('reduction', 'mean') == 'mean' and value.dim() > 0:
            value = value.mean()
        value.sum().backward()
        yield {'name': name, 'dtype': str(dtype).removeprefix('torch.'), 'options': options,
               'inputs': {'input': tensor(given.detach()), 'target': tensor(held)},
               'output': tensor(value.detach()), 'grads': {'input': tensor(given.grad)}}


def refused(name, x, target):
    for dtype in (torch.float32, torch.float64):
        held = target.to(dtype) if target.dtype.is_floating_point else target
        yield {'name': name, 'dtype': str(dtype).removeprefix('torch.'), 'options': {},
               'inputs': {'input': tensor(x.to(dtype)), 'target': tensor(held)},
               'tags': ['error'], 'error': {'type': 'RuntimeError', 'message': 'shapes or classes'}}


def write(name, cases):
    tolerance = {'float32': {'rtol': 1.3e-6, 'atol': 1e-5}, 'float64': {'rtol': 1e-7, 'atol': 1e-7}}
    whole = {'loss': name, 'torch_version': torch.__version__, 'tolerance': tolerance,
             'cases': sorted(cases, key=lambda each: each['dtype'])}
    (folder / f'{name}.json').write_text(json.dumps(whole))


hinges = []
for shape, per_image, ignored in itertools.product([(1, 4), (3, 2, 3), (2, 7), (4,)],
                                                   (True, False), (False, True)):
    target = torch.randint(0, 3 if ignored else 2, shape).double()
    options = {'per_image': per_image, 'reduction': 'none'}
    if ignored:
        options['ignore_index'] = 2
    name = f'{list(shape)}{" per_image" * per_image}{" ignored" * ignored}'
    hinges += case(name, hinge, 1.5 * torch.randn(shape), target, options)
hinges += case('mean of images', hinge, torch.randn(3, 5), torch.randint(0, 2, (3, 5)).double(), {})
hinges += case('nothing to find', hinge, torch.randn(2, 3), torch.zeros(2, 3), {})
hinges += case('all to find', hinge, torch.randn(2, 3), torch.ones(2, 3), {})
hinges += refused('other_shape', torch.randn(2, 3), torch.ones(2, 4))
write('lovasz_hinge', hinges)

softmaxes = []
for shape, per_image, classes, ignored, logits in itertools.product(
        [(1, 3), (2, 4, 5), (3, 2, 2, 3)], (True, False), ('present', 'all'), (False, True),
        (True, False)):
    x = torch.randn(shape)
    target = torch.randint(0, shape[1], shape[:1] + shape[2:])
    options = {'per_image': per_image, 'classes': classes, 'from_logits': logits,
               'reduction': 'none'}
    if ignored:
        options['ignore_index'] = 0
    name = (f'{list(shape)} {classes}{" per_image" * per_image}{" ignored" * ignored}'
            f'{" logits" * logits}')
    softmaxes += case(name, softmax, x if logits else x.softmax(1), target, options)
softmaxes += case('default', softmax, torch.randn(2, 3, 4), torch.randint(0, 3, (2, 4)), {})
softmaxes += case('all ignored', softmax, torch.randn(2, 3), torch.zeros(2, dtype=torch.int64),
                  {'ignore_index': 0})
softmaxes += refused('class_beyond', torch.randn(2, 3), torch.tensor([0, 3]))
softmaxes += refused('batch', torch.randn(2, 3), torch.tensor([0, 1, 2]))
write('lovasz_softmax', softmaxes)
