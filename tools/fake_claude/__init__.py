"""A Messages API of this computer: real HTTP, answers from a script. For tests, the demo and measurements."""
