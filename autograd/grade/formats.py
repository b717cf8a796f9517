"""The verdict as other graders read it: JSON, JUnit's XML, and the results of Gradescope and of GitHub Classroom.

>>> from . import assignment
>>> report = assignment("micrograd", only="relu").graded("autograd:Value")
>>> json.loads(FORMATS["gradescope"](report))["score"]
4

Each function makes the bytes of a file. A class that cannot be graded has a report, too, in which no check was run.
"""

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

from .report import FAILED, MISSING, NOT_RUN, NOTED, RIGHT, Report, Result, percentage

# The version of our own JSON, and that of the results of GitHub Classroom.
OURS, CLASSROOM = 1, 1


def as_json(report: Report) -> bytes:
    """All of the report, for programs; in ASCII, because a terminal may have no other signs."""
    return _json(
        {
            "format": "autograd grade",
            "version": OURS,
            "subject": report.subject,
            "level": report.level,
            "language": report.language,
            "ok": report.ok,
            "error": report.refusal or None,
            "score": _number(report.score),
            "points": _number(report.points),
            "percentage": percentage(report.score, report.points) if report.points else None,
            "mistakes": report.mistakes,
            "notes": report.notes,
            "checks": [_check(result) for result in report.results],
        },
        ascii_only=True,
    )


def _check(result: Result) -> dict[str, Any]:
    wrong = result.status in (FAILED, NOTED)
    came_out, right = result.difference() if wrong else ("", "")
    return {
        "name": result.check.name,
        "title": result.name,
        "status": result.status,
        "score": _number(result.score),
        "points": _number(result.points),
        "program": result.check.program,
        "came_out": came_out or None,
        "right": right or None,
        "mistake": result.mistake or None,
        "follows": result.follows,
        "missing": result.outcome.missing or None,
    }


def junit(report: Report) -> bytes:
    """A test case for each check, as JUnit writes them, by the schema of "Common JUnit XML format" (testmoapp).

    What is missing is skipped; what was not run is an error; what a level only notes has passed, with its text.
    """
    statuses = [result.status for result in report.results]
    counts = {
        "tests": len(statuses),
        "failures": statuses.count(FAILED) + report.complete * statuses.count(MISSING),
        "errors": statuses.count(NOT_RUN),
        "skipped": (not report.complete) * statuses.count(MISSING),
    }
    written = {name: str(count) for name, count in counts.items()}
    suites = ElementTree.Element("testsuites", written)
    suite = ElementTree.SubElement(suites, "testsuite", {"name": report.subject, **written})
    for result in report.results:
        case = ElementTree.SubElement(suite, "testcase", {"classname": report.subject, "name": result.name})
        tag = _junit_tag(result, report.complete)
        if tag == "system-out":
            ElementTree.SubElement(case, tag).text = result.failure
        elif tag:
            message = result.mistake or result.error or str(result)
            ElementTree.SubElement(case, tag, {"message": message.partition("\n")[0]}).text = str(result)
    ElementTree.indent(suites)
    return bytes(ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)) + b"\n"


def _junit_tag(result: Result, complete: bool) -> str:
    tags = {FAILED: "failure", MISSING: "failure" if complete else "skipped", NOT_RUN: "error", NOTED: "system-out"}
    return tags.get(result.status, "")


def gradescope(report: Report) -> bytes:
    """What goes to /autograder/results/results.json, by Gradescope's "Autograder Specifications", Output format."""
    return _json(
        {
            "score": _number(report.score),
            "output": report.refusal or str(report),
            "output_format": "text",
            "visibility": "visible",
            "tests": [
                {
                    "name": result.name,
                    "score": _number(result.score),
                    "max_score": _number(result.points),
                    "status": "passed" if result.status in RIGHT else "failed",
                    "output": _told(result),
                    "output_format": "text",
                    "visibility": "visible",
                }
                for result in report.results
            ],
        }
    )


def classroom(report: Report) -> bytes:
    """The `result` of a grader of GitHub Classroom, which education/autograding-grading-reporter reads.

    It reads it in base64, as from `echo "result=$(base64 -w0 FILE)" >> "$GITHUB_OUTPUT"` in a step of a workflow.
    """
    worst = "pass" if report.ok else "fail"
    return _json(
        {
            "version": CLASSROOM,
            "status": "error" if report.refusal else worst,
            "max_score": _number(report.points),
            "tests": [
                {
                    "name": result.name,
                    "status": _classroom_status(result),
                    "score": _number(result.score),
                    "message": _told(result),
                    "test_code": result.check.program,
                    "filename": report.subject,
                    "line_no": 0,
                    "duration": 0,
                }
                for result in report.results
            ],
        }
    )


def _classroom_status(result: Result) -> str:
    if result.status == NOT_RUN:
        return "error"
    return "pass" if result.status in RIGHT else "fail"


def _told(result: Result) -> str:
    """What a learner reads beside a check; nothing where it passed."""
    if result.status == NOTED:
        return result.failure
    return "" if result.status in RIGHT else str(result)


def _number(points: float) -> float | int:
    """A whole number without its .0."""
    return int(points) if points == int(points) else round(points, 6)


def _json(content: Any, ascii_only: bool = False) -> bytes:
    return (json.dumps(content, ensure_ascii=ascii_only, indent=2) + "\n").encode()


FORMATS: dict[str, Callable[[Report], bytes]] = {
    "json": as_json,
    "junit": junit,
    "gradescope": gradescope,
    "classroom": classroom,
}
