# The safetensors package against a service: losses, halves, sessions, and its own reader's verdict
# on files that are broken at random. Usage: python tensors.py ORIGIN [FILES]

import json
import random
import struct
import sys
import urllib.error
import urllib.request

import numpy
from safetensors import SafetensorError
from safetensors.numpy import load, save

origin = sys.argv[1]
files = int(sys.argv[2]) if len(sys.argv) > 2 else 300
TYPE = 'application/vnd.safetensors'


def send(path, body=None, method=None, **headers):
    headers = {'Content-Type': TYPE, **headers} if body is not None else headers
    request = urllib.request.Request(origin + path, body, headers, method=method)
    try:
        with urllib.request.urlopen(request) as reply:
            return reply.status, reply.read()
    except urllib.error.HTTPError as fault:
        return fault.code, fault.read()


def evaluate(path, tensors, metadata=None):
    status, body = send(path, save(tensors, metadata))
    assert status == 200, (path, status, body)
    return load(body)


def same(found, expected, tolerance=1e-6):
    assert found.shape == numpy.shape(expected), (found.shape, numpy.shape(expected))
    numpy.testing.assert_allclose(found, expected, tolerance, tolerance)


generator = numpy.random.default_rng(7)
x, y = generator.normal(size=(2, 1000, 7))

for datatype in (numpy.float64, numpy.float32, numpy.float16):
    a, b = x.astype(datatype), y.astype(datatype)
    wide = numpy.float64 if datatype is numpy.float64 else numpy.float32
    difference = a.astype(wide) - b.astype(wide)
    reply = evaluate('/v1/losses/mse', {'input': a, 'target': b})
    assert reply['loss'].dtype == wide and reply['grad.input'].dtype == wide
    same(reply['loss'], numpy.mean(difference ** 2))
    same(reply['grad.input'], 2 * difference / difference.size)
    reply = evaluate('/v1/losses/MSELoss?reduction=sum&gradients=', {'input': a, 'target': b})
    assert list(reply) == ['loss']
    same(reply['loss'], numpy.sum(difference ** 2), 1e-5)

logits = x.astype(numpy.float32)
classes = generator.integers(0, 7, size=1000)
weight = generator.uniform(0.5, 2, size=7).astype(numpy.float32)
rows = numpy.log(numpy.sum(numpy.exp(x), 1)) - x[numpy.arange(1000), classes]
reply = evaluate('/v1/losses/cross-entropy',
                 {'input': logits, 'target': classes, 'weight': weight}, {'reduction': 'none'})
same(reply['loss'], rows * weight[classes], 1e-5)
formula = {'formula': 'scale * abs(input - target)', 'scale': '3', 'format': 'np'}
same(evaluate('/v1/formulas', {'input': x, 'target': y}, formula)['loss'],
     3 * numpy.mean(numpy.abs(x - y)))

status, body = send('/v1/sessions', json.dumps({
    'model': {'type': 'Sequential',
              'layers': [{'type': 'Linear', 'in_features': 7, 'out_features': 7}]},
    'loss': {'type': 'CrossEntropyLoss'}, 'optimizer': {'type': 'SGD', 'lr': 0.5}
}).encode(), **{'Content-Type': 'application/json'})
assert status == 201, body
session = '/v1/sessions/' + json.loads(body)['id']
status, body = send(session + '/parameters', Accept=TYPE)
state = load(body)
assert state['0.weight'].shape == (7, 7) and state['0.bias'].shape == (7,)
step = evaluate(session + '/step?return=outputs&return=grad_input',
                {'input': logits, 'target': classes})
same(step['outputs'], logits @ state['0.weight'].T + state['0.bias'], 1e-4)
assert step['grad_input'].shape == logits.shape
status, body = send(session + '/parameters', save(state), 'PUT')
assert status == 200, body
status, body = send(session + '/parameters', Accept=TYPE)
restored = load(body)
for name in state:
    assert numpy.array_equal(restored[name], state[name]), name
assert send(session, method='DELETE')[0] == 204

# Where the package refuses a file, so does the service, and the other way round but for limits of
# its own: datatypes it has no kernels for, lengths beyond 2^31.
random.seed(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
good = save({'input': logits[:2], 'target': logits[:2]}, {'reduction': 'sum'})
head = struct.unpack('<Q', good[:8])[0]
texts = [b'F32', b'F64', b'I32', b'[2,7]', b'[14]', b'0', b'56', b'112', b'-1', b'1.0', b'"', b'{',
         b'}', b',', b' ', b'null', b'[]', b'\xff', b'999999999999999999999', b'__metadata__']
refused = 0
for index in range(files):
    header = bytearray(good[8:8 + head])
    for _ in range(random.randint(0, 2)):
        at = random.randrange(len(header))
        header[at:at + random.randint(0, 4)] = random.choice(texts)
    size = len(header) + (random.choice([-1, 1, 1 << 40]) if random.random() < 0.1 else 0)
    body = struct.pack('<Q', max(0, size)) + bytes(header) + good[8 + head:]
    if random.random() < 0.1:
        body = body[:random.randrange(len(body))]
    try:
        load(body)
        expected = True
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError) as fault:
        expected = not isinstance(fault, SafetensorError)
    status, reply = send('/v1/losses/mse', body)
    assert status in (200, 400, 413, 422), (status, reply, body)
    refused += not expected
    if not expected:
        assert status in (400, 413), (status, reply, body)
    elif status == 400:
        # Stricter than the package: names in the way of objects, what it passes over.
        assert b'not JSON' in reply or b'BAD_QUERY' in reply, (reply, body)
print(f'{files} files, {refused} of them refused by both')
