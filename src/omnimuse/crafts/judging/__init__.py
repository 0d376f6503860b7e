"""The judge of pictures: questions from the prompt, answered from pixels; and repair."""
