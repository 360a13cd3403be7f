"""What one does with an encoder: each task is a generator of Progress that ends in a result."""
