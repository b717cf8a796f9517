"""Which of these files are read when tests are collected."""

# They import packages of which each is in an environment of its own.
collect_ignore_glob = ["in_*.py"]
