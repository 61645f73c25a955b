from dataclasses import replace
from xml.etree import ElementTree

from impasto.evaluation import plot
from impasto.evaluation.measure import Row
from impasto.evaluation.report import Report

ROWS = (
    Row("a", "b", "stylize", 1.0, 0.25, 0.5, 1.0),
    Row("a", "b", "stylize", 0.5, 0.2, 0.6, 1.0),
    Row("a", "b", "$folder_{$ & <co>", None, 0.5, 0.1, 0.0),
)
REPORT = Report("vgg19", "0123456789abcdef", 512, ROWS)


def texts(svg):
    return {element.text for element in ElementTree.fromstring(svg).iter() if element.text}


def test_names_engines_and_strengths_as_they_are():
    found = texts(plot.draw(REPORT))
    assert {"stylize 1", "stylize 0.5", "$folder_{$ & <co>", "content distance"} <= found


def test_the_same_figures_give_the_same_plot():
    assert plot.draw(REPORT) == plot.draw(REPORT)


def test_an_earlier_report_is_drawn_too():
    gone = Row("a", "b", "optimize", 1.0, 0.3, 0.3, 9.0)
    before = replace(REPORT, rows=(replace(ROWS[0], style_distance=0.7), gone))
    svg = plot.draw(REPORT, before)
    assert "optimize 1" in texts(svg)
    assert plot.EARLIER in svg
    assert plot.EARLIER not in plot.draw(REPORT)
