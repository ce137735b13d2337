"""What the service answers, for its description."""

from pydantic import BaseModel, Field


class Score(BaseModel):
    """How likely a customer is to leave."""

    churn_probability: float = Field(ge=0, le=1, description="That the customer leaves")
    decile: int | None = Field(
        ge=1,
        le=10,
        description="Among the customers of the training: 1 is the tenth most at risk",
    )
    reasons: list[str] = Field(description="What raises the risk, strongest first")


class Scores(BaseModel):
    """Scores in the order of the records."""

    scores: list[Score]


class Health(BaseModel):
    """The service answers."""

    status: str


class Fault(BaseModel):
    """Why there is no answer."""

    detail: str


class ProblemNote(BaseModel):
    """One thing that is wrong with a request."""

    loc: list[str | int] = Field(description="Where it is")
    type: str = Field(description="A word for programs")
    msg: str = Field(description="The rule, and the way out")


class Problems(BaseModel):
    """Why a request cannot be answered; at most twenty things are told."""

    detail: list[ProblemNote]
