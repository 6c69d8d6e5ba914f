"""The page of figures: defined, compared, with the deliveries behind them, for planners alone."""


def test_each_figure_says_what_it_was_counted_from(confirmed, desk):
    page = desk.get("/figures/", {"first": "2026-03-01", "last": "2026-03-31"}).content.decode()

    assert "Checked in inside the arrival window" in page
    assert "1 not over yet" in page


def test_a_wrong_period_is_said_beside_its_field(at_acme, desk):
    page = desk.get("/figures/", {"first": "2026-03-31", "last": "2026-03-01"}).content.decode()
    long = desk.get("/figures/", {"first": "2016-03-31", "last": "2026-03-01"}).content.decode()

    assert "Choose a day after the first" in page
    assert "at most a year" in long


def test_the_deliveries_behind_a_figure_are_listed(confirmed, desk):
    period = {"first": "2026-03-01", "last": "2026-03-31"}

    assert "No delivery of the period was otherwise." in desk.get("/figures/otif/", period).content.decode()
    assert desk.get("/figures/dwell/", period).status_code == 404
    assert desk.get("/figures/nonsense/", period).status_code == 404


def test_an_auditor_reads_no_figures(at_acme, auditors_desk):
    assert auditors_desk.get("/figures/").status_code in (302, 403)
