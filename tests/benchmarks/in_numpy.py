"""The task that is written by hand for arrays."""

import gpt
import numpy_gpt
import tasks


class GPTTraining(tasks.Task):
    def __init__(self, name="matthew"):
        self.tokens = gpt.tokens(name)

    def begin(self):
        self.model = numpy_gpt.GPT()
        self.optimizer = numpy_gpt.Adam(self.model, lr=tasks.RATE)

    def step(self):
        self.value = self.model.loss(self.tokens)
        self.optimizer.step()

    def numbers(self):
        return self.model.data.tolist()
