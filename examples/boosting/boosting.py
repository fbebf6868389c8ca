"""Boosted trees with an objective of one's own: LightGBM grows them, the service gives the gradient
and the Hessian of focal loss, binary and multi-class. The loss is a text; change it and run again.

Usage: pip install -r requirements.txt; python boosting.py [http://127.0.0.1:8080]
"""

import sys

import lightgbm
import numpy
import requests
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split

SERVICE = sys.argv[1] if len(sys.argv) > 1 else 'http://127.0.0.1:8080'

BINARY = """
input:  real[N]
target: real[N]
gamma:  number >= 0 = 2

right = target * input - (1 - target) * input    // the score of what is right
(1 - sigmoid(right)) ** gamma * softplus(-right)
"""

MULTI_CLASS = """
input:  real[N, C]
target: class[N]
gamma:  number >= 0 = 2

right = log_softmax(input, C)[target]
-(1 - exp(right)) ** gamma * right
"""

session = requests.Session()


def objective(formula):
    """LightGBM's objective: the gradient and the Hessian's diagonal of the summed loss."""
    def compute(scores, data):
        reply = session.post(f'{SERVICE}/v1/formulas', json={
            'formula': formula,
            'input': scores.tolist(),
            'target': data.get_label().astype(int).tolist(),
            'options': {'reduction': 'sum'},
            'second_order': 'diagonal',
        })
        if not reply.ok:
            raise RuntimeError(reply.json()['detail'])
        answer = reply.json()
        hessian = numpy.array(answer['hessians']['input'])
        # Focal loss is not convex; a tree needs a positive weight for each example.
        return numpy.array(answer['gradients']['input']), numpy.maximum(hessian, 1e-3)
    return compute


def accuracy(load, own, name, settings):
    x, y = load(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        x, y, test_size=0.25, random_state=0, stratify=y)
    right = []
    for chosen in [objective(own), name]:
        model = lightgbm.train(
            {'objective': chosen, 'verbosity': -1, 'num_threads': 1, 'seed': 0, **settings},
            lightgbm.Dataset(train_x, train_y), num_boost_round=60)
        scores = model.predict(test_x)
        # Raw scores for one's own objective, probabilities for a built-in one.
        border = 0 if chosen is not name else 0.5
        guess = scores.argmax(axis=1) if scores.ndim > 1 else scores > border
        right.append((guess == test_y).mean())
    print(f'{name}: {right[0]:.1%} of {len(test_y)} right with focal loss, {right[1]:.1%} without')
    return right


if __name__ == '__main__':
    results = [
        accuracy(load_breast_cancer, BINARY, 'binary', {}),
        accuracy(load_digits, MULTI_CLASS, 'multiclass', {'num_class': 10}),
    ]
    if any(focal < 0.93 or focal < plain - 0.03 for focal, plain in results):
        sys.exit('focal loss does worse than it should')
