# Writes test/golden/sessions/*.json: 50 training steps of small models by PyTorch, in float32 and
# float64 from the same weights. Run with PyTorch 2.15: python test/golden/sessions.py
import json
import os

import torch

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'sessions')
STEPS = 50
BATCHES = 5


def linear(inputs, outputs, bias=True):
    return {'type': 'Linear', 'in_features': inputs, 'out_features': outputs, 'bias': bias}


def act(name):
    return {'type': name}


def sgd(**options):
    return {'type': 'SGD', **options}


def rows(*shape):
    return lambda g: rounded(torch.randn(*shape, generator=g, dtype=torch.float64))


def classes(count, *shape, ignored=None):
    def make(g):
        target = torch.randint(0, count, shape, generator=g)
        if ignored is not None:
            target.view(-1)[0] = ignored
        return target
    return make


def unit(*shape):
    return lambda g: rounded(torch.rand(*shape, generator=g, dtype=torch.float64))


def bits(*shape):
    return lambda g: torch.randint(0, 2, shape, generator=g).double()


def shares(*shape):
    return lambda g: rounded(torch.softmax(torch.randn(*shape, generator=g, dtype=torch.float64), 1))


def rounded(x):
    return (x * 1000).round() / 1000


# name, layers, loss, optimizer, input, target, learning rate of each step (or None)
CASES = [
    ('linear-cross-entropy', [linear(6, 4)],
     {'type': 'CrossEntropyLoss', 'label_smoothing': 0.1}, sgd(lr=0.01),
     rows(8, 6), classes(4, 8), None),
    ('linear-weighted-cross-entropy-momentum', [linear(6, 4, bias=False)],
     {'type': 'CrossEntropyLoss', 'weight': [0.5, 1, 2, 0.25], 'ignore_index': 3},
     sgd(lr=0.05, momentum=0.9), rows(8, 6), classes(4, 8, ignored=3), None),
    ('relu-cross-entropy-dampening', [linear(6, 8), act('ReLU'), linear(8, 4)],
     {'type': 'CrossEntropyLoss'}, sgd(lr=0.05, momentum=0.9, dampening=0.5, weight_decay=0.01),
     rows(8, 6), classes(4, 8), None),
    ('tanh-mse-nesterov', [linear(5, 7), act('Tanh'), linear(7, 3)],
     {'type': 'MSELoss'}, sgd(lr=0.05, momentum=0.9, weight_decay=0.01, nesterov=True),
     rows(7, 5), rows(7, 3), None),
    ('sigmoid-bce-with-logits', [linear(5, 6), act('Sigmoid'), linear(6, 2)],
     {'type': 'BCEWithLogitsLoss', 'pos_weight': [2, 0.5]}, sgd(lr=0.1, momentum=0.5),
     rows(9, 5), bits(9, 2), None),
    ('deep-huber-schedule', [linear(4, 6), act('Tanh'), linear(6, 5), act('Sigmoid'), linear(5, 2), act('ReLU')],
     {'type': 'HuberLoss', 'delta': 0.5}, sgd(lr=0.1, momentum=0.9),
     rows(6, 4), unit(6, 2), [round(0.1 * 0.95 ** step, 6) for step in range(STEPS)]),
    ('l1-sum-maximize', [linear(4, 3)],
     {'type': 'L1Loss', 'reduction': 'sum'}, sgd(lr=0.001, weight_decay=0.1, maximize=True),
     rows(5, 4), rows(5, 3), None),
    ('rank-3-mse', [linear(6, 5), act('ReLU'), linear(5, 4)],
     {'type': 'MSELoss'}, sgd(lr=0.05, momentum=0.9), rows(2, 3, 6), rows(2, 3, 4), None),
    ('rank-3-cross-entropy', [linear(6, 3)],
     {'type': 'CrossEntropyLoss'}, sgd(lr=0.1), rows(4, 5, 6), classes(5, 4, 3), None),
    ('one-example-cross-entropy', [linear(6, 5), act('Tanh'), linear(5, 4)],
     {'type': 'CrossEntropyLoss'}, sgd(lr=0.05, momentum=0.9), rows(6), classes(4), None),
    ('probabilities-cross-entropy', [linear(6, 4)],
     {'type': 'CrossEntropyLoss', 'label_smoothing': 0.2}, sgd(lr=0.05, momentum=0.9, maximize=True),
     rows(8, 6), shares(8, 4), None),
    ('sigmoid-bce', [linear(5, 4), act('ReLU'), linear(4, 1), act('Sigmoid')],
     {'type': 'BCELoss'}, sgd(lr=0.1), rows(8, 5), bits(8, 1), None),
    ('smooth-l1-column', [linear(3, 1)],
     {'type': 'SmoothL1Loss', 'beta': 0.5}, sgd(lr=0.02, momentum=0.8, nesterov=True),
     rows(8, 3), rows(8, 1), None),
    # The output [4, 1] broadcasts against the target [5].
    ('broadcast-mse', [linear(3, 2), act('Tanh'), linear(2, 1)],
     {'type': 'MSELoss'}, sgd(lr=0.05, momentum=0.9), rows(4, 3), rows(5), None),
]


