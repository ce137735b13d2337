"""Score in this process, one block of customers after another."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa

from crmml.exceptions import NotEnoughHistoryError
from crmml.scoring._sources import list_files, watch_paths
from crmml.scoring._spool import Spool, finish
from crmml.scoring._summary import list_findings, list_unknown
from crmml.scoring._write import to_arrow
from crmml.tables import CustomerTables
from crmml.tables._spine import build_spine


@dataclass
class Block:
    """What is known of a block of customers."""

    n_known: int
    rows: pa.Table | None = None
    unknown: pd.DataFrame | None = None


def score_here(
    pipeline: Any,
    tables: CustomerTables,
    cutoff: Any,
    options: dict[str, Any],
    target: Any,
    quality: bool,
) -> dict[str, Any]:
    """Score the customers of a cutoff, in memory that a block takes.

    Parameters
    ----------
    pipeline : ChurnPipeline or SegmentationPipeline
        A fitted one.
    tables : CustomerTables
        The data.
    cutoff : str or datetime
        The instant we pretend it is.
    options : dict of str to object
        What the pipeline's ``_predict_rows`` takes.
    target : FileTarget or DatabaseTarget
        Where scores go.
    quality : bool
        Whether to look for what is wrong in the tables.

    Returns
    -------
    dict of str to object
        ``customers``, ``unknown``, ``out`` and ``quality`` of the manifest.
    """
    n_known, n_scored, unknown = 0, 0, []
    with Spool(target.spool_folder) as spool:
        with watch_paths(list_files(tables)):
            for block in _score_blocks(pipeline, tables, cutoff, options):
                n_known += block.n_known
                if block.rows is not None:
                    spool.add(block.rows)
                    n_scored += block.rows.num_rows
                if block.unknown is not None:
                    unknown.append(block.unknown)
            findings = list_findings(tables.quality()) if quality else None
        columns = finish(spool, target.open)
    return {
        "customers": {
            "known": n_known,
            "scored": n_scored,
            "not_active": n_known - n_scored,
        },
        "unknown": list_unknown(unknown),
        "out": target.describe(n_scored, columns),
        "quality": findings,
    }


def _score_blocks(
    pipeline: Any, tables: CustomerTables, cutoff: Any, options: dict[str, Any]
) -> Iterator[Block]:
    """Yield the scores of each block, if any, and how many customers are in it."""
    is_empty = True
    with closing(pipeline.features_.split(tables, cutoff)) as blocks:
        for block in blocks:
            n_known = 0
            try:
                n_known = len(build_spine(block, cutoff).cutoff)
                ids, X = pipeline._describe(block, cutoff)
            except NotEnoughHistoryError:
                # Nobody of this block is there, or is active.
                yield Block(n_known)
                continue
            rows = to_arrow(pipeline._predict_rows(ids, X, **options))
            yield Block(n_known, rows, count_unknown(pipeline, X))
            is_empty = False
    if is_empty:
        yield Block(0, score_nobody(pipeline, tables, cutoff, options))


def count_unknown(pipeline: Any, X: pd.DataFrame) -> pd.DataFrame | None:
    """Count values that the model did not learn, where it is one that can tell."""
    count = getattr(getattr(pipeline, "classifier_", None), "count_unknown", None)
    return None if count is None else count(X)


def score_nobody(
    pipeline: Any, tables: CustomerTables, cutoff: Any, options: dict[str, Any]
) -> pa.Table:
    """Return the columns of scores, without a row.

    Raises
    ------
    NotEnoughHistoryError
        If the data do not reach around the cutoff.
    """
    ids, X = pipeline._describe(tables, cutoff, [])
    return to_arrow(pipeline._predict_rows(ids, X, **options))
