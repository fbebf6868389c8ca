// SGD: down the slope, with a velocity that remembers earlier slopes if there is momentum.

import type { Optimizer } from './optimizer.ts'

export const sgd: Optimizer = {
  type: 'SGD',
  summary: 'Stochastic gradient descent with momentum, weight decay and Nesterov’s variant',
  choose: 'The one to begin with; a momentum of 0.9 makes it several times faster.',
  source: 'torch.optim.SGD; Sutskever et al. 2013',
  formula: `
    parameter:    state real[...]
    gradient:     real[...]
    velocity:     state real[...]
    step:         number
    lr:           number >= 0 = 0.001
    momentum:     number >= 0 = 0
    dampening:    number = 0
    weight_decay: number >= 0 = 0
    nesterov:     boolean = false
    maximize:     boolean = false

    slope = (maximize ? -gradient : gradient) + weight_decay * parameter
    // The first velocity is the slope itself: neither momentum nor dampening touch it.
    velocity = momentum == 0 ? velocity
      : step == 1 ? slope : momentum * velocity + (1 - dampening) * slope
    direction = momentum == 0 ? slope : nesterov ? slope + momentum * velocity : velocity
    parameter = parameter - lr * direction`,
  refuse: [
    ['nesterov && (momentum == 0 || dampening != 0)',
      'Nesterov momentum requires a momentum and zero dampening']
  ]
}