def build_layer(spec):
    options = {key: value for key, value in spec.items() if key != 'type'}
    return getattr(torch.nn, spec['type'])(**options)


def build_loss(spec, datatype):
    options = {key: torch.tensor(value, dtype=datatype) if isinstance(value, list) else value
               for key, value in spec.items() if key != 'type'}
    return getattr(torch.nn, spec['type'])(**options)


def train(case, datatype, weights, batches):
    name, layers, loss, optimizer, _, _, schedule = case
    model = torch.nn.Sequential(*[build_layer(layer) for layer in layers]).to(datatype)
    model.load_state_dict({key: torch.tensor(value, dtype=datatype) for key, value in weights.items()})
    criterion = build_loss(loss, datatype)
    options = {key: value for key, value in optimizer.items() if key != 'type'}
    descent = torch.optim.SGD(model.parameters(), **options)
    losses, norms = [], []
    for step in range(STEPS):
        x, y = batches[step % BATCHES]
        y = torch.tensor(y) if isinstance(y, int) or case[5].__qualname__.startswith('classes') \
            else torch.tensor(y, dtype=datatype)
        if schedule is not None:
            for group in descent.param_groups:
                group['lr'] = schedule[step]
        descent.zero_grad()
        value = criterion(model(torch.tensor(x, dtype=datatype)), y)
        value.backward()
        norms.append(torch.stack([p.grad.norm() for p in model.parameters()]).norm().item())
        descent.step()
        losses.append(value.item())
    parameters = {key: value.tolist() for key, value in model.state_dict().items()}
    return {'losses': losses, 'grad_norms': norms, 'parameters': parameters}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for index, case in enumerate(CASES):
        name, layers, loss, optimizer, make_input, make_target, schedule = case
        generator = torch.Generator().manual_seed(index)
        torch.manual_seed(index)
        model = torch.nn.Sequential(*[build_layer(layer) for layer in layers]).double()
        weights = {key: rounded(value).tolist() for key, value in model.state_dict().items()}
        batches = [[make_input(generator).tolist(), make_target(generator).tolist()] for _ in range(BATCHES)]
        vector = {
            'name': name, 'torch': torch.__version__.split('+')[0],
            'model': {'type': 'Sequential', 'layers': layers}, 'loss': loss, 'optimizer': optimizer,
            'steps': STEPS, 'schedule': schedule, 'weights': weights, 'batches': batches,
            'FP32': train(case, torch.float32, weights, batches),
            'FP64': train(case, torch.float64, weights, batches),
        }
        with open(os.path.join(FOLDER, f'{name}.json'), 'w') as file:
            file.write(json.dumps(vector) + '\n')
        print(name, vector['FP64']['losses'][0], vector['FP64']['losses'][-1],
              max(abs(a - b) / max(abs(b), 1e-12) for a, b in zip(vector['FP32']['losses'], vector['FP64']['losses'])))


main()
