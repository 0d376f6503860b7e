"""A sample plugin of Omnimuse: the colours of a picture."""
