"""A model drawn as the network that it is: a circle for each neuron, in columns, with a line for each weight.

What a model is as a network is found in what its `forward` computes (`model`); that gets a layout of its own, which
places numbers on lines, and both become SVG, a drawing, and a page to step through.
"""
