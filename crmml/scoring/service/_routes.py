"""The paths of the service."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

import crmml
from crmml.scoring.service import _answers as answers
from crmml.scoring.service._body import parse_body, read_body
from crmml.scoring.service._engine import Engine, asks_for_events
from crmml.scoring.service._framework import (
    Depends,
    FastAPI,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Request,
    RequestValidationError,
    Response,
)
from crmml.scoring.service._gate import N_RECORDS
from crmml.scoring.service._metrics import CONTENT_TYPE, Metrics
from crmml.scoring.service._openapi import describe_body, describe_faults
from crmml.scoring.service._refusal import Refusal, name_problem
from crmml.scoring.service._threads import Threads
from crmml.scoring.service._token import TokenCheck

LANGUAGES = ("en", "zh")
_SMALL = 2**16
"""Bytes of a body that is read in the event loop."""


def make_bare_app(title: str, components: dict[str, Any]) -> FastAPI:
    """Make an application that answers nothing yet.

    Parameters
    ----------
    title : str
        What it is called.
    components : dict of str to dict
        Schemas that its description refers to.

    Returns
    -------
    FastAPI
        Without pages of documentation, which would load scripts from elsewhere.
    """
    app = FastAPI(
        title=title,
        version=crmml.__version__,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    describe = app.openapi

    def describe_all() -> dict[str, Any]:
        found = describe()
        found["components"]["schemas"].update(components)
        return found

    app.openapi = describe_all  # type: ignore[method-assign]  # FastAPI's own advice

    @app.exception_handler(Refusal)
    async def refuse(request: Request, error: Refusal) -> Response:
        return JSONResponse({"detail": error.problems}, 422)

    @app.exception_handler(RequestValidationError)
    async def refuse_query(request: Request, error: RequestValidationError) -> Response:
        # FastAPI's own answer repeats what was sent.
        problems = [
            name_problem(tuple(one["loc"]), one["type"], one["msg"])
            for one in error.errors()
        ]
        return JSONResponse({"detail": problems}, 422)

    return app


def add_scores(
    app: FastAPI,
    engine: Engine,
    max_bytes: int,
    *,
    has_events: bool,
    check: TokenCheck | None,
) -> None:
    """Add the paths that score.

    Parameters
    ----------
    app : FastAPI
        Where to.
    engine : Engine
        What scores.
    max_bytes : int
        The longest body.
    has_events : bool
        Whether events can be scored.
    check : TokenCheck or None
        Who may ask; None for everyone.
    """
    threads = Threads()

    async def score(request: Request) -> Response:
        body = await read_body(request, max_bytes)
        is_small = len(body) <= _SMALL
        parsed = parse_body(body) if is_small else await threads.run(parse_body, body)
        if asks_for_events(parsed):
            found = await threads.run(engine.score_events, parsed)
        else:
            found = engine.score_record(parsed)
        request.scope[N_RECORDS] = 1
        return JSONResponse(found)

    async def score_batch(request: Request) -> Response:
        body = await read_body(request, max_bytes)
        found = await threads.run(lambda: engine.score_records(parse_body(body)))
        request.scope[N_RECORDS] = len(found)
        return JSONResponse({"scores": found})

    def add(
        path: str, handler: Callable[..., Any], summary: str, answer: Any, *names: str
    ) -> None:
        faults = describe_faults(401 if check else None, 408, 413, 415, 422, 503)
        app.add_api_route(
            path,
            handler,
            methods=["POST"],
            summary=summary,
            dependencies=_guard(check),
            responses={200: {"model": answer}, **faults},
            openapi_extra=describe_body(*names),
        )

    bodies = ["Record", "Events"] if has_events else ["Record"]
    add("/score", score, "Score one customer", answers.Score, *bodies)
    add("/score/batch", score_batch, "Score customers", answers.Scores, "Records")


def add_pages(
    app: FastAPI,
    metrics: Metrics,
    cards: Mapping[str, HTMLResponse],
    language: str,
    *,
    check: TokenCheck | None,
) -> None:
    """Add the paths that only tell.

    Parameters
    ----------
    app : FastAPI
        Where to.
    metrics : Metrics
        What was counted.
    cards : mapping of str to HTMLResponse
        The model card by language.
    language : {"en", "zh"}
        Which of them to show unless asked otherwise.
    check : TokenCheck or None
        Who may ask; whether the service lives may be asked by everyone.
    """

    async def health() -> answers.Health:
        return answers.Health(status="ok")

    async def show_metrics() -> Response:
        return PlainTextResponse(metrics.render(), media_type=CONTENT_TYPE)

    async def show_card(language: Literal["en", "zh"] = language) -> Response:  # type: ignore[assignment]  # checked
        return cards[language]

    async def show_description() -> Response:
        return JSONResponse(app.openapi())

    def add(
        path: str, handler: Callable[..., Any], summary: str, **settings: Any
    ) -> None:
        faults = describe_faults(401 if check else None, settings.pop("fault", None))
        app.add_api_route(
            path,
            handler,
            summary=summary,
            dependencies=_guard(check),
            responses=faults,
            **settings,
        )

    app.add_api_route("/health", health, summary="Whether the service answers")
    add("/metrics", show_metrics, "Counts", response_class=PlainTextResponse)
    card = "What the model is good for, for people"
    add("/model-card", show_card, card, response_class=HTMLResponse, fault=422)
    add("/openapi.json", show_description, "This description")


def _guard(check: TokenCheck | None) -> list[Any]:
    return [] if check is None else [Depends(check)]
