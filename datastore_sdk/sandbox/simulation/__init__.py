"""The simulated field: pure functions of a seed and of time, without any HTTP."""
