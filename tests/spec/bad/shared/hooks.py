"""A hook that is content."""


def right(captures, at):
    return None


def lonely(captures):
    return None
