"""Who says something, as AWS knows them."""


def author_of(arn: str) -> str:
    """The part of a caller's ARN that says who it is: 'user/jane', 'assumed-role/Analyst/jane'."""
    return arn.rpartition(":")[2] or arn
