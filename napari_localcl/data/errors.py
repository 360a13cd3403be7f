"""The one error that is the user's to mend."""


class BadInput(ValueError):
    """Input that cannot be used; its message is one sentence that names it and says what to do."""
