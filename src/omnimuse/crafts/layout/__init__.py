"""From a prompt to a layout: what is to be seen (parse), and where (place). JSON: `schema`."""
