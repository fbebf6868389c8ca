// The kinds of problem that losses are for, in the order of a course: the guide follows it.

/** What one has, and what to look at when choosing. */
export interface Task {
  readonly name: string
  /** What the targets are, and what tells the losses of this task apart. */
  readonly about: string
}

export const tasks: readonly Task[] = [
  {
    name: 'regression',
    about: 'The target is a number. Begin with mse; its minimum is the mean of the targets. Take ' +
      'another one when errors are relative, counts, quantiles, or come with a variance.'
  },
  {
    name: 'regression with outliers',
    about: 'Some targets are far off, and a squared error would follow them. These losses grow ' +
      'more slowly: the minimum of l1 is the median, huber and smooth-l1 are smooth near zero, ' +
      'others stop growing at all.'
  },
  {
    name: 'binary classification',
    about: 'The target is yes or no, or a probability. Begin with bce-with-logits on raw scores; ' +
      'bce is for probabilities. Others change the weight of easy examples, or want a margin.'
  },
  {
    name: 'multi-class classification',
    about: 'One of C classes is right. Begin with cross-entropy on raw scores; nll takes ' +
      'log-probabilities. Others bear wrong labels, or look only at the margin.'
  },
  {
    name: 'multi-label classification',
    about: 'Any number of C classes is right at once: a yes or no for each class.'
  },
  {
    name: 'distributions',
    about: 'The target is a distribution, not one class: a teacher’s output, or soft labels.'
  },
  {
    name: 'ranking',
    about: 'Only the order matters: of two scores, or of a whole list.'
  },
  {
    name: 'embeddings',
    about: 'The model gives vectors; what belongs together shall be near, all else far.'
  },
  {
    name: 'sequences',
    about: 'The output is a sequence: tokens one by one, or an alignment that nobody labelled.'
  },
  {
    name: 'segmentation',
    about: 'A class or a yes/no for every pixel; these losses measure the overlap of whole areas ' +
      'and stay fair where the foreground is small. They are often added to a cross-entropy.'
  },
  {
    name: 'boxes',
    about: 'The output is a rectangle; its overlap with the right one counts.'
  },
  {
    name: 'preferences',
    about: 'A policy learns from rewards, or from answers of which one was preferred.'
  }
]
