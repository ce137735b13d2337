"""The page in a browser: its script may run, and sorts tables."""

import re
import shutil
import subprocess

import pandas as pd
import pytest

from crmml.reporting import HtmlPage

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="chromium is not installed")
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--dump-dom")


def open_page(text, folder):
    """Return the page as the browser sees it when its scripts have run."""
    path = folder / "page.html"
    path.write_text(text, encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    done = subprocess.run(
        [BROWSER, *OPTIONS, profile, path.as_uri()],
        check=True,
        capture_output=True,
        timeout=120,
    )
    return done.stdout.decode("utf-8")


@pytest.fixture
def page():
    page = HtmlPage("Sorted")
    table = pd.DataFrame(
        {
            "name": ["b", "a", "ä", "c"],
            "n": [10.0, 9.0, None, 100.0],
            "interval": ["10% – 20%", "5% – 9%", "100% – 100%", "9% – 12%"],
        }
    )
    page.add_table(table)
    return page


def test_the_policy_lets_the_pages_own_script_run_and_no_other(page, tmp_path):
    evil = '<script>document.title = "evil"</script></body>'
    seen = open_page(page.to_html().replace("</body>", evil), tmp_path)
    assert "<title>Sorted</title>" in seen
    assert seen.count('<button type="button">') == 3


@pytest.mark.parametrize(
    ("column", "n_clicks", "order", "state"),
    [
        (0, 1, ["a", "ä", "b", "c"], "ascending"),
        (1, 1, ["a", "b", "c", "ä"], "ascending"),
        (2, 1, ["a", "c", "b", "ä"], "ascending"),
        (1, 2, ["c", "b", "a", "ä"], "descending"),
    ],
)
def test_a_click_on_a_heading_sorts_and_missing_comes_last(
    page, tmp_path, column, n_clicks, order, state
):
    click = f'document.querySelectorAll("thead button")[{column}].click();' * n_clicks
    text = re.sub(r'<meta http-equiv="Content-Security-Policy".*?>', "", page.to_html())
    text = text.replace("</body>", f"<script>{click}</script></body>")
    seen = open_page(text, tmp_path)
    assert re.findall(r'<th scope="row"[^>]*>(.*?)</th>', seen) == order
    assert re.findall(r'<th scope="col"[^>]*aria-sort="(.*?)"', seen) == [state]
