"""The whole of Foliot as real processes on loopback: what `make up` and the tests start."""
