"""Writes second-order/vectors.json: the Hessian's diagonal and its product with a vector, by PyTorch's double
backward in float64. Usage: python second_order.py (torch 2.15.0)."""

import json
import pathlib

import torch
from torch import nn

torch.manual_seed(7)


def runs():
    x, y, p = torch.randn(3, 4), torch.randn(3, 4), torch.rand(3, 4) * 0.8 + 0.1
    classes = torch.tensor([2, 0, 3])
    weight = torch.tensor([1.0, 0.5, 2.0, 1.5])
    soft = torch.softmax(torch.randn(3, 4), 1)
    yield 'mse', nn.MSELoss, {}, x, y
    yield 'mse', nn.MSELoss, {'reduction': 'sum'}, x, y
    yield 'huber', nn.HuberLoss, {'delta': 0.7}, x, y
    yield 'smooth-l1', nn.SmoothL1Loss, {'beta': 0.5}, x, y
    yield 'l1', nn.L1Loss, {}, x, y
    yield 'bce', nn.BCELoss, {}, p, soft
    yield 'bce-with-logits', nn.BCEWithLogitsLoss, {'pos_weight': weight}, x, soft
    yield 'cross-entropy', nn.CrossEntropyLoss, {}, x, classes
    yield 'cross-entropy', nn.CrossEntropyLoss, {'weight': weight, 'label_smoothing': 0.1}, x, classes
    yield 'cross-entropy', nn.CrossEntropyLoss, {'reduction': 'sum'}, x, soft
    yield 'nll', nn.NLLLoss, {'weight': weight}, x, classes


def plain(value):
    return value.tolist() if isinstance(value, torch.Tensor) else value


def solve(name, loss, options, x, target):
    double = lambda v: v.double() if isinstance(v, torch.Tensor) and v.is_floating_point() else v
    function = loss(**{key: double(value) for key, value in options.items()})
    vector = torch.randn_like(x).double()
    of = lambda input: function(input, double(target))
    hessian = torch.autograd.functional.hessian(of, double(x))
    rows = hessian.reshape(x.numel(), x.numel())
    return {
        'loss': name,
        'request': {
            'input': plain(double(x)), 'target': plain(double(target)),
            'options': {key: plain(double(value)) for key, value in options.items()},
            'hessian_vector': {'input': plain(vector)}
        },
        'diagonal': plain(rows.diagonal().reshape(x.shape)),
        'product': plain((rows @ vector.flatten()).reshape(x.shape))
    }


file = pathlib.Path(__file__).parent / 'second-order/vectors.json'
file.write_text('[\n' + ',\n'.join(json.dumps(solve(*run)) for run in runs()) + '\n]\n')
