"""What is generated from the rule book: C, types and tables; `python -m autograd.generate` renews all of it."""
