"""Networks, and what is read off their maps; they know tensors only."""
