"""The report for a physiotherapist: one to three pages of PDF on a period of one runner."""
