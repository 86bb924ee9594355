"""Pure functions on arrays: from steps to a day's load. No storage, no screen, no clock of its own."""
