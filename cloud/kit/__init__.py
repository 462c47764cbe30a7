"""Small tools every capability may use: logging, the clock, running a process, errors over HTTP."""
