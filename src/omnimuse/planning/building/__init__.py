"""From an `Intent` to a wired draft of a plan: tools by meaning, typed search, arguments."""
