"""Judge an assignment before any student sees it."""
