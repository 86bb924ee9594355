"""The one base of all errors that a user can meet: its text is a sentence for a person."""


class StrideloadError(Exception):
    """Something that the user can understand and mend; the command line prints it and exits with 1."""
