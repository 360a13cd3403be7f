"""What an image is: reading it, listing a folder, annotations, and images prepared for learning."""
