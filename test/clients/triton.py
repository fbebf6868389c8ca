# The real tritonclient against a service, unmodified: losses and gradients in all combinations of
# JSON and binary input and output. Usage: python triton.py ORIGIN

import itertools
import sys

import numpy
from tritonclient.http import InferenceServerClient, InferInput, InferRequestedOutput
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

client = InferenceServerClient(sys.argv[1].removeprefix('http://'), network_timeout=60)
generator = numpy.random.default_rng(7)
x, y = generator.normal(size=(2, 100, 7))


def given(name, values, binary):
    tensor = InferInput(name, list(values.shape), np_to_triton_dtype(values.dtype))
    tensor.set_data_from_numpy(values, binary_data=binary)
    return tensor


def same(found, expected, tolerance=1e-6):
    assert found.shape == numpy.shape(expected), (found.shape, numpy.shape(expected))
    numpy.testing.assert_allclose(found, expected, tolerance, tolerance)


assert client.is_server_live() and client.is_server_ready() and client.is_model_ready('mse')
assert 'binary_tensor_data' in client.get_server_metadata()['extensions']
assert [each['name'] for each in client.get_model_metadata('mse')['inputs']] == ['input', 'target']

combinations = 0
outputs = [None, [True, True], [True, False], [False, True], [False, False]]
for datatype in (numpy.float32, numpy.float64):
    a, b = x.astype(datatype), y.astype(datatype)
    for left, right, wanted in itertools.product((True, False), (True, False), outputs):
        named = wanted and [InferRequestedOutput(name, binary_data=binary)
                            for name, binary in zip(('loss', 'grad_input'), wanted)]
        result = client.infer('mse', [given('input', a, left), given('target', b, right)],
                              outputs=named, parameters={'reduction': 'sum'}, request_id='7')
        same(result.as_numpy('loss'), numpy.sum((a - b) ** 2), 1e-5)
        same(result.as_numpy('grad_input'), 2 * (a - b), 1e-5)
        assert result.as_numpy('loss').dtype == datatype
        assert result.get_response()['id'] == '7'
        combinations += 1

classes = generator.integers(0, 7, size=100)
rows = numpy.log(numpy.sum(numpy.exp(x), 1)) - x[numpy.arange(100), classes]
for binary in (True, False):
    result = client.infer('CrossEntropyLoss',
                          [given('input', x, binary), given('target', classes, binary)],
                          parameters={'reduction': 'none', 'gradients': ''})
    same(result.as_numpy('loss'), rows)
halves = x.astype(numpy.float16)
result = client.infer('mse', [given('input', halves, True), given('target', halves * 2, True)])
same(result.as_numpy('loss'), numpy.mean(halves.astype(numpy.float32) ** 2), 1e-5)

large = generator.normal(size=1_000_000).astype(numpy.float32)
result = client.infer('l1', [given('input', large, True), given('target', -large, True)])
same(result.as_numpy('loss'), 2 * numpy.mean(numpy.abs(large)), 1e-5)
same(result.as_numpy('grad_input'), numpy.sign(large) / 1e6)

for model, tensors, status, words in [
    ('nothing', [given('input', x, True)], '404', 'no loss nothing'),
    ('mse', [given('input', x, True)], '400', 'needs target'),
    ('mse', [given('input', x, True), given('target', y[:7], True)], '400', 'shape')
]:
    try:
        client.infer(model, tensors)
        raise AssertionError(model)
    except InferenceServerException as fault:
        assert fault.status() == status and words in fault.message(), fault
print(f'{combinations} combinations')
