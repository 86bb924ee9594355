"""All that is a runner's, to take along: docs/export.md says what stands in it."""
