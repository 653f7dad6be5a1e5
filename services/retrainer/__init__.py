"""The retrainer: stores samples and requests, and rebuilds the student when there is enough new."""
